"""Who sends a request, and what they may do. Every route goes by it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Permission(StrEnum):
    """What a caller may do with the jobs of a tenant."""

    READ = "read"
    CREATE = "create"
    CHANGE = "change"
    """Cancel, suspend, resume, retry, edit."""

    DELETE = "delete"
    MANAGE = "manage"
    """Do all of it with the jobs of others, too."""


@dataclass(frozen=True)
class SharedJob:
    """The one job that a link shows."""

    name: str
    creation_time: datetime | None
    """Tells it from a later job of the same name."""


@dataclass(frozen=True)
class Caller:
    """One who was let in."""

    namespace: str
    """The tenant."""

    owner: str | None
    """Who it is within the tenant; None where nobody logs in."""

    permissions: frozenset[Permission]

    shared: SharedJob | None = None
    """The job whose link was followed; whoever has one sees nothing else."""

    def may_see(self, owner: str | None) -> bool:
        """Tell whether a job of that owner is any of the caller's business."""
        if self.shared is not None:
            return False
        return owner == self.owner or Permission.MANAGE in self.permissions

    def was_shown(self, name: str, creation_time: datetime | None) -> bool:
        """Tell whether somebody gave the caller a link to this very job."""
        return self.shared == SharedJob(name, creation_time)


class Authenticator(Protocol):
    """Finds out who sends a request."""

    async def authenticate(self, headers: Mapping[str, str], /) -> Caller:
        """Return the caller by the request's headers, whose names are in lower case.

        Raises:
            Unauthenticated: nobody is known by these headers.
            AuthenticationUnavailable: whoever knows cannot be asked just now.
        """
        ...


class Anonymous:
    """Lets everybody in as the same caller: for loopback, or behind a login of another's."""

    def __init__(self, namespace: str) -> None:
        self._caller = Caller(namespace, owner=None, permissions=frozenset(Permission))

    async def authenticate(self, _: Mapping[str, str], /) -> Caller:
        """Return the one caller."""
        return self._caller
