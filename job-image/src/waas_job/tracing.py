"""The program's only OpenTelemetry code: a span for its attempt, and one for each stage of it.

It is off unless OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT) names a collector; every other
variable of OpenTelemetry's holds as well. The library is imported only then.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Self

from waas_contract.job_environment import JobEnvironment
from waas_contract.trace_context import names_collector, read_traceparent

logger = logging.getLogger(__name__)


class AttemptSpans:
    """Sends spans in the background; what a collector does not take is dropped."""

    def __init__(
        self, service_name: str, traceparent: str | None, attributes: Mapping[str, str]
    ) -> None:
        """Connect to the collector that the environment names, and open the attempt's span."""
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace import set_span_in_context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        resource = Resource.create({SERVICE_NAME: service_name})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("waas_job")
        carrier = {"traceparent": traceparent} if traceparent else {}
        self._attempt = self._tracer.start_span(
            "attempt",
            TraceContextTextMapPropagator().extract(carrier),
            attributes=dict(attributes),
        )
        self._below_attempt = set_span_in_context(self._attempt)

    @classmethod
    def connect(cls, variables: Mapping[str, str], environment: JobEnvironment) -> Self | None:
        """Return what sends spans; None where the environment names no collector."""
        if not names_collector(variables):
            return None
        item = environment.items[0]
        attributes = {
            "k8s.namespace.name": item.namespace,
            "waas.transcription_job.name": item.name,
            "waas.model": environment.model,
            "waas.task": str(item.task),
        }
        traceparent = read_traceparent(variables.get("TRACEPARENT"))
        try:
            return cls(variables.get("OTEL_SERVICE_NAME", "waas-job"), traceparent, attributes)
        except ImportError:
            # An image of somebody's own may lack it, and a transcript is worth more than spans.
            logger.warning("no traces: waas-job is installed without its extra `traces`")
            return None

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Open the span of a stage for as long as it takes."""
        from opentelemetry.trace import Status, StatusCode

        span = self._tracer.start_span(name, self._below_attempt)
        try:
            yield
        except BaseException as error:
            # By its kind alone: what it says may be for the job's people only.
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
        finally:
            span.end()

    def close(self) -> None:
        """Send what is left; takes a few seconds where the collector is away."""
        self._attempt.end()
        self._provider.shutdown()
