"""What the api relies on wherever TranscriptionJobs are kept: an API server, or SQLite."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.api_builders import make_spec
from support.kept_jobs import KeptJobs, in_sqlite, on_kubernetes
from waas_api.errors import (
    ClusterRefused,
    ClusterUnavailable,
    InvalidCursor,
    JobNotFound,
    NameTaken,
)
from waas_contract.transcription_job import Phase, Source, Task


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

    live = {job.name: job.owner for job in await kept.jobs.list_live()}

    assert live == {"nobodys": None} | {
        f"job-{number}": f"owner-{number}"
        for number, phase in enumerate([None, *Phase])
        if phase is None or not phase.is_final
    }


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
        await kept.jobs.delete("nobody")


async def test_a_job_of_a_later_release_is_not_taken_for_an_error_of_ours(kept: KeptJobs) -> None:
    await kept.jobs.create("a", make_spec())
    await kept.set_status("a", {"phase": "Dreaming"})

    with pytest.raises(ClusterUnavailable, match=r"can read: status\.phase"):
        await kept.jobs.get("a")


async def test_a_job_that_cannot_be_read_does_not_hide_the_others(kept: KeptJobs) -> None:
    for name in ("a", "b"):
        await kept.jobs.create(name, make_spec())
    await kept.set_status("a", {"phase": "Dreaming"})

    assert [job.metadata.name for job in (await kept.jobs.list(limit=9)).jobs] == ["b"]


async def test_jobs_are_listed_over_all_pages(kept: KeptJobs) -> None:
    assert (await kept.jobs.list(limit=2)).jobs == ()
    for name in ("c", "a", "b"):
        await kept.jobs.create(name, make_spec())

    first = await kept.jobs.list(limit=2)
    second = await kept.jobs.list(limit=2, cursor=first.cursor)

    names = [job.metadata.name for job in first.jobs + second.jobs]
    assert names == (["b", "a", "c"] if kept.is_newest_first else ["a", "b", "c"])
    assert (first.cursor is None, second.cursor) == (False, None)
    assert first.jobs[0].spec == make_spec()


async def test_a_page_that_ends_with_the_last_job_is_the_last(kept: KeptJobs) -> None:
    for name in ("a", "b"):
        await kept.jobs.create(name, make_spec())

    page = await kept.jobs.list(limit=2)

    assert (len(page.jobs), page.cursor) == (2, None)


async def test_a_cursor_that_nobody_gave_out_is_invalid(kept: KeptJobs) -> None:
    with pytest.raises(InvalidCursor):
        await kept.jobs.list(limit=2, cursor="nonsense")


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


async def test_unfinished_jobs_are_listed_by_label(kept: KeptJobs) -> None:
    assert await kept.jobs.list_unfinished(label="waas.dev/awaited") == ()
    for number, phase in enumerate([None, *Phase]):
        await kept.jobs.create(f"job-{number}", make_spec(), {"waas.dev/awaited": "true"})
        if phase is not None:
            await kept.set_status(f"job-{number}", {"phase": phase})
    await kept.jobs.create("other", make_spec())
    await kept.jobs.annotate("job-0", {"x": "1"})

    found = await kept.jobs.list_unfinished(label="waas.dev/awaited")

    assert {job.name: dict(job.annotations) for job in found} == {
        f"job-{number}": {"x": "1"} if number == 0 else {}
        for number, phase in enumerate([None, *Phase])
        if phase is None or not phase.is_final
    }
    assert all(job.creation_time.tzinfo for job in found)


async def test_a_record_is_removed_once(kept: KeptJobs) -> None:
    await kept.jobs.create("a", make_spec())

    await kept.jobs.delete("a")

    with pytest.raises(JobNotFound):
        await kept.jobs.delete("a")


async def test_those_who_wait_are_listed(kept: KeptJobs) -> None:
    assert await kept.jobs.list_waiting() == ()
    phases = [None, *Phase]
    for number, phase in enumerate(phases):
        await kept.jobs.create(f"job-{number}", make_spec())
        if phase is not None:
            await kept.set_status(f"job-{number}", {"phase": phase})

    waiting = await kept.jobs.list_waiting()

    expected = {
        f"job-{number}"
        for number, phase in enumerate(phases)
        if phase in (None, Phase.PENDING, Phase.QUEUED)
    }
    assert {job.name for job in waiting} == expected
    assert all(job.creation_time.tzinfo for job in waiting)


async def test_whoever_keeps_them_says_that_it_can(kept: KeptJobs) -> None:
    assert await kept.jobs.is_ready()
