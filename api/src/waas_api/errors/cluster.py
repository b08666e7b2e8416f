"""The API server does not do what was asked."""

from waas_api.errors.base import ApiError


class ClusterError(ApiError):
    """The API server did not do what was asked."""


class ClusterUnavailable(ClusterError):
    """The API server cannot be reached or does not work just now."""

    def __init__(self, message: str, *, may_have_happened: bool = False) -> None:
        super().__init__(message)
        self.may_have_happened = may_have_happened
        """Whether the request could have been carried out all the same."""


class JobChanged(ClusterUnavailable):
    """A TranscriptionJob is not any more as it was read."""


class RecordsFull(ClusterUnavailable):
    """There is no room for another record until somebody makes some."""


class ClusterRefused(ClusterError):
    """The API server said no, for good."""

    def __init__(self, message: str, *, is_request_invalid: bool) -> None:
        super().__init__(message)
        self.is_request_invalid = is_request_invalid
        """Whether the client can mend it; if not, an administrator has to."""


class HistoryGone(ClusterError):
    """What has changed since a resourceVersion cannot be told: list anew."""


class CreationUnknown(ClusterError):
    """A TranscriptionJob may have been made or not, and nobody could say."""


class NameTaken(ClusterError):
    """There is a TranscriptionJob of that name already."""
