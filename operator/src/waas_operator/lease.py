"""Decides who may act, from a Lease and a clock. Pure.

The rules are those of Kubernetes' own leader election (client-go): nobody trusts another machine's
clock, so a Lease counts as over when it has not changed for its duration on one's own; and a holder
gives up well before that when it cannot renew it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any


@dataclass(frozen=True)
class LeaseTimes:
    """How long a Lease lasts, in seconds; the defaults are Kubernetes' own."""

    duration: float = 15.0
    """Others wait for so long, without a renewal, before they take over."""

    renew_deadline: float = 10.0
    """A holder that could not renew it for so long acts no more."""

    retry: float = 2.0
    """Between two looks or renewals."""


@dataclass(frozen=True)
class LeaseRecord:
    """The part of a coordination.k8s.io Lease that decisions hang on."""

    holder: str
    """Empty where it was released."""

    duration_seconds: float
    version: str
    acquire_time: str = ""
    transitions: int = 0
    marks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Its labels and annotations, which are whoever's made it and stay."""


@dataclass(frozen=True)
class SeenLease:
    """A record, and since when it is unchanged in seconds of one's own monotonic clock."""

    record: LeaseRecord | None
    since: float = field(default=0.0)


class Step(Enum):
    """What a candidate does next."""

    CREATE = auto()
    TAKE = auto()
    WAIT = auto()


def read_lease(resource: Mapping[str, Any]) -> LeaseRecord:
    """Read a Lease as the API server gives it."""
    spec = resource.get("spec") or {}
    return LeaseRecord(
        holder=spec.get("holderIdentity") or "",
        duration_seconds=spec.get("leaseDurationSeconds") or 0,
        version=resource["metadata"]["resourceVersion"],
        acquire_time=spec.get("acquireTime") or "",
        transitions=spec.get("leaseTransitions") or 0,
        marks={
            name: marks
            for name in ("labels", "annotations")
            if (marks := resource["metadata"].get(name))
        },
    )


def look(record: LeaseRecord | None, before: SeenLease | None, now: float) -> SeenLease:
    """Return what is known after one more look at the Lease."""
    if before is not None and before.record == record:
        return before
    return SeenLease(record, now)


def decide_step(seen: SeenLease, identity: str, now: float) -> Step:
    """Return what a candidate that does not act yet may do."""
    record = seen.record
    if record is None:
        return Step.CREATE
    is_over = now - seen.since >= record.duration_seconds
    if not record.holder or record.holder == identity or is_over:
        return Step.TAKE
    return Step.WAIT


def build_lease(
    name: str,
    namespace: str,
    identity: str,
    times: LeaseTimes,
    now: datetime,
    *,
    before: LeaseRecord | None,
) -> dict[str, Any]:
    """Return the Lease that `identity` holds from now on; "" releases it."""
    is_renewal = before is not None and before.holder == identity
    renew_time = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    metadata: dict[str, Any] = {"name": name, "namespace": namespace}
    if before is not None:
        metadata |= {**before.marks, "resourceVersion": before.version}
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": metadata,
        "spec": {
            "holderIdentity": identity,
            # A released one may be taken at once, by those who do not look at the holder, too.
            "leaseDurationSeconds": int(times.duration) if identity else 1,
            "acquireTime": before.acquire_time if before and is_renewal else renew_time,
            "renewTime": renew_time,
            "leaseTransitions": _count_transitions(before, identity),
        },
    }


def _count_transitions(before: LeaseRecord | None, identity: str) -> int:
    if before is None:
        return 0
    is_new_holder = bool(identity) and before.holder != identity
    return before.transitions + is_new_holder
