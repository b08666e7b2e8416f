"""The operator's only S3 code: signs URLs, reads what a job wrote about itself, clears up."""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from io import BytesIO
from typing import Literal, Self
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.credentials.providers import Provider, StaticProvider
from minio.deleteobjects import DeleteObject
from minio.error import MinioException, S3Error

from waas_contract.manifest import LARGEST_NOTE_BYTES
from waas_contract.object_keys import require_whole_prefix
from waas_operator.errors import StorageUnavailable
from waas_operator.settings import Settings
from waas_operator.workload_identity import HeldCredentials, WorkloadIdentity, fetch_by_variables

_TIMEOUT = urllib3.Timeout(connect=5, read=15)
_CONNECTIONS = 32
_REMOVERS = 2


class MinioObjectStorage:
    """An ObjectStorage behind any S3 server."""

    def __init__(
        self,
        reader: Minio,
        signer: Minio,
        bucket: str,
        url_lifetime: timedelta,
        identity: WorkloadIdentity | None = None,
    ) -> None:
        """Take one client for each address of the store: the operator's and the pods'.

        The identity is the one that they sign by, unless they do by a storage user.
        """
        self._reader = reader
        self._signer = signer
        self._bucket = bucket
        self._url_lifetime = url_lifetime
        self._identity = identity
        self.guard: Callable[[], None] = lambda: None
        """Raises where this process may no longer write."""

        self.note_request: Callable[[str, str], None] = lambda *_: None
        """Is told of each request's operation and outcome."""

        # Of their own: what reads for live work never waits for a thread that removes.
        self._removers = ThreadPoolExecutor(_REMOVERS, thread_name_prefix="remove")

    @classmethod
    def connect(cls, settings: Settings) -> Self:
        """Build the clients; nothing is asked of the store yet."""
        for_jobs = settings.s3_endpoint_for_jobs or settings.s3_endpoint
        reads_as: Provider
        signs_as: Provider
        if settings.storage_user is None:
            fetch = partial(fetch_by_variables, settings.s3_token_service, settings.s3_region)
            identity = WorkloadIdentity(fetch)
            reads_as, signs_as = identity, HeldCredentials(identity)
        else:
            identity = None
            reads_as = signs_as = StaticProvider(*settings.storage_user)
        return cls(
            reader=_build_client(settings, settings.s3_endpoint, reads_as),
            signer=_build_client(settings, for_jobs, signs_as),
            bucket=settings.s3_bucket,
            url_lifetime=timedelta(seconds=settings.url_lifetime_seconds),
            identity=identity,
        )

    async def read_note(self, key: str) -> bytes | None:
        """Return a small object whole, or None where there is none."""
        with self._noted("read"):
            return await asyncio.to_thread(self._read_note, key)

    @contextmanager
    def _noted(self, operation: str) -> Iterator[None]:
        outcome = "error"
        try:
            yield
            outcome = "ok"
        finally:
            self.note_request(operation, outcome)

    def _read_note(self, key: str) -> bytes | None:
        try:
            response = self._reader.get_object(self._bucket, key, length=LARGEST_NOTE_BYTES)
            try:
                return response.read()
            finally:
                response.close()
                response.release_conn()
        except S3Error as error:
            if error.code in ("NoSuchKey", "NoSuchObject"):
                return None
            raise StorageUnavailable(f"reading {key}: {error.code}") from error
        except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
            raise StorageUnavailable(f"reading {key}: {type(error).__name__}") from error

    async def write_note(self, key: str, content: bytes) -> None:
        """Create or replace a small object."""
        self.guard()
        with self._noted("write"):
            await asyncio.to_thread(self._write_note, key, content)

    def _write_note(self, key: str, content: bytes) -> None:
        try:
            self._reader.put_object(
                self._bucket, key, BytesIO(content), len(content), content_type="application/json"
            )
        except S3Error as error:
            raise StorageUnavailable(f"writing {key}: {error.code}") from error
        except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
            raise StorageUnavailable(f"writing {key}: {type(error).__name__}") from error

    async def list_below(self, prefix: str) -> list[str]:
        """Return the keys right below a prefix that ends with "/", and the prefixes there."""
        require_whole_prefix(prefix)
        with self._noted("list"):
            return await asyncio.to_thread(self._list_below, prefix)

    def _list_below(self, prefix: str) -> list[str]:
        try:
            found = self._reader.list_objects(self._bucket, prefix=prefix)
            return [each.object_name for each in found if each.object_name]
        except S3Error as error:
            raise StorageUnavailable(f"listing {prefix}: {error.code}") from error
        except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
            raise StorageUnavailable(f"listing {prefix}: {type(error).__name__}") from error

    async def discard_all(self, prefix: str, *, until: float) -> None:
        """Remove every object below a prefix that ends with "/"; nothing there is fine.

        Raises StorageUnavailable where it is not ready `until` then, by `time.monotonic`.
        """
        require_whole_prefix(prefix)
        self.guard()
        loop = asyncio.get_running_loop()
        with self._noted("discard"):
            await loop.run_in_executor(self._removers, self._discard_all, prefix, until)

    def _discard_all(self, prefix: str, until: float) -> None:
        try:
            keys = self._list_in_time(prefix, until)
            # Every batch has to be asked for, hence a list: it holds what could not be removed.
            refusals = list(self._reader.remove_objects(self._bucket, keys))
        except S3Error as error:
            raise StorageUnavailable(f"removing {prefix}: {error.code}") from error
        except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
            raise StorageUnavailable(f"removing {prefix}: {type(error).__name__}") from error
        if refusals:
            raise StorageUnavailable(
                f"removing {prefix}: {len(refusals)} objects stayed: {refusals[0].code}"
            )

    def _list_in_time(self, prefix: str, until: float) -> Iterator[DeleteObject]:
        """Go through the objects below a prefix; they are removed while it is gone through."""
        for each in self._reader.list_objects(self._bucket, prefix=prefix, recursive=True):
            if time.monotonic() >= until:
                raise StorageUnavailable(f"removing {prefix}: it took too long")
            if each.object_name:
                yield DeleteObject(each.object_name)
        if time.monotonic() >= until:
            raise StorageUnavailable(f"removing {prefix}: it took too long")

    async def measure_url_lifetime(self) -> timedelta:
        """Return how long URLs live that are signed now; raises StorageUnavailable."""
        if self._identity is None:
            return self._url_lifetime
        await asyncio.to_thread(self._identity.retrieve)
        return self._find_url_lifetime()

    def sign(self, method: Literal["GET", "PUT"], bucket: str | None, key: str) -> str:
        """Return a presigned URL for a pod; asks nobody, once the lifetime was measured."""
        return self._signer.get_presigned_url(
            method, bucket or self._bucket, key, expires=self._find_url_lifetime()
        )

    def _find_url_lifetime(self) -> timedelta:
        if self._identity is None:
            return self._url_lifetime
        return max(min(self._url_lifetime, self._identity.measure_life()), timedelta(seconds=1))


def _build_client(settings: Settings, endpoint: str, credentials: Provider) -> Minio:
    address = urlsplit(endpoint)
    return Minio(
        endpoint=address.netloc,
        credentials=credentials,
        secure=address.scheme == "https",
        # A known region spares the client a question to the store before the first signature.
        region=settings.s3_region,
        http_client=urllib3.PoolManager(
            timeout=_TIMEOUT,
            maxsize=_CONNECTIONS,
            retries=urllib3.Retry(total=1, backoff_factor=0.2),
        ),
    )
