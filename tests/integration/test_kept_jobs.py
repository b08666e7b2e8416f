"""What the api relies on wherever TranscriptionJobs are kept: an API server, or SQLite."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.api_builders import make_spec, wait_for
from support.kept_jobs import KeptJobs, in_sqlite, on_kubernetes
from waas_api.errors import (
    ClusterRefused,
    ClusterUnavailable,
    JobChanged,
    JobNotFound,
    NameTaken,
)
from waas_api.jobs.spec_changes import SpecChanges
from waas_contract.job_status import Phase
from waas_contract.transcription_job import (
    Priority,
    Source,
    Task,
)


@pytest.fixture(params=[pytest.param("kubernetes", marks=pytest.mark.integration), "sqlite"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[KeptJobs]:
    if request.param == "sqlite":
        async with in_sqlite(tmp_path) as on_this_machine:
            yield on_this_machine
    else:
        async with on_kubernetes(request.getfixturevalue("tenant")) as in_cluster:
            yield in_cluster


async def test_a_job_is_made_and_read_back(kept: KeptJobs) -> None:
    spec = make_spec(model="base")

    await kept.jobs.create("a", spec)

    job = await kept.jobs.get("a")
    assert job.spec == spec
    assert job.spec.digest() == spec.digest()
    assert job.phase is Phase.PENDING
    assert job.metadata.uid
    assert job.metadata.generation == 1


async def test_those_who_have_not_ended_are_live_whoever_they_belong_to(kept: KeptJobs) -> None:
    for number, phase in enumerate([None, *Phase]):
        await kept.jobs.create(f"job-{number}", make_spec(owner=f"owner-{number}"))
        if phase is not None:
            await kept.set_status(f"job-{number}", {"phase": phase})
    await kept.jobs.create("nobodys", make_spec())

    expected = {"nobodys": None} | {
        f"job-{number}": f"owner-{number}"
        for number, phase in enumerate([None, *Phase])
        if phase is None or not phase.is_final
    }
    index = await kept.jobs.index()

    def is_known() -> bool:
        return {
            job.name: job.owner for job in index.newest_first() if not job.phase.is_final
        } == expected

    await wait_for(is_known, "those who have not ended are told with their owners")


async def test_a_name_is_taken_once(kept: KeptJobs) -> None:
    await kept.jobs.create("a", make_spec())

    with pytest.raises(NameTaken):
        await kept.jobs.create("a", make_spec())


async def test_a_rule_is_told_with_its_field(kept: KeptJobs) -> None:
    with pytest.raises(ClusterRefused, match=r"spec.*this task needs") as caught:
        await kept.jobs.create("a", make_spec(model="tiny.en", task=Task.TRANSLATE))

    assert caught.value.is_request_invalid


@pytest.mark.parametrize(
    ("name", "spec", "message"),
    [
        ("a", make_spec(model="tiny.en", language="no"), "language must be 'en'"),
        ("a", make_spec(source=Source(key="team-a/../b")), "key must name an object"),
        ("a", make_spec(source=Source(key="team-a/a\nb")), "control characters"),
        ("Å", make_spec(), r"metadata\.name"),
    ],
)
async def test_what_is_not_acceptable_is_refused(
    kept: KeptJobs, name: str, spec: object, message: str
) -> None:
    with pytest.raises(ClusterRefused, match=message):
        await kept.jobs.create(name, spec)  # type: ignore[arg-type] # built by make_spec


async def test_what_is_not_there_is_not_found(kept: KeptJobs) -> None:
    with pytest.raises(JobNotFound):
        await kept.jobs.get("nobody")
    with pytest.raises(JobNotFound):
        await kept.jobs.cancel("nobody")
    with pytest.raises(JobNotFound):
        await kept.jobs.annotate("nobody", {"a": "b"})
    with pytest.raises(JobNotFound):
        await kept.jobs.delete("nobody", "uid")


async def test_a_job_of_a_later_release_is_not_taken_for_an_error_of_ours(kept: KeptJobs) -> None:
    await kept.jobs.create("a", make_spec())
    await kept.set_status("a", {"phase": "Dreaming"})

    with pytest.raises(ClusterUnavailable, match=r"^a is not in the form .*status\.phase"):
        await kept.jobs.get("a")


async def test_a_job_that_cannot_be_read_does_not_hide_the_others(kept: KeptJobs) -> None:
    for name in ("a", "b"):
        await kept.jobs.create(name, make_spec())
    await kept.set_status("a", {"phase": "Dreaming"})
    index = await kept.jobs.index()

    await wait_for(lambda: [each.name for each in index.newest_first()] == ["b"], "b alone")


async def test_all_jobs_are_there_the_newest_first(kept: KeptJobs) -> None:
    assert list((await kept.jobs.index()).newest_first()) == []
    for name in ("c", "a", "b"):
        await kept.jobs.create(name, make_spec(), {"project": name})

    index = await kept.jobs.index()

    found = list(index.newest_first())
    assert {each.name for each in found} == {"a", "b", "c"}
    assert found == sorted(found, key=lambda each: each.age_key, reverse=True)
    assert {each.name: dict(each.labels) for each in found}["a"] == {"project": "a"}
    job = index.read("a")
    assert job == await kept.jobs.get("a")
    assert job.spec == make_spec()


async def test_what_is_written_is_known_at_once(kept: KeptJobs) -> None:
    index = await kept.jobs.index()

    await kept.jobs.create("a", make_spec())
    assert "a" in await kept.jobs.index()
    await kept.jobs.change("a", SpecChanges(priority=Priority.HIGH, ttl_seconds_after_finished=9))
    job = (await kept.jobs.index()).read("a")
    assert job is not None
    assert (job.spec.priority, job.spec.ttl_seconds_after_finished) == (Priority.HIGH, 9)
    await kept.jobs.change("a", SpecChanges(ttl_seconds_after_finished=None))
    assert (await kept.jobs.get("a")).spec.ttl_seconds_after_finished is None
    await kept.jobs.delete("a", (await kept.jobs.get("a")).metadata.uid)
    assert "a" not in await kept.jobs.index()
    assert await kept.jobs.index() is index


async def test_what_others_write_is_told(kept: KeptJobs) -> None:
    await kept.jobs.create("a", make_spec())
    await kept.jobs.create("b", make_spec())
    index = await kept.jobs.index()

    with index.changes.subscribed("a") as subscription:
        await kept.set_status("b", {"phase": "Running"})
        await kept.set_status("a", {"phase": "Running"})

        def is_running() -> bool:
            summary = index.summary("a")
            return summary is not None and summary.phase is Phase.RUNNING

        await wait_for(is_running, "a runs")
        # Its creation may be told as well, by a stream that comes after the list.
        assert await subscription.wait(120) == {"a"}
        await kept.jobs.delete("a", (await kept.jobs.get("a")).metadata.uid)
        assert await subscription.wait(120) == {"a"}


async def test_a_job_is_cancelled_as_often_as_one_likes(kept: KeptJobs) -> None:
    await kept.jobs.create("a", make_spec())

    for _ in range(2):
        assert (await kept.jobs.cancel("a")).spec.cancelled

    job = await kept.jobs.get("a")
    assert (job.spec, job.metadata.generation) == (make_spec(cancelled=True), 2)


async def test_annotations_are_added_to_those_that_are_there(kept: KeptJobs) -> None:
    await kept.jobs.create("a", make_spec(), {"kind": "odd"})
    await kept.jobs.annotate("a", {"x": "1", "waas.dev/awaited-until": "2026-11-22T18:00:00+00:00"})

    job = await kept.jobs.annotate("a", {"x": "2"})

    assert job == await kept.jobs.get("a")
    assert job.metadata.annotations == {
        "x": "2",
        "waas.dev/awaited-until": "2026-11-22T18:00:00+00:00",
    }
    assert (job.metadata.labels, job.metadata.generation, job.spec) == (
        {"kind": "odd"},
        1,
        make_spec(),
    )


async def test_a_record_is_removed_once(kept: KeptJobs) -> None:
    await kept.jobs.create("a", make_spec())
    uid = (await kept.jobs.get("a")).metadata.uid

    await kept.jobs.delete("a", uid)

    with pytest.raises(JobNotFound):
        await kept.jobs.delete("a", uid)


async def test_a_record_that_has_the_name_of_another_stays(kept: KeptJobs) -> None:
    await kept.jobs.create("a", make_spec())
    old = (await kept.jobs.get("a")).metadata
    await kept.jobs.delete("a", old.uid)
    await kept.jobs.create("a", make_spec())

    with pytest.raises(JobNotFound):
        await kept.jobs.delete("a", old.uid)
    with pytest.raises(JobChanged):
        await kept.jobs.annotate("a", {"x": "1"}, version=old.resource_version)

    job = await kept.jobs.get("a")
    assert (job.metadata.uid != old.uid, job.metadata.annotations) == (True, {})
    marked = await kept.jobs.annotate("a", {"x": "1"}, version=job.metadata.resource_version)
    assert marked.metadata.annotations == {"x": "1"}


async def test_those_who_wait_are_in_the_line(kept: KeptJobs) -> None:
    phases = [None, *Phase]
    for number, phase in enumerate(phases):
        await kept.jobs.create(f"job-{number}", make_spec())
        if phase is not None:
            await kept.set_status(f"job-{number}", {"phase": phase})
    index = await kept.jobs.index()

    expected = {
        f"job-{number}"
        for number, phase in enumerate(phases)
        if phase in (None, Phase.PENDING, Phase.QUEUED)
    }
    await wait_for(lambda: set(index.waiting) == expected, "those who wait are in the line")


async def test_those_of_high_priority_go_first_and_a_change_counts_at_once(kept: KeptJobs) -> None:
    for name, priority in (("a", Priority.LOW), ("b", Priority.NORMAL), ("c", Priority.NORMAL)):
        await kept.jobs.create(name, make_spec(priority=priority))

    assert list((await kept.jobs.index()).waiting) == ["b", "c", "a"]
    await kept.jobs.change("c", SpecChanges(priority=Priority.HIGH))
    assert list((await kept.jobs.index()).waiting) == ["c", "b", "a"]


async def test_whoever_keeps_them_says_that_it_can(kept: KeptJobs) -> None:
    assert await kept.jobs.is_ready()
