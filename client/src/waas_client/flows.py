"""What the client does, step by step, written once for the blocking and the async client.

A flow is a generator: it yields a request or a pause and is given the answer, so that it decides
everything and sends nothing. An error of a request is raised where the flow yielded it.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from waas_client import requests
from waas_client.answers import Job, JobPage, Models, Service
from waas_client.errors import NotAWaasServer, Refused, ServerFailed
from waas_client.recordings import Recording
from waas_client.requests import Call, JobFilter, JobOptions
from waas_client.resuming import RESUMABLE_BYTES, send_resumably
from waas_client.steps import Flow, ask
from waas_client.waiting import JobWait, Streams

Answer = TypeVar("Answer")

_WAAS = "waas"
_UNKNOWN_ROUTE = (404, 405)
_UNKNOWN_PROBLEM = ("not-found", "method-not-allowed")


class Flows:
    """The flows of one client, which remembers whom it talks to."""

    def __init__(self, server: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._server = server
        self._monotonic = monotonic
        self._service: Service | None = None
        self._streams = Streams()

    def identify(self) -> Flow[Service]:
        """Make sure, once, that a server of this service answers: recordings go to no other."""
        if self._service is None:
            stranger = f"What answers at {self._server} is not a server of this service."
            try:
                service = yield from ask(requests.identify())
            except (Refused, NotAWaasServer) as error:
                raise NotAWaasServer(stranger) from error
            except ServerFailed as error:
                raise NotAWaasServer(f"{stranger} It answered: {error}") from error
            if service.service != _WAAS:
                raise NotAWaasServer(f"{stranger} It says that it is {service.service!r}.")
            self._service = service
        return self._service

    def _ask_known(self, call: Call[Answer]) -> Flow[Answer]:
        yield from self.identify()
        return (yield from ask(call))

    def models(self) -> Flow[Models]:
        """Return the models that may be asked for."""
        return self._ask_known(requests.models())

    def submit(self, recording: Recording, options: JobOptions) -> Flow[Job]:
        """Send a recording and return its job."""
        yield from self.identify()
        if recording.size is not None and recording.size >= RESUMABLE_BYTES:
            try:
                job_id = yield from send_resumably(recording, options)
            except Refused as error:
                if error.status not in _UNKNOWN_ROUTE or error.problem not in _UNKNOWN_PROBLEM:
                    raise  # An older server takes a recording only in one piece.
            else:
                return (yield from ask(requests.job(job_id)))
        return (yield from ask(requests.submit(recording, options)))

    def job(self, job_id: str) -> Flow[Job]:
        """Return a job as it stands."""
        return self._ask_known(requests.job(job_id))

    def job_page(self, jobs: JobFilter, *, limit: int, cursor: str | None) -> Flow[JobPage]:
        """Return some of the jobs."""
        return self._ask_known(requests.job_page(jobs, limit=limit, cursor=cursor))

    def cancel(self, job_id: str) -> Flow[Job]:
        """Ask for a job's end."""
        return self._ask_known(requests.cancel(job_id))

    def suspend(self, job_id: str) -> Flow[Job]:
        """Have a job wait."""
        return self._ask_known(requests.suspend(job_id))

    def resume(self, job_id: str) -> Flow[Job]:
        """Let a suspended job go on."""
        return self._ask_known(requests.resume(job_id))

    def retry(self, job_id: str) -> Flow[Job]:
        """Make a new job of the same recording."""
        return self._ask_known(requests.retry(job_id))

    def delete(self, job_id: str) -> Flow[None]:
        """Remove a job, its recording and its transcripts."""
        return self._ask_known(requests.delete(job_id))

    def result(self, job_id: str, output_format: str) -> Flow[bytes]:
        """Return a transcript in a format."""
        return self._ask_known(requests.result(job_id, output_format))

    def wait(
        self,
        job_id: str,
        *,
        timeout_seconds: float | None,
        patience_seconds: float,
        on_change: Callable[[Job], None] | None,
    ) -> Flow[Job]:
        """Return a job once it has ended well; see JobWait.run."""
        wait = JobWait(
            job_id,
            lambda: self.job(job_id),
            self._streams,
            on_change=on_change,
            monotonic=self._monotonic,
        )
        return wait.run(timeout_seconds=timeout_seconds, patience_seconds=patience_seconds)
