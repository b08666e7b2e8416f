"""How the process ends: in order when it is told to, at once when another may act.

Told to stop, it takes no new key, finishes those in hand, and gives the Lease away before its
watches have ended, so that another goes on within seconds.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Coroutine, Hashable, Sequence
from typing import Any, TypeVar

from waas_operator.errors import LeadershipLost
from waas_operator.leadership import Leadership
from waas_operator.work_queue import WorkQueue

logger = logging.getLogger(__name__)

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")

_FINISH_SECONDS = 10.0
"""For the reconciles in hand. With Kopf's own end it fits into a pod's grace period of 30."""

_LOSS_SECONDS = 3.0
"""From the loss of the Lease to the end of the process: less than from a holder's deadline to the
moment from which others may take over."""


def take_signals(stop: asyncio.Event) -> None:
    """Have SIGTERM and SIGINT set `stop` instead of ending the process."""
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)


async def comes_first(work: Coroutine[Any, Any, Result], stop: asyncio.Event) -> Result | None:
    """Return what some work comes to; None if it is time to stop before."""
    task, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        stopped.cancel()


async def hold_or_die(leadership: Leadership) -> None:
    """Keep the Lease; where that fails the process ends soon, whatever hangs in it."""
    try:
        await leadership.hold()
    except LeadershipLost:
        asyncio.get_running_loop().call_later(_LOSS_SECONDS, os._exit, 1)
        raise


async def finish(
    queue: WorkQueue[Key], actors: Sequence[asyncio.Task[None]], leadership: Leadership | None
) -> None:
    """Finish what is in hand, end the actors, then let another act."""
    try:
        await asyncio.wait_for(queue.drain(), _FINISH_SECONDS)
    except TimeoutError:
        logger.warning("some reconciles took too long to end; they are repeated elsewhere")
    for actor in actors:
        actor.cancel()
    await asyncio.gather(*actors, return_exceptions=True)
    if leadership:
        await leadership.release()
