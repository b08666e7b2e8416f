"""The operator's only OpenTelemetry code: sends the trace of each job that ends.

It is off unless OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT) names a collector; every other
variable of OpenTelemetry's holds as well. The library is imported only then.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Self

from waas_contract.job_status import TranscriptionJobStatus
from waas_contract.trace_context import names_collector
from waas_contract.transcription_job import TranscriptionJob
from waas_operator.job_spans import JobSpan, JobTrace, derive_trace

_NANOSECONDS = 1_000_000_000


class JobTraces:
    """Sends traces in the background; what a collector does not take is dropped."""

    def __init__(self, service_name: str) -> None:
        """Connect to the collector that the environment names."""
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        resource = Resource.create({SERVICE_NAME: service_name})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("waas_operator")

    @classmethod
    def connect(cls, environment: Mapping[str, str]) -> Self | None:
        """Return what sends traces; None where the environment names no collector."""
        if not names_collector(environment):
            return None
        return cls(environment.get("OTEL_SERVICE_NAME", "waas-operator"))

    def note_status(
        self, transcription_job: TranscriptionJob, status: TranscriptionJobStatus
    ) -> None:
        """Send the trace of a job that this status ends."""
        if status.phase.is_final and not transcription_job.phase.is_final:
            self._send(derive_trace(transcription_job, status))

    def _send(self, trace: JobTrace) -> None:
        from opentelemetry.trace import Status, StatusCode, set_span_in_context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        carrier = {"traceparent": trace.traceparent} if trace.traceparent else {}
        whole = self._tracer.start_span(
            trace.whole.name,
            TraceContextTextMapPropagator().extract(carrier),
            attributes=trace.attributes,
            start_time=_nanoseconds(trace.whole.start),
        )
        for part in trace.parts:
            self._send_part(part, set_span_in_context(whole))
        if trace.failure:
            whole.set_status(Status(StatusCode.ERROR, trace.failure))
        whole.end(_nanoseconds(trace.whole.end))

    def _send_part(self, part: JobSpan, context: object) -> None:
        span = self._tracer.start_span(part.name, context, start_time=_nanoseconds(part.start))  # type: ignore[arg-type] # the library's own type of context is a dict
        span.end(_nanoseconds(part.end))

    def close(self) -> None:
        """Send what is left; takes a few seconds where the collector is away."""
        self._provider.shutdown()


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * _NANOSECONDS
