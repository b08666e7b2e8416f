"""Object storage does not do what was asked."""

from waas_api.errors.base import ApiError


class StorageError(ApiError):
    """Object storage did not do what was asked."""


class StorageUnavailable(StorageError):
    """Object storage cannot be reached or does not work just now."""


class StorageFull(StorageUnavailable):
    """There is no room for another object until somebody makes some."""


class ObjectNotFound(StorageError):
    """There is no object under that key."""


class ObjectExists(StorageError):
    """There is an object under that key already."""


class ObjectTooLarge(StorageError):
    """The object is larger than what the api is willing to hold in memory."""
