"""The operator's only Prometheus code: what is counted, and how it is shown.

No label holds a name that a person chose: a model that the catalogue does not know is "other".
"""

import time
from collections.abc import Awaitable, Callable, Hashable
from typing import NamedTuple, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE

from waas_contract.job_status import (
    ConditionReason,
    ConditionType,
    Phase,
    TranscriptionJobStatus,
)
from waas_contract.models import MODEL_NAMES
from waas_contract.transcription_job import PLURAL, TranscriptionJob
from waas_operator.errors import OperatorError
from waas_operator.seams import Resource
from waas_operator.work_queue import WorkQueue

Key = TypeVar("Key", bound=Hashable)

_LIFE_SECONDS = (1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 21_600)
_REQUEST_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30)
_REALTIME_FACTORS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_OTHER = "other"
_WAITING_PHASES = (Phase.PENDING, Phase.QUEUED)


class _Place(NamedTuple):
    """Where a TranscriptionJob is counted."""

    phase: str
    model: str
    waiting_reason: str = ""


class Metrics:
    """Everything that the operator counts, in a registry of its own."""

    def __init__(self) -> None:
        """Count from nothing."""
        self._registry = CollectorRegistry()
        self._places: dict[tuple[str, str], _Place] = {}
        self._measure_jobs()
        self._measure_the_operator()

    def _measure_jobs(self) -> None:
        self._jobs = self._gauge("waas_jobs", "TranscriptionJobs that there are", "phase", "model")
        self._waiting_jobs = self._gauge(
            "waas_jobs_waiting", "TranscriptionJobs whose container does not run yet", "reason"
        )
        self._queue_seconds = self._life(
            "waas_job_queue_seconds", "From the wait's begin to a container's start", "model"
        )
        self._run_seconds = self._life(
            "waas_job_run_seconds", "From the first container's start to the end", "model"
        )
        self._total_seconds = self._life(
            "waas_job_total_seconds", "From creation to the end", "model", "phase"
        )
        self._audio_seconds = self._counter(
            "waas_audio_seconds", "Audio that was transcribed", "model"
        )
        self._realtime_factor = Histogram(
            "waas_realtime_factor",
            "Run time of a job by its audio's length",
            ["model"],
            registry=self._registry,
            buckets=_REALTIME_FACTORS,
        )
        self._failures = self._counter("waas_job_failures", "Jobs that ended badly", "reason")

    def _measure_the_operator(self) -> None:
        self._reconciles = self._request(
            "waas_reconcile_duration_seconds", "Looks at one TranscriptionJob"
        )
        self._reconcile_errors = self._counter(
            "waas_reconcile_errors", "Looks that failed", "error"
        )
        self._last_event = self._gauge(
            "waas_watch_last_event_timestamp_seconds",
            "When a watch last showed something",
            "resource",
        )
        self._requests = self._request(
            "waas_kubernetes_request_duration_seconds", "Requests to the API server", "verb", "code"
        )
        self._storage_requests = self._counter(
            "waas_s3_requests", "Requests to the object store", "operation", "outcome"
        )
        self._dropped_events = self._counter(
            "waas_events_dropped", "Kubernetes Events that were not written", "reason"
        )
        self._is_leader = self._gauge("waas_is_leader", "Whether this operator acts")

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self._registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self._registry)

    def _life(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(name, text, labels, registry=self._registry, buckets=_LIFE_SECONDS)

    def _request(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(name, text, labels, registry=self._registry, buckets=_REQUEST_SECONDS)

    def follow_queue(self, queue: WorkQueue[Key]) -> None:
        """Show how a queue is whenever somebody asks."""
        gauges: dict[str, tuple[str, Callable[[], float]]] = {
            "waas_workqueue_depth": ("Keys that wait", lambda: queue.depth),
            "waas_workqueue_oldest_seconds": (
                "For how long the first key has waited",
                lambda: queue.oldest_seconds,
            ),
            "waas_workqueue_retries": ("Looks that were put off", lambda: queue.retries),
        }
        for name, (text, read) in gauges.items():
            self._gauge(name, text).set_function(read)

    def follow_leadership(self, is_held: Callable[[], bool]) -> None:
        """Show whether this process acts whenever somebody asks."""
        self._is_leader.set_function(lambda: float(is_held()))

    def note_event(self, plural: str, event_type: str | None, resource: Resource) -> None:
        """Count what a watch shows."""
        self._last_event.labels(plural).set(time.time())
        if plural != PLURAL:
            return
        metadata = resource.get("metadata") or {}
        key = (metadata.get("namespace", ""), metadata.get("name", ""))
        place = None if event_type == "DELETED" else _place_of(resource)
        before = self._places.get(key)
        if before == place:
            return
        if before is not None:
            del self._places[key]
            self._count(before, -1)
        if place is not None:
            self._places[key] = place
            self._count(place, 1)

    def _count(self, place: _Place, number: int) -> None:
        self._jobs.labels(place.phase, place.model).inc(number)
        if place.waiting_reason:
            self._waiting_jobs.labels(place.waiting_reason).inc(number)

    def note_status(self, job: TranscriptionJob, status: TranscriptionJobStatus) -> None:
        """Count a status that was written over `job`'s."""
        model = _known_model(job.spec.model)
        before = job.status or TranscriptionJobStatus()
        queued = before.queued_time or job.metadata.creation_timestamp
        if status.start_time and not before.start_time and queued:
            seconds = (status.start_time - queued).total_seconds()
            self._queue_seconds.labels(model).observe(max(0.0, seconds))
        if status.phase.is_final and not before.phase.is_final:
            self._note_end(job, status, model)

    def _note_end(self, job: TranscriptionJob, status: TranscriptionJobStatus, model: str) -> None:
        end, created = status.completion_time, job.metadata.creation_timestamp
        if end and created:
            total_seconds = (end - created).total_seconds()
            self._total_seconds.labels(model, status.phase).observe(total_seconds)
        if status.phase is Phase.FAILED:
            reason = next(
                (each.reason for each in status.conditions if each.type == "Succeeded"), ""
            )
            self._failures.labels(reason).inc()
        if status.phase is not Phase.SUCCEEDED:
            return
        audio_seconds = status.audio.duration_seconds if status.audio else None
        if audio_seconds:
            self._audio_seconds.labels(model).inc(audio_seconds)
        if end and status.start_time:
            run_seconds = (end - status.start_time).total_seconds()
            self._run_seconds.labels(model).observe(run_seconds)
            if audio_seconds:
                self._realtime_factor.labels(model).observe(run_seconds / audio_seconds)

    def note_request(self, verb: str, code: str, seconds: float) -> None:
        """Count a request to the API server; `code` is "error" where there was no answer."""
        self._requests.labels(verb, code).observe(seconds)

    def note_storage_request(self, operation: str, outcome: str) -> None:
        """Count a request to the object store."""
        self._storage_requests.labels(operation, outcome).inc()

    def note_dropped_event(self, reason: str) -> None:
        """Count an Event that nobody will see."""
        self._dropped_events.labels(reason).inc()

    def measure(
        self, reconcile: Callable[[Key], Awaitable[float | None]]
    ) -> Callable[[Key], Awaitable[float | None]]:
        """Return a reconcile that is counted."""

        async def measured(key: Key) -> float | None:
            with self._reconciles.time():
                try:
                    return await reconcile(key)
                except Exception as error:
                    is_known = isinstance(error, OperatorError)
                    self._reconcile_errors.labels(type(error).__name__ if is_known else "Bug").inc()
                    raise

        return measured

    def render(self) -> tuple[bytes, str]:
        """Return all of it in Prometheus' text format, with its media type."""
        return generate_latest(self._registry), CONTENT_TYPE


def _known_model(name: object) -> str:
    return name if isinstance(name, str) and name in MODEL_NAMES else _OTHER


def _place_of(resource: Resource) -> _Place:
    status, spec = resource.get("status") or {}, resource.get("spec") or {}
    # Without a status, nobody has looked at it yet.
    phase = str(status.get("phase", Phase.PENDING))
    conditions = status.get("conditions") or []
    started: Resource = next(
        (each for each in conditions if each["type"] == ConditionType.STARTED), {}
    )
    waits = phase in _WAITING_PHASES and started.get("status") != "True"
    reason = started.get("reason", ConditionReason.PENDING) if waits else ""
    return _Place(phase, _known_model(spec.get("model")), str(reason))
