"""One trace from the request to the end of its job, at a collector that speaks OTLP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from support.desk import Desk
from support.job_program import JobProgram
from support.pod_runner import PodRunner
from support.service import OperatorProcess, Tenant, free_port, running_api
from support.speech import librivox_clip

pytestmark = pytest.mark.integration

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CLIP = librivox_clip("0880")


class Collector:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.spans: dict[str, tuple[str, str, str, str]] = {}
        """By name: the service, the trace, the span and its parent."""

        self.address = ""

    def take(self, content: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(content).resource_spans:
            names = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                for span in scope.spans:
                    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
                    self.spans[span.name] = (names["service.name"], *ids)


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def to_collector(address: str) -> dict[str, str]:
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": address,
        # Told compression saves nothing here, and the test reads what is sent.
        "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
    }


def test_a_job_is_a_part_of_the_trace_that_asked_for_it(
    tenant: Tenant, desk: Desk, operator: OperatorProcess, tmp_path: Path
) -> None:
    pods = PodRunner(
        tenant.api, tenant.namespace, tmp_path / "pods", tmp_path, module="support.quick_job"
    )
    with collecting() as collector, pods:
        sending = to_collector(collector.address)
        program = operator.start(**sending)
        with running_api(tenant, tmp_path, **sending) as api:
            answer = api.post(
                "/v2/jobs",
                params={"model": "tiny.en"},
                content=CLIP.path.read_bytes(),
                headers={"traceparent": f"00-{TRACE}-{SPAN}-01", "Content-Type": "audio/flac"},
            )
            assert answer.status_code == 201, answer.text
            name = answer.json()["id"]
            desk.wait_for_end(name)
        # What is left is sent at the end.
        assert program.stop() == 0, program.output()

    service, trace, request, parent = collector.spans["POST /v2/jobs"]
    assert (service, trace, parent) == ("waas-api", TRACE, SPAN)
    service, trace, whole, parent = collector.spans["transcription"]
    assert (service, trace, parent) == ("waas-operator", TRACE, request)
    for part in ("queue", "run"):
        _, trace, _, parent = collector.spans[part]
        assert (trace, parent) == (TRACE, whole)
    [job] = desk.jobs()
    variables = job["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": "TRACEPARENT", "value": f"00-{TRACE}-{request}-01"} in variables


def test_the_stages_of_a_job_are_parts_of_its_attempt(program: JobProgram) -> None:
    item = program.add(CLIP.path)
    variables = program.environment([item]).to_variables()

    with collecting() as collector:
        trace_variables = {"TRACEPARENT": f"00-{TRACE}-{SPAN}-01"}
        started = program.start(variables | trace_variables | to_collector(collector.address))
        assert program.finish(started) == 0, program.output

    service, trace, attempt, parent = collector.spans["attempt"]
    assert (service, trace, parent) == ("waas-job", TRACE, SPAN)
    for stage in ("fetch", "load", "transcribe", "publish"):
        _, trace, _, parent = collector.spans[stage]
        assert (trace, parent) == (TRACE, attempt)


def test_a_collector_that_is_away_costs_no_transcript(program: JobProgram) -> None:
    item = program.add(CLIP.path)
    variables = program.environment([item]).to_variables()

    nobody = f"http://127.0.0.1:{free_port()}"
    assert program.finish(program.start(variables | to_collector(nobody))) == 0, program.output

    assert program.manifest(item).files
