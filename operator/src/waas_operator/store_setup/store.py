"""The only code that makes buckets, their rules and MinIO's users."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.commonconfig import ENABLED, Filter
from minio.credentials.providers import StaticProvider
from minio.error import MinioAdminException, MinioException, S3Error
from minio.lifecycleconfig import AbortIncompleteMultipartUpload, LifecycleConfig, Rule
from minio.minioadmin import MinioAdmin

from waas_operator.store_setup.errors import SetupRefused, StoreUnreachable
from waas_operator.store_setup.settings import Settings

RULE_ID = "waas-drop-unfinished-uploads"
_MADE_BY_ANOTHER = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")
_PAUSE_SECONDS = 2.0
# Of stores that know no such rule.
_UNKNOWN_RULE = ("InvalidArgument", "InvalidRequest", "MalformedXML", "NotImplemented")
_TIMEOUT = urllib3.Timeout(connect=5, read=30)


class Store:
    """A store, as its administrator sees it."""

    def __init__(self, settings: Settings, *, wait: Callable[[float], None] = time.sleep) -> None:
        """Take the settings; nothing is asked of the store yet."""
        address = urlsplit(settings.s3_endpoint)
        is_secure = address.scheme == "https"
        password = settings.s3_admin_secret_key.get_secret_value()
        pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=False)
        self._wait = wait
        self._client = Minio(
            endpoint=address.netloc,
            access_key=settings.s3_admin_access_key,
            secret_key=password,
            secure=is_secure,
            region=settings.s3_region,
            http_client=pool,
        )
        self._admin = MinioAdmin(
            endpoint=address.netloc,
            credentials=StaticProvider(settings.s3_admin_access_key, password),
            region=settings.s3_region,
            secure=is_secure,
            http_client=pool,
        )

    def make_bucket(self, name: str, *, until: float) -> bool:
        """Makes a bucket unless it is there; waits `until` then, by `time.monotonic`.

        Returns whether it made one. Raises StoreUnreachable, SetupRefused.
        """
        while True:
            try:
                return self._make_bucket(name)
            except S3Error as error:
                if not _is_passing(error):
                    raise SetupRefused(f"the bucket {name} cannot be made: {error.code}") from error
                reason: Exception = error
            except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
                reason = error
            if time.monotonic() >= until:
                raise StoreUnreachable(
                    f"the store does not answer: {type(reason).__name__}"
                ) from reason
            self._wait(_PAUSE_SECONDS)

    def _make_bucket(self, name: str) -> bool:
        if self._client.bucket_exists(name):
            return False
        try:
            self._client.make_bucket(name)
        except S3Error as error:
            if error.code in _MADE_BY_ANOTHER:
                return False
            raise
        return True

    def make_user(self, access_key: str, secret_key: str, policy: dict[str, Any]) -> None:
        """Gives a MinIO's user this password and no rights but these; raises SetupRefused."""
        name = f"waas-{access_key}"
        try:
            self._admin.user_add(access_key, secret_key)
            self._admin.policy_add(name, policy=policy)
            self._admin.policy_set(name, user=access_key)
        except MinioAdminException as error:
            raise SetupRefused(f"the user {access_key} cannot be made: {error}") from error
        except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
            raise StoreUnreachable(f"the store went away: {type(error).__name__}") from error

    def drop_unfinished_uploads(self, bucket: str, after_days: int) -> bool:
        """Puts a rule beside those of the bucket; returns False where the store knows none such.

        Raises StoreUnreachable, SetupRefused.
        """
        own = Rule(
            ENABLED,
            rule_filter=Filter(prefix=""),
            rule_id=RULE_ID,
            abort_incomplete_multipart_upload=AbortIncompleteMultipartUpload(after_days),
        )
        try:
            there = self._client.get_bucket_lifecycle(bucket)
            others = [each for each in there.rules if each.rule_id != RULE_ID] if there else []
            self._client.set_bucket_lifecycle(bucket, LifecycleConfig([*others, own]))
        except S3Error as error:
            if error.code in _UNKNOWN_RULE:
                return False
            raise SetupRefused(
                f"the bucket {bucket} cannot be given a rule: {error.code}"
            ) from error
        except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
            raise StoreUnreachable(f"the store went away: {type(error).__name__}") from error
        return True


def _is_passing(error: S3Error) -> bool:
    """Tells whether a store says so that is just starting, or has too much to do."""
    return error.response.status >= 500 or error.code in ("SlowDown", "XMinioServerNotInitialized")
