"""The loops around the reconcile: one takes keys from the queue, one puts them all back.

What has ended is never listed again: whoever sees it, once at the start and at each change, says so
by `notice`, which reads from the resource itself when it is to be looked at next, and asks nobody.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime

from waas_contract.reading import UnreadableTranscriptionJob, read_transcription_job
from waas_operator.errors import (
    ClusterUnavailable,
    Conflict,
    NamespaceAppeared,
    OperatorError,
    Refused,
    StorageUnavailable,
    Unreadable,
)
from waas_operator.reconcile import Key
from waas_operator.retention import Upkeep, decide_retention
from waas_operator.seams import Cluster, Resource
from waas_operator.settings import ReconcileSettings
from waas_operator.sightings import Sightings
from waas_operator.work_queue import WorkQueue

logger = logging.getLogger(__name__)

_RESYNC_RETRY_SECONDS = 5.0
_LONGEST_OUTAGE_DELAY_SECONDS = 60.0


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
            delay = queue.failed(key, longest_seconds=_longest_delay(error))
            logger.warning("%s/%s again in %.0f s: %s", key.namespace, key.name, delay, error)
        except Exception:
            # One bad resource must not stop the others.
            delay = queue.failed(key)
            logger.exception("%s/%s again in %.0f s", key.namespace, key.name, delay)
        else:
            queue.done(key)
            if next_look_seconds is not None:
                queue.add_after(key, next_look_seconds)


def _longest_delay(error: OperatorError) -> float | None:
    """Return the most seconds for which a key is left alone; None for the queue's own."""
    if isinstance(error, Refused):
        return error.next_look_seconds
    # Not the key's fault: nothing shall rest for long because of what was over long ago.
    is_outage = isinstance(error, ClusterUnavailable | StorageUnavailable | Conflict)
    return _LONGEST_OUTAGE_DELAY_SECONDS if is_outage else None


async def choose_namespaces(settings: ReconcileSettings, cluster: Cluster) -> tuple[str, ...]:
    """Return the namespaces that can be served now, as soon as there is one.

    A watcher that is refused ends the process. So a tenant's namespace that was deleted, or whose
    rights went, must not be watched, or it would keep all the others waiting.
    """
    while True:
        try:
            served = [
                namespace
                for namespace in settings.job_namespaces
                if await _may_be_listed(namespace, cluster)
            ]
        except OperatorError as error:
            logger.warning("cannot list TranscriptionJobs: %s", error)
        else:
            if served:
                return tuple(served)
        await asyncio.sleep(_RESYNC_RETRY_SECONDS)


async def _may_be_listed(namespace: str, cluster: Cluster) -> bool:
    try:
        async for _ in cluster.list_unfinished(namespace):
            break
    except Refused as error:
        logger.error("%s is not served: %s", namespace, error)
        return False
    return True


async def resync_forever(
    settings: ReconcileSettings,
    cluster: Cluster,
    queue: WorkQueue[Key],
    note_round: Callable[[], None],
    watched: Collection[str] | None = None,
) -> None:
    """Add every key that has not ended, time and again, for events can be missed.

    Raises NamespaceAppeared where one can be served that is not among those that are watched.
    """
    while True:
        try:
            for namespace in settings.job_namespaces:
                is_served = await _add_all(namespace, cluster, queue)
                if is_served and watched is not None and namespace not in watched:
                    raise NamespaceAppeared(f"{namespace} can be served now, which takes a restart")
        except NamespaceAppeared:
            raise
        except OperatorError as error:
            logger.warning("cannot list TranscriptionJobs: %s", error)
            await asyncio.sleep(_RESYNC_RETRY_SECONDS)
        else:
            note_round()
            await asyncio.sleep(settings.resync_seconds)


async def _add_all(namespace: str, cluster: Cluster, queue: WorkQueue[Key]) -> bool:
    """Add the keys of a namespace; tells whether it is served."""
    try:
        async for name in cluster.list_unfinished(namespace):
            queue.add(Key(namespace, name))
    except Refused as error:
        # One tenant's namespace must not keep the others waiting.
        logger.error("%s is not served: %s", namespace, error)
        return False
    return True
