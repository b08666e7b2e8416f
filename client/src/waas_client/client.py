"""The blocking client."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar

import httpx

from waas_client.answers import Job, Models, Service
from waas_client.connection import (
    DEFAULT_SERVER,
    STREAM_TIMEOUT,
    client_options,
    login_headers,
    request_headers,
    timeout_of,
)
from waas_client.errors import WaasError
from waas_client.flows import Flows
from waas_client.recordings import OnProgress, open_recording
from waas_client.refusals import address_of, translate_failure
from waas_client.requests import Call, JobFilter, JobOptions
from waas_client.steps import Flow, Hear, Listen, Pause, Step

Answer = TypeVar("Answer")

PAGE_SIZE = 100
PATIENCE_SECONDS = 60.0


class Client:
    """Talks to a server of the service; close it, or use it as a context manager.

    Every method raises a WaasError where it cannot do what it says. An API key, or a token of the
    server's cluster, goes to this server alone: redirects are not followed.
    """

    def __init__(
        self,
        server: str = DEFAULT_SERVER,
        *,
        api_key: str | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = httpx.Client(**client_options(server), transport=transport)
        self._login = login_headers(api_key, self._http.base_url)
        self._sleep = sleep
        self.server = address_of(self._http.base_url)
        """The server's address, fit to be shown."""

        self._flows = Flows(self.server)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _: type[BaseException] | None,
        __: BaseException | None,
        ___: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def identify(self) -> Service:
        """Return what the server says of itself, having made sure that it is one of ours."""
        return self._run(self._flows.identify())

    def models(self) -> Models:
        """Return the models that may be asked for."""
        return self._run(self._flows.models())

    def submit(
        self,
        recording: str | Path | BinaryIO,
        options: JobOptions | None = None,
        *,
        file_name: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> Job:
        """Send a recording, piece by piece, and return its job."""
        opened = open_recording(recording, file_name=file_name, on_progress=on_progress)
        return self._run(self._flows.submit(opened, options or JobOptions()))

    def job(self, job_id: str) -> Job:
        """Return a job as it stands."""
        return self._run(self._flows.job(job_id))

    def jobs(self, chosen: JobFilter | None = None) -> Iterator[Job]:
        """Yield every job, or those that are chosen, in the order in which the server has them."""
        cursor: str | None = None
        while True:
            page = self._run(
                self._flows.job_page(chosen or JobFilter(), limit=PAGE_SIZE, cursor=cursor)
            )
            yield from page.jobs
            cursor = page.cursor
            if cursor is None:
                return

    def wait(
        self,
        job_id: str,
        *,
        timeout_seconds: float | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
        on_change: Callable[[Job], None] | None = None,
    ) -> Job:
        """Wait until a job has a transcript; raises JobFailed or JobCancelled if it gets none."""
        return self._run(
            self._flows.wait(
                job_id,
                timeout_seconds=timeout_seconds,
                patience_seconds=patience_seconds,
                on_change=on_change,
            )
        )

    def result(self, job_id: str, output_format: str = "srt") -> bytes:
        """Return a finished transcript in a format."""
        return self._run(self._flows.result(job_id, output_format))

    def cancel(self, job_id: str) -> Job:
        """Ask for a job's end; one that has ended stays as it is."""
        return self._run(self._flows.cancel(job_id))

    def suspend(self, job_id: str) -> Job:
        """Have a job wait until it is resumed."""
        return self._run(self._flows.suspend(job_id))

    def resume(self, job_id: str) -> Job:
        """Let a suspended job go on."""
        return self._run(self._flows.resume(job_id))

    def retry(self, job_id: str) -> Job:
        """Make a new job of the same recording, of one that has ended, and return it."""
        return self._run(self._flows.retry(job_id))

    def delete(self, job_id: str) -> None:
        """Remove a job that has ended, its recording and its transcripts."""
        self._run(self._flows.delete(job_id))

    def _run(self, flow: Flow[Answer]) -> Answer:
        with ExitStack() as streams:
            try:
                step = next(flow)
                while True:
                    try:
                        answer = self._take(step, streams)
                    except WaasError as error:
                        step = flow.throw(error)
                    else:
                        step = flow.send(answer)
            except StopIteration as end:
                result: Answer = end.value
                return result

    def _take(self, step: Step, streams: ExitStack) -> Any:
        """Take one step of a flow and return its answer."""
        match step:
            case Pause(seconds):
                return self._sleep(seconds)
            case Listen(call):
                return streams.enter_context(self._listen(call))
            case Hear(stream):
                return self._hear(stream)
            case Call():
                return self._send(step)

    @contextmanager
    def _listen(self, call: Call[None]) -> Iterator[Iterator[bytes]]:
        request = self._http.build_request(
            call.method,
            call.path,
            headers=request_headers(call, self._login),
            timeout=STREAM_TIMEOUT,
        )
        with self._translated():
            response = self._http.send(request, stream=True)
        with closing(response):
            if not response.is_success:
                with self._translated():
                    response.read()
            call.read(response)
            yield response.iter_bytes()

    def _hear(self, stream: Any) -> bytes | None:
        with self._translated():
            return next(stream, None)

    def _send(self, call: Call[Any]) -> Any:
        pieces = call.recording.pieces(call.offset) if call.recording else None
        try:
            with self._translated(is_upload=call.recording is not None):
                response = self._http.request(
                    call.method,
                    call.path,
                    params=call.query,
                    content=pieces,
                    headers=request_headers(call, self._login),
                    timeout=timeout_of(call),
                )
        finally:
            if pieces is not None:
                pieces.close()
        return call.read(response)

    @contextmanager
    def _translated(self, *, is_upload: bool = False) -> Iterator[None]:
        """Raise our errors for the library's."""
        try:
            yield
        except httpx.HTTPError as error:
            raise translate_failure(error, self.server, is_upload=is_upload) from error
