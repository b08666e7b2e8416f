"""The loops around the reconcile: one takes keys from the queue, one puts them all back."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from waas_operator.errors import OperatorError, Refused
from waas_operator.reconcile import Key
from waas_operator.seams import Cluster
from waas_operator.settings import ReconcileSettings
from waas_operator.work_queue import WorkQueue

logger = logging.getLogger(__name__)

_RESYNC_RETRY_SECONDS = 5.0


async def consume(
    queue: WorkQueue[Key], reconcile: Callable[[Key], Awaitable[float | None]]
) -> None:
    """Reconcile one key after the other; one that fails is tried again later.

    What `reconcile` returns are the seconds until the key wants another look.
    """
    while True:
        key = await queue.get()
        try:
            next_look_seconds = await reconcile(key)
        except OperatorError as error:
            delay = queue.failed(key)
            logger.warning("%s/%s again in %.0f s: %s", key.namespace, key.name, delay, error)
        except Exception:
            # One bad resource must not stop the others.
            delay = queue.failed(key)
            logger.exception("%s/%s again in %.0f s", key.namespace, key.name, delay)
        else:
            queue.done(key)
            if next_look_seconds is not None:
                queue.add_after(key, next_look_seconds)


async def resync_forever(
    settings: ReconcileSettings,
    cluster: Cluster,
    queue: WorkQueue[Key],
    note_round: Callable[[], None],
) -> None:
    """Add every key that has not ended, time and again, for events can be missed."""
    while True:
        try:
            for namespace in settings.job_namespaces:
                await _add_all(namespace, cluster, queue)
        except OperatorError as error:
            logger.warning("cannot list TranscriptionJobs: %s", error)
            await asyncio.sleep(_RESYNC_RETRY_SECONDS)
        else:
            note_round()
            await asyncio.sleep(settings.resync_seconds)


async def _add_all(namespace: str, cluster: Cluster, queue: WorkQueue[Key]) -> None:
    try:
        async for name in cluster.list_unfinished(namespace):
            queue.add(Key(namespace, name))
    except Refused as error:
        # One tenant's namespace must not keep the others waiting.
        logger.error("%s is not served: %s", namespace, error)
