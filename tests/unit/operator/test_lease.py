"""Who may act, from a Lease and one's own clock."""

from typing import Any

import pytest

from support.builders import NOW
from waas_operator.lease import (
    LeaseRecord,
    LeaseTimes,
    SeenLease,
    Step,
    build_lease,
    decide_step,
    look,
    read_lease,
)

TIMES = LeaseTimes()


def held_by(holder: str, version: str = "7", **facts: Any) -> LeaseRecord:
    return LeaseRecord(**{"holder": holder, "duration_seconds": 15, "version": version, **facts})


STEPS: list[tuple[str, SeenLease, float, Step]] = [
    ("there is none", SeenLease(None, 0), 0, Step.CREATE),
    ("it was released", SeenLease(held_by(""), 0), 0, Step.TAKE),
    ("another holds it", SeenLease(held_by("b"), 0), 14.9, Step.WAIT),
    ("another has not renewed it for its duration", SeenLease(held_by("b"), 0), 15, Step.TAKE),
    (
        "another asked for longer",
        SeenLease(held_by("b", duration_seconds=60), 0),
        59,
        Step.WAIT,
    ),
    ("it is our own", SeenLease(held_by("a"), 0), 1, Step.TAKE),
]


@pytest.mark.parametrize(
    ("seen", "now", "step"), [pytest.param(*case[1:], id=case[0]) for case in STEPS]
)
def test_a_candidate_may_act_when(seen: SeenLease, now: float, step: Step) -> None:
    assert decide_step(seen, "a", now) is step


def test_a_lease_counts_from_when_it_was_first_seen_as_it_is() -> None:
    first = look(held_by("b"), None, 100)
    same = look(held_by("b"), first, 110)
    renewed = look(held_by("b", version="8"), same, 112)

    assert (first.since, same.since, renewed.since) == (100, 100, 112)


def test_others_clocks_do_not_count() -> None:
    long_ago = {"renewTime": "1999-01-01T00:00:00.000000Z", "leaseDurationSeconds": 15}
    resource = {"metadata": {"resourceVersion": "7"}, "spec": {"holderIdentity": "b", **long_ago}}

    assert decide_step(look(read_lease(resource), None, 100), "a", 101) is Step.WAIT


def test_a_new_lease() -> None:
    assert build_lease("waas", "system", "a", TIMES, NOW, before=None) == {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "waas", "namespace": "system"},
        "spec": {
            "holderIdentity": "a",
            "leaseDurationSeconds": 15,
            "acquireTime": "2026-11-22T12:00:00.000000Z",
            "renewTime": "2026-11-22T12:00:00.000000Z",
            "leaseTransitions": 0,
        },
    }


CHANGES: list[tuple[str, str, str, tuple[str, int, int]]] = [
    ("a renewal keeps when it was acquired", "a", "a", ("then", 15, 3)),
    ("a take-over counts", "b", "a", ("2026-11-22T12:00:00.000000Z", 15, 4)),
    ("so does one after a release", "", "a", ("2026-11-22T12:00:00.000000Z", 15, 4)),
    ("a release may be taken at once", "a", "", ("2026-11-22T12:00:00.000000Z", 1, 3)),
]


@pytest.mark.parametrize(
    ("before", "after", "spec"), [pytest.param(*case[1:], id=case[0]) for case in CHANGES]
)
def test_a_lease_changes_hands(before: str, after: str, spec: tuple[str, int, int]) -> None:
    record = held_by(before, acquire_time="then", transitions=3)

    lease = build_lease("waas", "system", after, TIMES, NOW, before=record)

    assert lease["metadata"]["resourceVersion"] == "7"
    assert lease["spec"]["holderIdentity"] == after
    facts = (
        lease["spec"]["acquireTime"],
        lease["spec"]["leaseDurationSeconds"],
        lease["spec"]["leaseTransitions"],
    )
    assert facts == spec


def test_labels_of_whoever_made_it_stay() -> None:
    metadata = {"name": "waas-operator", "namespace": "waas", "resourceVersion": "7"}
    made = {"metadata": {**metadata, "labels": {"team": "news"}}, "spec": {}}

    lease = build_lease(
        "waas-operator",
        "waas",
        "pod-1",
        LeaseTimes(),
        NOW,
        before=read_lease(made),
    )

    assert lease["metadata"] == made["metadata"]
    assert decide_step(SeenLease(read_lease(made)), "pod-1", 0) is Step.TAKE
