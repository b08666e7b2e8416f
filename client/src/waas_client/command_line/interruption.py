"""What Ctrl-C does: it asks whether to cancel what is under way; pressed again, it leaves."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import Any

from waas_client.command_line.batch import Batch
from waas_client.command_line.exit_codes import ExitCode
from waas_client.command_line.inputs import Input

Ask = Callable[[str], Awaitable[str]]


class Choice(Enum):
    """What a person wants who pressed Ctrl-C."""

    GO_ON = auto()
    CANCEL = auto()
    LEAVE = auto()


class Interruption:
    """Ctrl-C as a question."""

    def __init__(self, ask: Ask | None) -> None:
        self._ask = ask
        """Puts a question to the person; None where nobody is there to answer."""

        self._presses: asyncio.Queue[None] = asyncio.Queue()

    def press(self) -> None:
        """Take note of Ctrl-C."""
        self._presses.put_nowait(None)

    async def wait(self) -> None:
        """Wait for Ctrl-C."""
        await self._presses.get()

    async def comes_before_the_end_of(self, work: asyncio.Future[Any]) -> bool:
        """Wait for some work or for Ctrl-C, and tell whether that came first."""
        pressing = asyncio.create_task(self.wait())
        await asyncio.wait({work, pressing}, return_when=asyncio.FIRST_COMPLETED)
        await stop(pressing)
        return not work.done()

    async def decide(self, question: str) -> Choice:
        """Return what the person wants; Ctrl-C in place of an answer means to leave."""
        if self._ask is None:
            return Choice.LEAVE
        asking = asyncio.ensure_future(self._ask(question))
        if await self.comes_before_the_end_of(asking):
            await stop(asking)
            return Choice.LEAVE
        return Choice.CANCEL if asking.result().strip().lower() in ("y", "yes") else Choice.GO_ON

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take Ctrl-C for as long as the context lasts."""
        loop = asyncio.get_running_loop()
        try:
            loop.add_signal_handler(signal.SIGINT, self.press)
        except NotImplementedError:
            # Windows: Ctrl-C ends the command at once there.
            yield
            return
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGINT)


async def stop(work: asyncio.Future[Any]) -> None:
    """Cancel some work and wait until it has ended; what it came to is nobody's concern."""
    work.cancel()
    await asyncio.wait({work})


async def ask_on_terminal(question: str) -> str:
    """Write a question to standard error and return the line that is typed."""
    sys.stderr.write(question)
    sys.stderr.flush()
    loop = asyncio.get_running_loop()
    is_typed = asyncio.Event()
    # A thread that reads could not be stopped when Ctrl-C comes in place of an answer.
    loop.add_reader(sys.stdin, is_typed.set)
    try:
        await is_typed.wait()
        return sys.stdin.readline()
    finally:
        loop.remove_reader(sys.stdin)


def choose_ask() -> Ask | None:
    """Return how a person is asked, or None if nobody sits at a terminal."""
    return ask_on_terminal if sys.stdin.isatty() and sys.stderr.isatty() else None


async def run_until_interrupted(
    batch: Batch, inputs: AsyncIterator[Input], interruption: Interruption, *, is_local: bool
) -> ExitCode:
    """Run a batch to its end or to where Ctrl-C ends it, and return the exit code."""
    work = asyncio.create_task(batch.run(inputs))
    try:
        while await interruption.comes_before_the_end_of(work):
            if not batch.jobs:
                # It watches a folder in which nothing happens.
                return batch.conclude()
            with batch.display.paused():
                choice = await interruption.decide(_question(len(batch.jobs), is_local=is_local))
            if work.done() or choice is Choice.GO_ON:
                # While the question stood, everything may have come to its end.
                continue
            if not batch.jobs:
                return batch.conclude()
            await stop(work)
            await _end(batch, interruption, choice, is_local=is_local)
            return ExitCode.INTERRUPTED
        await work
        return batch.conclude()
    finally:
        await stop(work)


def _question(count: int, *, is_local: bool) -> str:
    what = "the transcription" if count == 1 else f"the {count} transcriptions"
    leave = "stops them" if is_local else "leaves them to the server"
    return f"Cancel {what} under way? [y/N] (Ctrl-C again {leave}) "


async def _end(batch: Batch, interruption: Interruption, choice: Choice, *, is_local: bool) -> None:
    if is_local:
        batch.display.say("Stopped: nothing of what was under way is kept.")
        return
    if choice is Choice.CANCEL:
        cancelling = asyncio.create_task(batch.cancel_jobs())
        if not await interruption.comes_before_the_end_of(cancelling):
            batch.display.say("Cancelled.")
            return
        await stop(cancelling)
    for each, job in batch.jobs.items():
        if job is not None:
            batch.display.say(
                f"{each.name}: still with the server; fetch it by: waas download {job.id}"
            )
