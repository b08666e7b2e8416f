"""The client for programs that wait for many things at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar

import httpx

from waas_client.answers import Job, Models, Service
from waas_client.client import PAGE_SIZE, PATIENCE_SECONDS
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


class AsyncClient:
    """Talks to a server of the service as `Client` does, without blocking."""

    def __init__(
        self,
        server: str = DEFAULT_SERVER,
        *,
        api_key: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._http = httpx.AsyncClient(**client_options(server), transport=transport)
        self._login = login_headers(api_key, self._http.base_url)
        self._sleep = sleep
        self.server = address_of(self._http.base_url)
        """The server's address, fit to be shown."""

        self._flows = Flows(self.server)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _: type[BaseException] | None,
        __: BaseException | None,
        ___: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def identify(self) -> Service:
        """Return what the server says of itself, having made sure that it is one of ours."""
        return await self._run(self._flows.identify())

    async def models(self) -> Models:
        """Return the models that may be asked for."""
        return await self._run(self._flows.models())

    async def submit(
        self,
        recording: str | Path | BinaryIO,
        options: JobOptions | None = None,
        *,
        file_name: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> Job:
        """Send a recording, piece by piece, and return its job."""
        opened = open_recording(recording, file_name=file_name, on_progress=on_progress)
        return await self._run(self._flows.submit(opened, options or JobOptions()))

    async def job(self, job_id: str) -> Job:
        """Return a job as it stands."""
        return await self._run(self._flows.job(job_id))

    async def jobs(self, chosen: JobFilter | None = None) -> AsyncIterator[Job]:
        """Yield every job, or those that are chosen, in the order in which the server has them."""
        cursor: str | None = None
        while True:
            page = await self._run(
                self._flows.job_page(chosen or JobFilter(), limit=PAGE_SIZE, cursor=cursor)
            )
            for job in page.jobs:
                yield job
            cursor = page.cursor
            if cursor is None:
                return

    async def wait(
        self,
        job_id: str,
        *,
        timeout_seconds: float | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
        on_change: Callable[[Job], None] | None = None,
    ) -> Job:
        """Wait until a job has a transcript; raises JobFailed or JobCancelled if it gets none."""
        return await self._run(
            self._flows.wait(
                job_id,
                timeout_seconds=timeout_seconds,
                patience_seconds=patience_seconds,
                on_change=on_change,
            )
        )

    async def result(self, job_id: str, output_format: str = "srt") -> bytes:
        """Return a finished transcript in a format."""
        return await self._run(self._flows.result(job_id, output_format))

    async def cancel(self, job_id: str) -> Job:
        """Ask for a job's end; one that has ended stays as it is."""
        return await self._run(self._flows.cancel(job_id))

    async def suspend(self, job_id: str) -> Job:
        """Have a job wait until it is resumed."""
        return await self._run(self._flows.suspend(job_id))

    async def resume(self, job_id: str) -> Job:
        """Let a suspended job go on."""
        return await self._run(self._flows.resume(job_id))

    async def retry(self, job_id: str) -> Job:
        """Make a new job of the same recording, of one that has ended, and return it."""
        return await self._run(self._flows.retry(job_id))

    async def delete(self, job_id: str) -> None:
        """Remove a job that has ended, its recording and its transcripts."""
        await self._run(self._flows.delete(job_id))

    async def _run(self, flow: Flow[Answer]) -> Answer:
        async with AsyncExitStack() as streams:
            try:
                step = next(flow)
                while True:
                    try:
                        answer = await self._take(step, streams)
                    except WaasError as error:
                        step = flow.throw(error)
                    else:
                        step = flow.send(answer)
            except StopIteration as end:
                result: Answer = end.value
                return result

    async def _take(self, step: Step, streams: AsyncExitStack) -> Any:
        """Take one step of a flow and return its answer."""
        match step:
            case Pause(seconds):
                return await self._sleep(seconds)
            case Listen(call):
                return await streams.enter_async_context(self._listen(call))
            case Hear(stream):
                return await self._hear(stream)
            case Call():
                return await self._send(step)

    @asynccontextmanager
    async def _listen(self, call: Call[None]) -> AsyncIterator[AsyncIterator[bytes]]:
        request = self._http.build_request(
            call.method,
            call.path,
            headers=request_headers(call, self._login),
            timeout=STREAM_TIMEOUT,
        )
        with self._translated():
            response = await self._http.send(request, stream=True)
        try:
            if not response.is_success:
                with self._translated():
                    await response.aread()
            call.read(response)
            yield response.aiter_bytes()
        finally:
            await response.aclose()

    async def _hear(self, stream: Any) -> bytes | None:
        with self._translated():
            return await anext(stream, None)

    async def _send(self, call: Call[Any]) -> Any:
        pieces = call.recording.pieces_async(call.offset) if call.recording else None
        try:
            with self._translated(is_upload=call.recording is not None):
                response = await self._http.request(
                    call.method,
                    call.path,
                    params=call.query,
                    content=pieces,
                    headers=request_headers(call, self._login),
                    timeout=timeout_of(call),
                )
        finally:
            if pieces is not None:
                await pieces.aclose()
        return call.read(response)

    @contextmanager
    def _translated(self, *, is_upload: bool = False) -> Iterator[None]:
        """Raise our errors for the library's."""
        try:
            yield
        except httpx.HTTPError as error:
            raise translate_failure(error, self.server, is_upload=is_upload) from error
