"""The caller is not let in, or not served any more."""

from waas_api.errors.base import ApiError


class AccessError(ApiError):
    """The caller is not let in, or not so far."""


class Unauthenticated(AccessError):
    """Nobody is known by the credentials that came, or none came."""


class Forbidden(AccessError):
    """The caller is known, and may not do that."""


class InvalidLink(Forbidden):
    """The link was not made here, or has expired."""


class LinksOff(Forbidden):
    """The administrator has set no secret by which links could be signed."""


class LimitReached(AccessError):
    """The caller, or the whole tenant, has as much as the administrator allows."""

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class AuthenticationUnavailable(AccessError):
    """Whoever knows the callers cannot be asked just now."""


class ClientLeft(ApiError):
    """The client closed its connection, so that nobody reads the answer."""


class TooManyStreams(ApiError):
    """So many clients listen to events that no other can."""
