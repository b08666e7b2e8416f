"""Transcribes many recordings at once: a few are uploaded at a time, all are waited for."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from waas_client.answers import Job
from waas_client.async_client import AsyncClient
from waas_client.command_line.exit_codes import CommandError, ExitCode, combine, exit_code_of
from waas_client.command_line.inputs import Input
from waas_client.command_line.outputs import already_there, write_output
from waas_client.command_line.showing.news import Display, News, Stage
from waas_client.command_line.web_addresses import fetch
from waas_client.errors import ServerBusy, WaasError
from waas_client.requests import JobOptions

_MOST_UNDER_WAY = 500
"""Jobs that are waited for at once; a server that takes many into one process has use for them."""

_MOST_UNDER_WAY_PRIVATELY = 64
"""The same where this machine keeps them all: more than one program takes, and little on the disk.

Each is there twice as long as it is under way, so that one that is not small takes more places.
"""

_SMALL_BYTES = 8 * 1024 * 1024
_PLACES_OF_ONE_NOT_SMALL = 4

_PASSING = (ExitCode.UNAVAILABLE, ExitCode.TRY_LATER)
"""What another try may find changed."""

_NO_PLACE = "too-many-uploads"
_MOST_TRIES = 5
_USUAL_PAUSE_SECONDS = 60.0


@dataclass(frozen=True)
class Plan:
    """How all recordings of a batch are transcribed."""

    options: JobOptions
    formats: tuple[str, ...]
    overwrite: bool = False
    is_private: bool = False
    """Whether nobody else sees the server's jobs, so that each may go once it is done with."""

    uploads_at_once: int = 4
    largest_download_bytes: int = 4 * 1024**3
    web: httpx.AsyncBaseTransport | None = None
    """What recordings are fetched from the web with; None for the web itself."""


@dataclass
class Batch:
    """Recordings on their way to their transcripts."""

    client: AsyncClient
    plan: Plan
    display: Display
    jobs: dict[Input, Job | None] = field(default_factory=dict)
    """The recordings that are under way, with their jobs once they are sent."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ends: dict[Input, tuple[Stage, ExitCode]] = field(default_factory=dict)
    """What the last try of each recording came to."""

    to_try_again: set[Path] = field(default_factory=set)
    """Recordings for which the server was away or busy; whoever has the time tries them again."""

    async def run(self, inputs: AsyncIterator[Input]) -> None:
        """Transcribe all inputs; what goes wrong with one does not touch the others."""
        uploads = asyncio.Semaphore(self.plan.uploads_at_once)
        places = asyncio.Semaphore(
            _MOST_UNDER_WAY_PRIVATELY if self.plan.is_private else _MOST_UNDER_WAY
        )

        async def transcribe(each: Input, count: int) -> None:
            try:
                await self._transcribe(each, uploads)
            finally:
                for _ in range(count):
                    places.release()

        async with asyncio.TaskGroup() as group:
            async for each in inputs:
                count = _count_places(each) if self.plan.is_private else 1
                for _ in range(count):
                    await places.acquire()
                self.jobs[each] = None
                group.create_task(transcribe(each, count))

    async def _transcribe(self, each: Input, uploads: asyncio.Semaphore) -> None:
        try:
            formats = self._choose_formats(each)
            news = await self._process(each, uploads, formats) if formats else self._skip(each)
        except WaasError as error:
            code = exit_code_of(error)
            job = self.jobs.get(each)
            news = News(each, Stage.FAILED, job=job, message=str(error), exit_code=code)
        job = self.jobs.pop(each, None)
        if job is not None and self.plan.is_private:
            with suppress(WaasError):
                await self.client.delete(job.id)
        if each.path is not None and news.exit_code in _PASSING:
            self.to_try_again.add(each.path)
        self.ends[each] = news.stage, ExitCode(news.exit_code)
        self.display.show(news)

    def _choose_formats(self, each: Input) -> tuple[str, ...]:
        """Return, before anything is sent, the formats to write; CommandError if it may not be.

        Who gives a folder again wants what is new, and what an interruption left unwritten.
        """
        formats = self.plan.formats
        if self.plan.overwrite:
            return formats
        try:
            missing = each.missing(formats)
        except OSError as error:
            raise CommandError(
                f"{each.folder} cannot be looked into: {error.strerror}.", ExitCode.CANNOT_WRITE
            ) from error
        if not each.is_found and missing != formats:
            raise already_there(next(each.output(name) for name in formats if name not in missing))
        return missing

    def _skip(self, each: Input) -> News:
        first = each.output(self.plan.formats[0])
        return News(each, Stage.SKIPPED, message=f"{first} is there already")

    async def _process(
        self, each: Input, uploads: asyncio.Semaphore, formats: tuple[str, ...]
    ) -> News:
        async with uploads:
            job = await self._send(each)
        self.jobs[each] = job
        job = await self.client.wait(job.id, on_change=lambda seen: self._show_job(each, seen))
        outputs = each.outputs(formats)
        # All are here before the first is written: half a set is nobody's wish.
        contents = [await self.client.result(job.id, each_format) for each_format in formats]
        for path, content in zip(outputs, contents, strict=True):
            await asyncio.to_thread(write_output, path, content, overwrite=self.plan.overwrite)
        return News(each, Stage.DONE, job=job, outputs=outputs)

    async def _send(self, each: Input) -> Job:
        if each.path is not None:
            return await self._upload(each, each.path, each.path.name)
        assert each.address is not None
        with _temporary_folder() as folder:
            path = Path(folder, "recording")
            await fetch(
                each.address,
                path,
                largest_bytes=self.plan.largest_download_bytes,
                on_progress=self._progress_of(each, Stage.FETCHING),
                transport=self.plan.web,
            )
            name = Path(httpx.URL(each.address).path).name
            return await self._upload(each, path, name or each.stem)

    async def _upload(self, each: Input, path: Path, file_name: str) -> Job:
        """Send a recording, again where others' uploads took all of the server's places."""
        for _ in range(_MOST_TRIES - 1):
            try:
                return await self._upload_once(each, path, file_name)
            except ServerBusy as error:
                if error.problem != _NO_PLACE:
                    raise
                await self.sleep(error.retry_after_seconds or _USUAL_PAUSE_SECONDS)
        return await self._upload_once(each, path, file_name)

    async def _upload_once(self, each: Input, path: Path, file_name: str) -> Job:
        self.display.show(News(each, Stage.UPLOADING, 0.0))
        return await self.client.submit(
            path,
            self.plan.options,
            file_name=file_name,
            on_progress=self._progress_of(each, Stage.UPLOADING),
        )

    def _progress_of(self, each: Input, stage: Stage) -> Callable[[int, int | None], None]:
        def show(done: int, total: int | None) -> None:
            self.display.show(News(each, stage, done / total if total else None))

        return show

    def _show_job(self, each: Input, job: Job) -> None:
        if job.is_final:
            return
        stage = Stage.TRANSCRIBING if job.is_running else Stage.WAITING
        self.display.show(News(each, stage, job.fraction_done if job.is_running else None, job=job))

    async def cancel_jobs(self) -> None:
        """Ask for the end of everything that is under way."""

        async def cancel(job: Job) -> None:
            with suppress(WaasError):
                await self.client.cancel(job.id)

        await asyncio.gather(*(cancel(job) for job in self.jobs.values() if job is not None))

    def conclude(self) -> ExitCode:
        """Tell how it all went and return what the command ends with."""
        stages = [stage for stage, _ in self.ends.values()]
        self.display.conclude(
            done=stages.count(Stage.DONE),
            skipped=stages.count(Stage.SKIPPED),
            failed=stages.count(Stage.FAILED),
        )
        return combine([code for _, code in self.ends.values()])


def _count_places(each: Input) -> int:
    """Return how many of the places a recording takes; how long it is on the web nobody knows."""
    try:
        is_small = each.path is not None and each.path.stat().st_size <= _SMALL_BYTES
    except OSError:
        is_small = True  # Its turn tells why nobody may look.
    return 1 if is_small else _PLACES_OF_ONE_NOT_SMALL


def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix="waas-", ignore_cleanup_errors=True)
    except OSError as error:
        raise CommandError(
            f"There is no room for a download: {error.strerror}.", ExitCode.CANNOT_WRITE
        ) from error
