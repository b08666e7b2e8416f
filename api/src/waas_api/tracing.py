"""The api's only OpenTelemetry code: a span for each request.

It is off unless OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT) names a collector; every other
variable of OpenTelemetry's holds as well. The library is imported only then.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Self

from starlette.types import Scope

from waas_contract.trace_context import names_collector


class RequestSpans:
    """Sends spans in the background; what a collector does not take is dropped."""

    def __init__(self, service_name: str) -> None:
        """Connect to the collector that the environment names."""
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        resource = Resource.create({SERVICE_NAME: service_name})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("waas_api")

    @classmethod
    def connect(cls, environment: Mapping[str, str]) -> Self | None:
        """Return what sends spans; None where the environment names no collector."""
        if not names_collector(environment):
            return None
        return cls(environment.get("OTEL_SERVICE_NAME", "waas-api"))

    @contextmanager
    def span_of_request(self, scope: Scope, traceparent: str | None) -> Iterator[str]:
        """Open a span below the client's, if there is one, and give its traceparent."""
        from opentelemetry.trace import SpanKind, set_span_in_context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        propagator = TraceContextTextMapPropagator()
        carrier = {"traceparent": traceparent} if traceparent else {}
        span = self._tracer.start_span(
            scope["method"],
            propagator.extract(carrier),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": scope["method"]},
        )
        own: dict[str, str] = {}
        propagator.inject(own, set_span_in_context(span))
        try:
            yield own["traceparent"]
        finally:
            # The route's pattern, never the path: that has ids and names.
            if route := getattr(scope.get("route"), "path", None):
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.route", route)
            span.end()

    def close(self) -> None:
        """Send what is left; takes a few seconds where the collector is away."""
        self._provider.shutdown()
