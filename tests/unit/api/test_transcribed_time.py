"""GET /v1/stats: which jobs count, and how often they are summed up."""

from support.api_builders import Api, make_spec, make_status
from support.fake_transcription_jobs import FakeTranscriptionJobs
from waas_api.jobs.transcribed_time import TranscribedTime
from waas_contract.job_status import AudioStatus, Phase
from waas_contract.transcription_job import Task


def put(
    jobs: FakeTranscriptionJobs,
    name: str,
    phase: Phase,
    seconds: float,
    task: Task = Task.TRANSCRIBE,
) -> None:
    status = make_status(phase, audio=AudioStatus(duration_seconds=seconds))
    jobs.put(name, make_spec(task=task), status)


async def test_the_audio_of_all_that_succeeded_is_summed_up() -> None:
    api = Api()
    put(api.jobs, "a", Phase.SUCCEEDED, 3600)
    put(api.jobs, "b", Phase.SUCCEEDED, 125.5)
    put(api.jobs, "running", Phase.RUNNING, 1)
    put(api.jobs, "failed", Phase.FAILED, 2)
    put(api.jobs, "cancelled", Phase.CANCELLED, 4)
    put(api.jobs, "detected", Phase.SUCCEEDED, 8, task=Task.DETECT)
    api.jobs.put("new", make_spec())
    api.jobs.put("without-audio", make_spec(), make_status(Phase.SUCCEEDED))

    answer = await api.get("/v1/stats")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.content == b'{"total_time_transcribed":3725.5}\n'


async def test_nothing_transcribed_is_a_number_with_a_point() -> None:
    assert (await Api().get("/v1/stats")).content == b'{"total_time_transcribed":0.0}\n'


async def test_the_sum_of_many_is_not_off_by_their_fractions() -> None:
    jobs = FakeTranscriptionJobs()
    for number in range(1203):
        put(jobs, f"job-{number}", Phase.SUCCEEDED, 0.1)

    assert await TranscribedTime(jobs).seconds() == 120.3


async def test_the_sum_is_kept_for_a_while() -> None:
    jobs = FakeTranscriptionJobs()
    put(jobs, "a", Phase.SUCCEEDED, 1)
    moments = iter((0.0, 59.0, 61.0, 61.0))
    time = TranscribedTime(jobs, longest_age_seconds=60, monotonic=lambda: next(moments))
    assert await time.seconds() == 1
    put(jobs, "b", Phase.SUCCEEDED, 1)

    assert [await time.seconds(), await time.seconds()] == [1, 2]
