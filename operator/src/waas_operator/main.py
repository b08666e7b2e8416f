"""Starts the operator: informer, resync and reconcilers around one queue."""

import asyncio
import logging
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from pydantic import ValidationError
from pydantic_settings import SettingsError

from waas_contract.log_lines import JsonLineFormatter
from waas_operator.cluster import KubernetesCluster
from waas_operator.control_loops import consume, notice, resync_forever
from waas_operator.errors import OperatorError
from waas_operator.health import Health, serve_health
from waas_operator.informer import run_informer
from waas_operator.keeping import KEEPERS, Keeper
from waas_operator.notifications import Notifier, Senders
from waas_operator.object_storage import MinioObjectStorage
from waas_operator.reconcile import Key, Reconciler
from waas_operator.seams import Cluster, ObjectStorage
from waas_operator.senders import build_senders
from waas_operator.settings import ENV_PREFIX, Settings
from waas_operator.work_queue import WorkQueue

logger = logging.getLogger(__name__)


class WatcherDied(OperatorError):
    """A watcher ended and Kopf will not start it again; only a new process sees all events."""


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


async def run_operator(
    settings: Settings,
    cluster: Cluster,
    object_storage: ObjectStorage,
    senders: Senders,
    *,
    clock: Callable[[], datetime] = _now,
) -> None:
    """Run until it is cancelled or a part of it dies."""
    queue: WorkQueue[Key] = WorkQueue()
    # Of their own, so that neither what expires nor a receiver that stalls keeps others waiting.
    ended_queue: WorkQueue[Key] = WorkQueue()
    notification_queue: WorkQueue[Key] = WorkQueue()
    reconciler = Reconciler(cluster, object_storage, settings, clock, hand_over=ended_queue.add)
    keeper = Keeper(cluster, object_storage, settings, clock, tell=notification_queue.add)
    notifier = Notifier(cluster, senders, settings, clock)
    health = Health(time.monotonic, settings.resync_seconds)
    probes = await serve_health(health, settings.health_port)
    dead_watcher: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def on_dead_watcher(message: str) -> None:
        if not dead_watcher.done():
            dead_watcher.set_result(message)

    async def fail_with_watcher() -> None:
        raise WatcherDied(await dead_watcher)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(settings.reconcile_concurrency):
                group.create_task(consume(queue, reconciler.reconcile))
            for _ in range(KEEPERS):
                group.create_task(consume(ended_queue, keeper.look_after))
            for _ in range(settings.notification_concurrency):
                group.create_task(consume(notification_queue, notifier.notify))
            group.create_task(resync_forever(settings, cluster, queue, health.note_round))
            group.create_task(fail_with_watcher())
            await run_informer(
                settings.job_namespaces,
                queue.add,
                lambda resource: notice(queue, ended_queue, resource, settings, clock()),
                on_dead_watcher,
            )
            # Kopf returns when the process is told to stop.
            raise asyncio.CancelledError
    finally:
        await probes.cleanup()


def configure_logging(level: str) -> None:
    """Send every log line to standard error as JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLineFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("kopf").setLevel(max(logging.WARNING, logging.getLevelName(level)))


async def _run(settings: Settings, senders: Senders) -> None:
    cluster = await KubernetesCluster.connect()
    try:
        await run_operator(settings, cluster, MinioObjectStorage.connect(settings), senders)
    finally:
        await cluster.close()


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
