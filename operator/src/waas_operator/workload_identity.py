"""Credentials of the store from the identity that a cloud gives the pod: there is no password."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import floor
from threading import Lock

import urllib3
from minio.credentials.credentials import Credentials
from minio.credentials.providers import IamAwsProvider, Provider

from waas_operator.errors import StorageUnavailable

_TIMEOUT = urllib3.Timeout(connect=2, read=10)
_FOR_EVER = timedelta(days=36_500)
_PAUSE = timedelta(seconds=30)
"""Between two tries while the credentials that are there still hold."""


class WorkloadIdentity(Provider):
    """Keeps credentials whose end is far away, for a URL ends with those that it was signed by."""

    def __init__(
        self,
        fetch: Callable[[], Credentials],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take what fetches credentials; it may block."""
        self._fetch = fetch
        self._now = now
        self._held: Credentials | None = None
        self._renewal_time = now()
        self._lock = Lock()

    def retrieve(self) -> Credentials:
        """Return credentials that hold; new ones once half of the life of the old ones is over.

        Raises StorageUnavailable.
        """
        with self._lock:
            now = self._now()
            if self._held is None or now >= self._renewal_time:
                self._renew(now)
            assert self._held is not None
            return self._held

    def _renew(self, now: datetime) -> None:
        try:
            self._held = self._fetch()
        except Exception as error:
            self._renewal_time = now + _PAUSE
            if self._held is None or _measure_life(self._held, now) <= timedelta():
                self._held = None
                # Not the error itself, whose text may hold the token.
                raise StorageUnavailable(
                    f"there are no credentials of this pod's identity: {type(error).__name__}"
                ) from None
        else:
            # A machine hands out the same ones until shortly before their end.
            self._renewal_time = now + max(_measure_life(self._held, now) / 2, _PAUSE)

    def peek(self) -> Credentials:
        """Return those that are held; asks nobody but where there are none yet."""
        return self._held or self.retrieve()

    def measure_life(self) -> timedelta:
        """Return how long those that are held will hold."""
        return _measure_life(self.peek(), self._now())


class HeldCredentials(Provider):
    """Signs by what an identity holds: signing asks nobody."""

    def __init__(self, identity: WorkloadIdentity) -> None:
        """Take the identity, which others keep from growing old."""
        self._identity = identity

    def retrieve(self) -> Credentials:
        """Return the credentials that are held."""
        return self._identity.peek()


def _measure_life(credentials: Credentials, now: datetime) -> timedelta:
    if credentials.expiration is None:
        return _FOR_EVER
    # The library writes moments of UTC without saying so; a URL's life is in whole seconds.
    seconds = (credentials.expiration.replace(tzinfo=UTC) - now).total_seconds()
    return timedelta(seconds=max(floor(seconds), 0))


def fetch_by_variables(token_service: str | None, region: str) -> Credentials:
    """Ask as AWS's variables say: by a token's file, or EKS or ECS, or else the machine."""
    provider = IamAwsProvider(
        custom_endpoint=token_service,
        region=region,
        # Another try would write the token, which is in the URL, into urllib3's log.
        http_client=urllib3.PoolManager(timeout=_TIMEOUT, retries=False),
    )
    return provider.retrieve()
