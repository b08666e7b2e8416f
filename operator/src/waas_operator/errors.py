"""The operator's errors.

OperatorError
|-- ClusterUnavailable    Kubernetes could not be asked; try again later
|-- Conflict              somebody wrote the object in between; look again
|-- DeliveryFailed        somebody could not be told of a job's end
|-- LeadershipLost        another operator may act by now, so this one must not
|-- NamespaceAppeared     only a new process watches a namespace that was not there at its start
|-- Refused               Kubernetes refuses what was asked for; trying again will not help
|-- Unreadable            an object does not have the form that was agreed on
`-- StorageUnavailable    the object store could not be asked; try again later
"""


class OperatorError(Exception):
    """Anything that went wrong outside the operator's own logic."""


class ClusterUnavailable(OperatorError):
    """Kubernetes could not be asked; try again later."""


class Conflict(OperatorError):
    """Somebody wrote the object in between; look again and decide anew."""


class DeliveryFailed(OperatorError):
    """Somebody could not be told; the text is fit for the status, without secrets and addresses."""

    def __init__(self, message: str, *, is_permanent: bool = False) -> None:
        """Take the reason, and whether another attempt would fail as this one did."""
        super().__init__(message)
        self.is_permanent = is_permanent


class LeadershipLost(OperatorError):
    """Another operator may act by now, so this one must not."""


class NamespaceAppeared(OperatorError):
    """Only a new process watches a namespace that could not be served at its start."""


class Refused(OperatorError):
    """Kubernetes refuses what was asked for, for example by quota or admission."""

    next_look_seconds: float | None = None
    """When something is due all the same, at the latest."""


class Unreadable(OperatorError):
    """An object does not have the form that was agreed on; somebody has to look at it."""


class StorageUnavailable(OperatorError):
    """The object store could not be asked; try again later."""
