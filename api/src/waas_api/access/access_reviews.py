"""What the api asks of Kubernetes about people: whose token it is, and what they may do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class User:
    """Somebody as an API server knows them."""

    name: str
    uid: str = ""
    groups: Sequence[str] = ()
    extra: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Facts of the login that an authorizer may go by."""


class AccessReviews(Protocol):
    """Asks an API server; raises ClusterUnavailable or ClusterRefused where it gives no answer."""

    async def identify(self, token: str, audiences: Sequence[str]) -> User | None:
        """Return whose token it is, None if nobody's, or not meant for any of the audiences."""
        ...

    async def may(self, user: User, verb: str, namespace: str) -> bool:
        """Tell whether somebody may do that with the TranscriptionJobs of a namespace."""
        ...
