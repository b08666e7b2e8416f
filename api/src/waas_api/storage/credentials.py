"""By whose credentials requests are signed: a storage user's, or those of the pod's identity."""

from threading import Lock

import urllib3
from minio.credentials.credentials import Credentials
from minio.credentials.providers import IamAwsProvider, Provider, StaticProvider

from waas_api.errors import StorageUnavailable
from waas_contract.store_credentials import StoreCredentials

_TIMEOUT = urllib3.Timeout(connect=2, read=10)


def find_credentials(settings: StoreCredentials, region: str) -> Provider:
    """Return whom the settings name; nobody is asked yet."""
    if settings.storage_user is not None:
        return StaticProvider(*settings.storage_user)
    return WorkloadIdentity(settings.s3_token_service, region)


class WorkloadIdentity(Provider):
    """Fetches credentials as AWS's variables say, and new ones before they end.

    A token's file is exchanged at the token service; else EKS or ECS is asked, else the machine.
    """

    def __init__(self, token_service: str | None, region: str) -> None:
        """Take the token service's URL; None: AWS's own."""
        self._provider = IamAwsProvider(
            custom_endpoint=token_service,
            region=region,
            # Another try would write the token, which is in the URL, into urllib3's log.
            http_client=urllib3.PoolManager(timeout=_TIMEOUT, retries=False),
        )
        self._lock = Lock()

    def retrieve(self) -> Credentials:
        """Return credentials that hold for now; one thread fetches for all."""
        with self._lock:
            try:
                return self._provider.retrieve()
            except Exception as error:
                # Not the error itself, whose text may hold the token.
                raise StorageUnavailable(
                    f"there are no credentials of this pod's identity: {type(error).__name__}"
                ) from None
