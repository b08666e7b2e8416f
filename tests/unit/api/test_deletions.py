"""A job is deleted under /v2: by force also one that runs, never what bears its name by then."""

import asyncio
import time
from datetime import UTC, datetime

import pytest

from support.api_builders import JOB_ID, NAMESPACE, Api, make_spec, make_status
from support.fake_transcription_jobs import FakeTranscriptionJobs
from waas_api.errors import JobNotFound
from waas_api.jobs.deletion import delete_job, is_marked
from waas_contract.job_status import Phase
from waas_contract.removal import mark_removal
from waas_contract.transcription_job import TranscriptionJob


class EndingJobs(FakeTranscriptionJobs):
    """Has a cancelled job end at the second look after that, if at all."""

    ends = True

    async def get(self, name: str) -> TranscriptionJob:
        job = await super().get(name)
        if job.spec.cancelled and self.ends and not job.phase.is_final:
            self.put(name, job.spec, make_status(Phase.CANCELLED))
        return job


async def test_a_forced_deletion_ends_a_job_first() -> None:
    api = Api(jobs=EndingJobs(NAMESPACE))
    api.jobs.put(JOB_ID, make_spec(), make_status(Phase.RUNNING))
    api.storage.objects[make_spec().source.key] = b"sound"

    answer = await api.request("DELETE", f"/v2/jobs/{JOB_ID}?force=true")

    assert answer.status_code == 204
    assert (api.jobs.jobs, api.storage.objects) == ({}, {})


async def test_a_deletion_leaves_what_bears_the_name_by_now() -> None:
    api = Api()
    old = api.jobs.put(JOB_ID, make_spec(), make_status(Phase.FAILED))
    new = api.jobs.put(JOB_ID, make_spec(), make_status(Phase.FAILED))
    new = new.model_copy(update={"metadata": new.metadata.model_copy(update={"uid": "new"})})
    api.jobs.jobs[JOB_ID] = new
    api.storage.objects[make_spec().source.key] = b"sound"

    with pytest.raises(JobNotFound):
        await delete_job(old, api.storage, api.jobs)

    assert (api.jobs.jobs, set(api.storage.objects)) == ({JOB_ID: new}, {make_spec().source.key})


async def test_a_job_that_changed_meanwhile_is_deleted_all_the_same() -> None:
    api = Api()
    read = api.jobs.put(JOB_ID, make_spec(), make_status(Phase.FAILED))
    await api.jobs.annotate(JOB_ID, {"seen": "yes"})

    await delete_job(read, api.storage, api.jobs)

    assert api.jobs.jobs == {}


async def test_what_somebody_else_deletes_just_now_is_left_to_them() -> None:
    api = Api()
    mark = mark_removal("operator-1", datetime.now(UTC))
    api.jobs.put(JOB_ID, make_spec(), make_status(Phase.FAILED), annotations=mark)
    api.storage.objects[make_spec().source.key] = b"sound"

    answer = await api.request("DELETE", f"/v2/jobs/{JOB_ID}")

    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("The job is being deleted already.")
    assert (set(api.jobs.jobs), len(api.storage.objects)) == ({JOB_ID}, 1)


async def test_a_job_is_marked_before_its_objects_go() -> None:
    api = Api()
    api.jobs.put(JOB_ID, make_spec(), make_status(Phase.FAILED))
    seen = []

    async def look(prefix: str, *, until: float) -> None:
        job = api.jobs.jobs[JOB_ID]
        seen.append((prefix, is_marked(job), until > time.monotonic()))

    api.storage.discard_all = look  # type: ignore[assignment, method-assign]
    answer = await api.request("DELETE", f"/v2/jobs/{JOB_ID}")

    assert (answer.status_code, seen) == (204, [(f"{NAMESPACE}/{JOB_ID}/", True, True)])


async def test_a_deletion_that_failed_can_be_sent_again_at_once() -> None:
    api = Api()
    api.jobs.put(JOB_ID, make_spec(), make_status(Phase.FAILED))
    api.storage.is_away = True
    answers = [await api.request("DELETE", f"/v2/jobs/{JOB_ID}")]
    api.storage.is_away = False

    answers.append(await api.request("DELETE", f"/v2/jobs/{JOB_ID}"))

    assert [each.status_code for each in answers] == [503, 204]


async def test_a_forced_deletion_leaves_all_where_the_end_does_not_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("waas_api.jobs.deletion._LONGEST_END_SECONDS", 0.0)
    api = Api()
    api.jobs.put(JOB_ID, make_spec(), make_status(Phase.RUNNING))
    api.storage.objects[make_spec().source.key] = b"sound"

    answer = await asyncio.wait_for(api.request("DELETE", f"/v2/jobs/{JOB_ID}?force=true"), 60)

    assert answer.status_code == 409
    assert answer.json()["detail"] == "The job is being cancelled. Delete it again in a moment."
    assert api.jobs.jobs[JOB_ID].spec.cancelled
    assert api.storage.objects
