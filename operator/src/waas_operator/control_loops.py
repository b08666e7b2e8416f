"""The loops around the reconcile: one takes keys from the queue, one puts them all back.

What has ended is never listed again: whoever sees it, once at the start and at each change, says so
by `notice`, which reads from the resource itself when it is to be looked at next, and asks nobody.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from waas_contract.reading import UnreadableTranscriptionJob, read_transcription_job
from waas_operator.errors import OperatorError, Refused, Unreadable
from waas_operator.reconcile import Key
from waas_operator.retention import Upkeep, decide_retention
from waas_operator.seams import Cluster, Resource
from waas_operator.settings import ReconcileSettings
from waas_operator.sightings import Sightings
from waas_operator.work_queue import WorkQueue

logger = logging.getLogger(__name__)

_RESYNC_RETRY_SECONDS = 5.0


def notice(
    queue: WorkQueue[Key],
    ended_queue: WorkQueue[Key],
    resource: Resource,
    settings: ReconcileSettings,
    now: datetime,
    sightings: Sightings | None = None,
) -> None:
    """Queue a TranscriptionJob that was seen: for now, or until its time to live is over.

    What has ended has a queue of its own, so that live work never waits behind it.
    """
    key = Key(resource["metadata"]["namespace"], resource["metadata"]["name"])
    try:
        transcription_job = read_transcription_job(resource)
    except UnreadableTranscriptionJob:
        # The reconcile says what is wrong with it.
        queue.add(key)
        return
    if not transcription_job.phase.is_final:
        if sightings is None or sightings.see(transcription_job):
            queue.add(key)
        return
    if sightings is not None:
        sightings.forget(key.namespace, key.name)
    retention = decide_retention(
        transcription_job, default_ttl_seconds=settings.default_ttl_seconds, now=now
    )
    if retention.upkeep is not Upkeep.KEEP:
        ended_queue.add(key)
    elif retention.next_look_seconds is not None:
        ended_queue.add_after(key, retention.next_look_seconds)


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
        except Unreadable as error:
            # The same read again says the same: its next change queues it, and one that has not
            # ended is listed time and again.
            queue.done(key)
            logger.warning("%s/%s waits until it changes: %s", key.namespace, key.name, error)
        except OperatorError as error:
            longest = error.next_look_seconds if isinstance(error, Refused) else None
            delay = queue.failed(key, longest_seconds=longest)
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
