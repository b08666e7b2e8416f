"""Starts the operator: informer, resync and reconcilers around one queue."""

import asyncio
import gc
import logging
import os
import secrets
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from pydantic import ValidationError
from pydantic_settings import SettingsError

from waas_contract.job_status import TranscriptionJobStatus
from waas_contract.log_lines import JsonLineFormatter
from waas_contract.transcription_job import TranscriptionJob
from waas_operator.cluster import KubernetesCluster
from waas_operator.control_loops import choose_namespaces, consume, notice, resync_forever
from waas_operator.errors import OperatorError
from waas_operator.event_recorder import EventRecorder
from waas_operator.health import Health, serve_health
from waas_operator.informer import run_informer
from waas_operator.keeping import KEEPERS, Keeper
from waas_operator.leadership import Candidate, Leadership
from waas_operator.metrics import Metrics
from waas_operator.notifications import Notifier, Senders
from waas_operator.object_storage import MinioObjectStorage
from waas_operator.reconcile import Key, Reconciler
from waas_operator.seams import ObjectStorage
from waas_operator.senders import build_senders
from waas_operator.settings import ENV_PREFIX, Settings
from waas_operator.shutdown import comes_first, finish, hold_or_die, take_signals
from waas_operator.tracing import JobTraces
from waas_operator.work_queue import WorkQueue

logger = logging.getLogger(__name__)

_OBJECTS_BETWEEN_COLLECTIONS = 10_000


class WatcherDied(OperatorError):
    """A watcher ended and Kopf will not start it again; only a new process sees all events."""


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


async def run_operator(
    settings: Settings,
    cluster: KubernetesCluster,
    object_storage: ObjectStorage,
    senders: Senders,
    *,
    leadership: Leadership | None = None,
    metrics: Metrics | None = None,
    traces: JobTraces | None = None,
    clock: Callable[[], datetime] = _now,
) -> None:
    """Run until the process is told to stop or a part of it dies."""
    queue: WorkQueue[Key] = WorkQueue()
    # Of their own, so that neither what expires nor a receiver that stalls keeps others waiting.
    ended_queue: WorkQueue[Key] = WorkQueue()
    notification_queue: WorkQueue[Key] = WorkQueue()
    metrics = metrics or Metrics()
    metrics.follow_queue(queue)
    metrics.follow_leadership(lambda: leadership is None or leadership.is_held)
    events = EventRecorder(cluster, settings.lease_identity, clock, metrics.note_dropped_event)

    def note_status(job: TranscriptionJob, status: TranscriptionJobStatus) -> None:
        metrics.note_status(job, status)
        events.note_status(job, status)
        if traces:
            traces.note_status(job, status)

    reconciler = Reconciler(
        cluster,
        object_storage,
        settings,
        clock,
        # What has ended is handed over by the event of its last status, which shows it whole.
        note_status=note_status,
    )
    reconcile = metrics.measure(reconciler.reconcile)
    keeper = Keeper(cluster, object_storage, settings, clock, tell=notification_queue.add)
    notifier = Notifier(cluster, senders, settings, clock)
    health = Health(time.monotonic, settings.resync_seconds)
    stop, is_over = asyncio.Event(), asyncio.Event()
    take_signals(stop)
    probes = await serve_health(health, settings.health_port, metrics.render)
    dead_watcher: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def on_dead_watcher(message: str) -> None:
        if not dead_watcher.done():
            dead_watcher.set_result(message)

    async def fail_with_watcher() -> None:
        raise WatcherDied(await dead_watcher)

    try:
        namespaces = await comes_first(
            _prepare(settings, cluster, leadership, health.note_round), stop
        )
        if namespaces is None:
            return
        async with asyncio.TaskGroup() as group:
            actors = [
                group.create_task(consume(queue, reconcile))
                for _ in range(settings.reconcile_concurrency)
            ]
            if leadership:
                actors.append(group.create_task(hold_or_die(leadership)))
            for _ in range(KEEPERS):
                group.create_task(consume(ended_queue, keeper.look_after))
            for _ in range(settings.notification_concurrency):
                group.create_task(consume(notification_queue, notifier.notify))
            group.create_task(
                resync_forever(settings, cluster, queue, health.note_round, namespaces)
            )
            group.create_task(fail_with_watcher())
            group.create_task(events.write_forever())
            informer = group.create_task(
                run_informer(
                    namespaces,
                    queue.add,
                    lambda resource: notice(
                        queue, ended_queue, resource, settings, clock(), cluster.sightings
                    ),
                    cluster.sightings,
                    on_dead_watcher,
                    is_over,
                    lambda: take_signals(stop),
                    metrics.note_event,
                )
            )
            informer.add_done_callback(lambda _: stop.set())
            await stop.wait()
            await finish(queue, actors, leadership)
            is_over.set()
            await informer
            raise asyncio.CancelledError
    finally:
        await probes.cleanup()


async def _prepare(
    settings: Settings,
    cluster: KubernetesCluster,
    leadership: Leadership | None,
    note_look: Callable[[], None],
) -> tuple[str, ...]:
    """Return the namespaces to watch, once this process may act."""
    namespaces = await choose_namespaces(settings, cluster)
    if leadership:
        await leadership.acquire(note_look)
    return namespaces


def build_leadership(settings: Settings, cluster: KubernetesCluster) -> Leadership | None:
    """Return a candidate for the Lease that the settings name; None where they name none."""
    if settings.lease_name is None:
        return None
    # A container that starts anew in the same pod is another process, which has to wait as well.
    identity = f"{settings.lease_identity}_{secrets.token_hex(4)}"
    candidate = Candidate(settings.lease_name, settings.lease_namespace, identity)
    return Leadership(cluster, candidate, monotonic=time.monotonic, clock=lambda: datetime.now(UTC))


def configure_logging(level: str) -> None:
    """Send every log line to standard error as JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLineFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("kopf").setLevel(max(logging.WARNING, logging.getLevelName(level)))


def spare_garbage_collection() -> None:
    """Have it pass over the modules, which stay for good, and look at the rest less often.

    It took a twelfth of a job's time, and found next to nothing: few objects here are in a cycle.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)


async def _run(settings: Settings, senders: Senders) -> None:
    cluster = await KubernetesCluster.connect()
    object_storage = MinioObjectStorage.connect(settings)
    metrics = Metrics()
    traces = JobTraces.connect(os.environ)
    cluster.api_server.note_request = metrics.note_request
    object_storage.note_request = metrics.note_storage_request
    leadership = build_leadership(settings, cluster)
    if leadership:
        cluster.api_server.guard = object_storage.guard = leadership.ensure
    try:
        await run_operator(
            settings,
            cluster,
            object_storage,
            senders,
            leadership=leadership,
            metrics=metrics,
            traces=traces,
        )
    finally:
        await cluster.close()
        if traces:
            await asyncio.to_thread(traces.close)


def explain_settings(error: ValidationError | SettingsError) -> str:
    """Return which variables do not fit and why, without what they hold."""
    if isinstance(error, SettingsError):
        return str(error)
    return "; ".join(
        f"{_name_variable('.'.join(map(str, each['loc'])))}: {each['msg']}".removeprefix(": ")
        for each in error.errors(include_input=False)
    )


def _name_variable(location: str) -> str:
    name = location.upper()
    if not name or name.startswith(ENV_PREFIX):
        return name
    return f"{ENV_PREFIX}{name}"


def main() -> int:
    """Run the operator with settings from the environment; returns the exit code."""
    try:
        settings = Settings()
        senders = build_senders(settings)
    except (ValidationError, SettingsError) as error:
        sys.stderr.write(f"waas-operator: the settings do not fit: {explain_settings(error)}\n")
        return 78
    except ValueError as error:
        sys.stderr.write(f"waas-operator: {error}\n")
        return 78
    configure_logging(settings.log_level)
    spare_garbage_collection()
    try:
        asyncio.run(_run(settings, senders))
    except (asyncio.CancelledError, KeyboardInterrupt):
        return 0
    except ExceptionGroup as group:
        logger.critical("stopped: %s", "; ".join(str(error) for error in group.exceptions))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
