"""How long a route waits for a job."""

from support.api_builders import JOB_ID, make_spec, make_status
from support.fake_transcription_jobs import FakeTranscriptionJobs
from waas_api.jobs.waiting import wait_for_end
from waas_contract.job_status import Phase


class Clock:
    """Goes on by being slept on; ends the job at a moment."""

    def __init__(self, jobs: FakeTranscriptionJobs, end: float) -> None:
        self.seconds = 0.0
        self._jobs = jobs
        self._end = end

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        if self.seconds >= self._end:
            self._jobs.put(JOB_ID, make_spec(), make_status(Phase.SUCCEEDED))


async def test_a_job_that_ends_is_returned_at_its_end_and_another_when_the_time_is_over() -> None:
    for end, longest, phase in ((1.0, 5.0, Phase.SUCCEEDED), (9.0, 2.0, Phase.RUNNING)):
        jobs = FakeTranscriptionJobs()
        jobs.put(JOB_ID, make_spec(), make_status(Phase.RUNNING))
        clock = Clock(jobs, end)

        job = await wait_for_end(
            jobs,
            JOB_ID,
            longest_seconds=longest,
            monotonic=clock.monotonic,
            sleep=clock.sleep,
        )

        assert job.phase is phase
        assert clock.seconds <= longest
