"""Watches the cluster with Kopf and turns every event into a key to reconcile.

Kopf is used as an informer only: its handlers queue a key and return, so that none of its state
(annotations, finalizers, progress) is ever written. What it is known not to do itself is done here
or by the resync loop: it tells nothing of what was deleted while it was away, and it is slow or
worse to end when one of its watchers dies. (Kopf 1.44 lived on deaf; 1.45.2 ends after five seconds
without the watcher's name: https://github.com/nolar/kopf/issues/1276.)
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import kopf

from waas_contract.names import JOB_LABEL_SELECTOR, TRANSCRIPTION_JOB_LABEL
from waas_contract.transcription_job import (
    GROUP,
    PLURAL,
    VERSION,
)
from waas_operator.observation import is_finished_job, observe_pod, trim_job
from waas_operator.reconcile import Key
from waas_operator.seams import Resource
from waas_operator.sightings import Sightings

ORCHESTRATION_LOGGER = "kopf._core.reactor.orchestration"
_PAGE_SIZE = 500
_IDENTITY = "waas-operator"


class DeadWatcherHandler(logging.Handler):
    """Calls back when Kopf logs that a watcher has failed or ended, the only sign that it gives."""

    def __init__(self, on_dead_watcher: Callable[[str], None]) -> None:
        """Take what to do about it."""
        super().__init__(level=logging.WARNING)
        self._on_dead_watcher = on_dead_watcher

    def emit(self, record: logging.LogRecord) -> None:
        """Look at one line of Kopf's orchestrator."""
        message = record.getMessage()
        if message.startswith("Watcher for "):
            self._on_dead_watcher(message)


class NoDiffBase(kopf.DiffBaseStorage):
    """Keeps nothing: no handler asks what changed, and each event would be copied to find out."""

    def build(self, **_: Any) -> kopf.BodyEssence:
        """Return that there is nothing to compare."""
        return kopf.BodyEssence()

    def fetch(self, **_: Any) -> kopf.BodyEssence | None:
        """Return that nothing was compared before."""
        return None

    def store(self, **_: Any) -> None:
        """Write nothing."""


def build_kopf_settings() -> kopf.OperatorSettings:
    """Return Kopf's settings; each differs from the default for the reason beside it."""
    settings = kopf.OperatorSettings()
    settings.peering.standalone = True  # no wall-clock peering; writes are safe to repeat
    settings.scanning.disabled = True  # needs no right to watch CRDs and namespaces
    settings.watching.server_timeout = 300  # a clean new watch every few minutes
    settings.watching.client_timeout = 330  # later than the server's own end
    settings.watching.connect_timeout = 10
    settings.watching.reconnect_backoff = 1.0  # gentle on an API server that comes back
    settings.watching.chunk_size = _PAGE_SIZE
    settings.watching.label_selectors["batch", "v1", "jobs"] = JOB_LABEL_SELECTOR
    settings.watching.label_selectors["", "v1", "pods"] = JOB_LABEL_SELECTOR
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 5
    # Enough for an API server that starts (it refuses everybody at first, 403), after which a
    # watcher dies and the process with it; and nothing is deaf for long once the server is back.
    settings.networking.error_backoffs = [1, 2, 3, 5, 8]
    settings.queueing.worker_limit = None  # handlers only add keys
    settings.queueing.idle_timeout = 0.1  # a task for each object would wait for seconds else
    settings.persistence.diffbase_storage = NoDiffBase()
    settings.posting.enabled = False  # no events from log lines
    settings.process.ultimate_exiting_timeout = 25  # within the pod's grace period
    return settings


NoteEvent = Callable[[str, str | None, Resource], None]
"""Is told of each event: the plural name, the event's type (None: listed) and the object."""


def build_registry(
    add: Callable[[Key], None],
    notice: Callable[[Resource], None],
    sightings: Sightings,
    note_event: NoteEvent = lambda *_: None,
) -> kopf.OperatorRegistry:
    """Return the handlers: a TranscriptionJob is noticed, an event of its children adds its key.

    What has ended keeps its children for a day, and all of them are listed at each start: they add
    no key. Where a child is seen before its owner, the owner's own event adds it. Nor does an event
    that shows nothing new of what decisions hang on: most of a Job's and a pod's are of that kind.

    They are coroutines, which Kopf runs in the event loop, where the queue is; functions would run
    in threads.
    """
    registry = kopf.OperatorRegistry()

    def log_in(**kwargs: Any) -> kopf.ConnectionInfo | None:
        return kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)

    async def on_transcription_job(
        type: str | None,  # Kopf's name
        body: kopf.Body,
        namespace: str | None,
        name: str | None,
        **_: Any,
    ) -> None:
        if not (namespace and name):
            return
        note_event(PLURAL, type, dict(body))
        if type == "DELETED":
            sightings.forget(namespace, name)
            add(Key(namespace, name))
        else:
            notice(dict(body))

    def find_owner(namespace: str | None, labels: kopf.Labels) -> Key | None:
        owner = labels.get(TRANSCRIPTION_JOB_LABEL)
        if namespace and owner and sightings.is_live(namespace, owner):
            return Key(namespace, owner)
        return None

    async def on_job(
        type: str | None,
        body: kopf.Body,
        namespace: str | None,
        labels: kopf.Labels,
        **_: Any,
    ) -> None:
        note_event("jobs", type, {})
        owner = find_owner(namespace, labels)
        if owner and _see_job(sightings, owner, type, dict(body)):
            add(owner)

    async def on_pod(
        type: str | None,
        body: kopf.Body,
        namespace: str | None,
        labels: kopf.Labels,
        **_: Any,
    ) -> None:
        note_event("pods", type, {})
        owner = find_owner(namespace, labels)
        if owner and _see_pod(sightings, owner, type, dict(body)):
            add(owner)

    kopf.on.login(registry=registry)(log_in)
    kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)(on_transcription_job)
    kopf.on.event("batch", "v1", "jobs", registry=registry)(on_job)
    kopf.on.event("", "v1", "pods", registry=registry)(on_pod)
    return registry


def _see_job(sightings: Sightings, owner: Key, event_type: str | None, job: Resource) -> bool:
    """Note what an event shows of a Job; tells whether it is news."""
    name, place = job["metadata"]["name"], (owner.namespace, owner.name)
    if event_type == "DELETED":
        sightings.forget_job(owner.namespace, name)
        sightings.forget_child(place, f"jobs/{name}")
        return True
    trimmed = trim_job(job)
    if event_type == "ADDED" and trimmed["spec"]["suspend"]:
        # Whatever comes next is news: it is in a queue, of which no status tells yet.
        return False
    if is_finished_job(job):
        sightings.see_finished_job(owner.namespace, name, trimmed)
    is_news = sightings.see_child(place, f"jobs/{name}", repr(trimmed))
    # What appears (listed ones have no type) is what the operator itself has just made.
    return is_news and event_type != "ADDED"


def _see_pod(sightings: Sightings, owner: Key, event_type: str | None, pod: Resource) -> bool:
    """Note what an event shows of a pod; tells whether it is news."""
    name, place = pod["metadata"]["name"], (owner.namespace, owner.name)
    if event_type == "DELETED":
        sightings.forget_child(place, f"pods/{name}")
        return True
    return sightings.see_child(place, f"pods/{name}", observe_pod(pod))


async def run_informer(
    namespaces: Sequence[str],
    add: Callable[[Key], None],
    notice: Callable[[Resource], None],
    sightings: Sightings,
    on_dead_watcher: Callable[[str], None],
    stop: asyncio.Event,
    take_signals: Callable[[], None],
    note_event: NoteEvent,
) -> None:
    """Watch the namespaces until it is told to stop; `take_signals` undoes that Kopf took them."""
    handler = DeadWatcherHandler(on_dead_watcher)
    orchestration_logger = logging.getLogger(ORCHESTRATION_LOGGER)
    orchestration_logger.addHandler(handler)
    try:
        registry = build_registry(add, notice, sightings, note_event)

        async def on_startup(**_: Any) -> None:
            take_signals()

        kopf.on.startup(registry=registry)(on_startup)
        await kopf.operator(
            registry=registry,
            settings=build_kopf_settings(),
            namespaces=list(namespaces),
            standalone=True,
            stop_flag=stop,
            # Kopf would look up the name of the process's user, and a container's has none.
            identity=_IDENTITY,  # type: ignore[arg-type] # a str whose NewType is not public
        )
    finally:
        orchestration_logger.removeHandler(handler)
