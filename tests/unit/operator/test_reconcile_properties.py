"""Whatever happens, in whatever order, some things hold of every TranscriptionJob."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from support.builders import NOW
from support.fake_time import run_in_fake_time
from support.operator_world import World
from support.transitions import read_transitions
from waas_contract.exit_codes import FREE_EXIT_CODES, FailureReason
from waas_contract.job_status import (
    ConditionType,
    Phase,
    TranscriptionJobStatus,
)

ORDINARY = [
    *("reconcile",) * 3,
    "time_passes:1",
    "time_passes:61",
    "pod_is_made",
    "pod_starts",
    "pod_ends:0",
]

STRAIGHT = ["reconcile", "time_passes:1", "pod_is_made", "pod_starts", "pod_ends:0"]

HARMLESS = [
    *(f"crash:{number}" for number in range(6)),
    *(f"time_passes:{seconds}" for seconds in (301, 700)),
    *(f"pod_ends:{exit_code}" for exit_code in FREE_EXIT_CODES),
    "pod_is_lost",
    "pod_is_stopped",
    "store_goes_away",
    "store_comes_back",
    "another_requests_manifest_appears",
    "somebody_suspends",
    "somebody_resumes",
    "somebody_deletes_the_job",
    "deletion_ends",
    "next_write_of_a_status_conflicts",
    "next_job_is_refused",
]
"""Costs time, but no transcript."""

KUEUES = ["kueue_admits", "kueue_admits", "kueue_evicts"]

HARMFUL = [
    *(f"pod_ends:{exit_code}" for exit_code in (65, 66, 70, 78, 137)),
    "job_completes_without_results",
    "job_runs_out_of_time",
    "somebody_cancels",
]


TRANSITIONS = read_transitions()


def test_the_table_of_transitions_is_whole_and_its_ends_are_final() -> None:
    assert TRANSITIONS.keys() == set(Phase)
    assert {phase for phase, followers in TRANSITIONS.items() if not followers} == {
        phase for phase in Phase if phase.is_final
    }


def histories(*kinds: list[str]) -> st.SearchStrategy[list[str]]:
    """Return lists of events; ordinary ones come often enough for jobs to get somewhere."""
    ordinary, *others = (st.sampled_from(kind) for kind in kinds)
    return st.lists(st.one_of(ordinary, ordinary, *others), min_size=10, max_size=40)


def assert_holds(world: World, before: TranscriptionJobStatus, writes_before: int) -> None:
    after = world.status
    if before.phase.is_final:
        assert after == before
        assert len(world.cluster.writes) == writes_before, "it wrote after the end"
    if after.phase != before.phase:
        assert after.phase in TRANSITIONS[before.phase], "docs/transitions.md does not have it"
    assert len(world.cluster.jobs) <= 1
    assert world.successes <= 1, "a pod transcribed what had its transcript"
    assert after.attempts >= before.attempts
    assert TranscriptionJobStatus.model_validate(after.to_wire()) == after
    assert len(json.dumps(after.to_wire())) < 10_000
    assert (after.completion_time is not None) == after.phase.is_final
    for condition in after.conditions:
        earlier = before.condition(ConditionType(condition.type))
        if earlier and earlier.status == condition.status:
            assert condition.last_transition_time == earlier.last_transition_time
    if after.progress:
        assert (after.progress.percent == 100) == (after.phase == Phase.SUCCEEDED)
    if after.phase.is_final and not before.phase.is_final:
        assert world.cluster.secrets == {}, "the URLs outlive the work"
        has_results = after.results is not None
        if after.phase == Phase.SUCCEEDED:
            assert has_results
            assert world.successes == 1
            assert world.has_fitting_manifest
        else:
            assert not has_results or world.has_partial_manifest
        if after.phase == Phase.CANCELLED:
            assert has_results == world.has_partial_manifest, "what was heard so far is kept"


@settings(max_examples=150, deadline=None)
@given(history=histories(ORDINARY, HARMLESS, HARMFUL))
def test_what_always_holds(history: list[str]) -> None:
    async def watch() -> None:
        world = World()
        for event in history:
            before, writes = world.status, len(world.cluster.writes)
            await world.happen(event)
            assert_holds(world, before, writes)

    run_in_fake_time(watch())


@settings(max_examples=100, deadline=None)
@given(history=histories(ORDINARY, HARMLESS, HARMFUL))
def test_every_job_ends_when_the_world_comes_to_rest(history: list[str]) -> None:
    world = run_in_fake_time(live(history))

    assert world.status.phase.is_final
    assert world.cluster.secrets == {}


@settings(max_examples=100, deadline=None)
@given(history=st.lists(st.sampled_from(STRAIGHT), max_size=40))
def test_a_straight_path_costs_few_writes_whenever_it_is_looked_at(history: list[str]) -> None:
    async def count() -> tuple[World, int]:
        world, status_writes = World(), 0
        for event in [*history, "reconcile", "pod_starts", "reconcile", "pod_ends:0", "reconcile"]:
            before = world.status
            await world.happen(event)
            status_writes += without_progress(world.status) != without_progress(before)
        return world, status_writes

    world, status_writes = run_in_fake_time(count())

    assert world.status.phase == Phase.SUCCEEDED
    assert status_writes <= 4
    writes = Counter(world.cluster.writes)
    del writes["replace_status"]
    assert writes == {"apply_secret": 1, "create_job": 1, "delete_secret": 1}
    assert world.pods_made == world.successes == 1


def without_progress(status: TranscriptionJobStatus) -> TranscriptionJobStatus:
    """Return a status without what only tells how far a job is."""
    return status.model_copy(update={"progress": None, "audio": None})


@settings(max_examples=100, deadline=None)
@given(history=histories(ORDINARY, HARMLESS))
def test_what_is_harmless_costs_no_transcript(history: list[str]) -> None:
    world = run_in_fake_time(live(history))

    assert world.status.phase == Phase.SUCCEEDED
    assert world.failures_charged == 0


@settings(max_examples=100, deadline=None)
@given(history=histories(ORDINARY, HARMLESS, KUEUES))
def test_kueue_costs_no_transcript_and_is_never_overruled(history: list[str]) -> None:
    async def watch() -> World:
        world = World(queue_names={"newsroom": "gpus"})
        for event in history:
            before, writes = world.status, len(world.cluster.writes)
            await world.happen(event)
            assert_holds(world, before, writes)
        await world.come_to_rest()
        return world

    world = run_in_fake_time(watch())

    assert world.status.phase == Phase.SUCCEEDED
    assert not {"suspend_job", "resume_job"} & set(world.cluster.writes)


@settings(max_examples=100, deadline=None)
@given(history=histories(ORDINARY, HARMLESS, HARMFUL))
def test_one_that_has_to_start_in_time_starts_or_leaves_no_pod(history: list[str]) -> None:
    async def watch() -> World:
        world = World(queue_deadline_seconds=600)
        for event in history:
            before, writes = world.status, len(world.cluster.writes)
            await world.happen(event)
            assert_holds(world, before, writes)
        await world.come_to_rest()
        return world

    world = run_in_fake_time(watch())

    assert world.status.phase.is_final
    succeeded = world.status.condition(ConditionType.SUCCEEDED)
    assert succeeded
    if succeeded.reason == FailureReason.QUEUE_DEADLINE_EXCEEDED:
        assert (world.cluster.jobs, world.cluster.pods) == ({}, {})
        assert world.now >= NOW + timedelta(seconds=600)


@settings(max_examples=100, deadline=None)
@given(history=histories(ORDINARY, HARMLESS, HARMFUL), crash=st.sampled_from(["", "crash:0"]))
def test_nothing_is_left_when_the_time_to_live_is_over(history: list[str], crash: str) -> None:
    others = {"newsroom/interview-2/manifest.json": b"{}", "newsroom/by-hand/clip.flac": b""}

    async def outlive() -> World:
        world = await live(history, ttl_seconds_after_finished=1_000_000)
        world.store.notes |= others
        world.time_passes(1_000_000)
        for event in (crash, "reconcile"):
            if event:
                await world.happen(event)
        return world

    world = run_in_fake_time(outlive())

    assert world.cluster.transcription_jobs == {}
    assert world.store.notes == others


async def live(history: list[str], **spec: Any) -> World:
    """Return a world after a history and the rest that follows it."""
    world = World(**spec)
    for event in history:
        await world.happen(event)
    await world.come_to_rest()
    return world


def test_a_death_after_each_write_is_made_good_in_the_same_order() -> None:
    async def die_after_each_write() -> list[str]:
        world = World()
        for event in ("crash:1", "crash:3", "crash:5", "reconcile"):
            await world.happen(event)
        return world.cluster.writes

    assert run_in_fake_time(die_after_each_write()) == [
        "apply_secret",
        # The Secret is written anew until the Job is there,
        "apply_secret",
        "create_job",
        # and both once more until a status says so: a Job that is there is left alone.
        "apply_secret",
        "create_job",
        "replace_status",
    ]
