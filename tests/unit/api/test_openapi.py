"""The OpenAPI document is complete: of each operation it says all there is, and with examples."""

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
import pytest

from support.api_builders import Api
from waas_api.access.gate import is_public
from waas_api.http.answers import is_native, is_openai

DOCUMENT = Api().app.openapi()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
of_each_operation = pytest.mark.parametrize("name", OPERATIONS)


def list_contents(described: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give what operations take and answer, by media type."""
    for responses in described["responses"].values():
        yield from responses.get("content", {}).items()
    yield from described.get("requestBody", {}).get("content", {}).items()


def list_examples(content: Mapping[str, Any]) -> list[object]:
    named = [each["value"] for each in content.get("examples", {}).values()]
    return named + ([content["example"]] if "example" in content else [])


def test_every_route_that_is_served_is_described() -> None:
    assert len(OPERATIONS) >= 49
    ids = [each["operationId"] for each in OPERATIONS.values()]
    assert len(set(ids)) == len(ids)


@of_each_operation
def test_an_operation_says_what_it_does(name: str) -> None:
    operation = OPERATIONS[name]

    assert 10 < len(operation["summary"]) < 100
    assert operation["description"]
    assert operation["tags"]
    for parameter in operation.get("parameters", []):
        assert parameter.get("description") or parameter["schema"].get("description")


@of_each_operation
def test_everything_that_is_sent_has_an_example(name: str) -> None:
    for media_type, content in list_contents(OPERATIONS[name]):
        assert list_examples(content), media_type


@of_each_operation
def test_examples_are_as_their_schemas_have_them(name: str) -> None:
    for media_type, content in list_contents(OPERATIONS[name]):
        schema = {**content.get("schema", {}), "components": DOCUMENT["components"]}
        if schema.get("format") == "binary" or media_type == "multipart/form-data":
            continue
        for example in list_examples(content):
            jsonschema_rs.validate(schema, example)


@of_each_operation
def test_an_operation_names_the_errors_of_its_kind(name: str) -> None:
    method, path = name.split(" ")
    responses = OPERATIONS[name]["responses"]
    if is_public(method, path):
        return

    assert {"401", "403", "429", "500", "503"} <= responses.keys()
    for status in ("429", "503"):
        assert "Retry-After" in responses[status]["headers"]
    assert "WWW-Authenticate" in responses["401"]["headers"]
    for status, response in responses.items():
        if int(status) >= 400 and status != "416":
            told = set(response["content"])
            if is_native(path):
                assert told == {"application/problem+json"}
            elif is_openai(path):
                assert told == {"application/json"}
            else:
                assert told <= {"text/html", "text/plain", "application/json"}


@pytest.mark.parametrize(
    ("operation", "headers"),
    [
        ("POST /v2/jobs", {"Idempotency-Key", "Expect"}),
        ("PUT /v2/jobs/{job_id}/transcript", {"If-Match"}),
        (
            "GET /v2/jobs/{job_id}/results/{output}",
            {"If-Match", "If-None-Match", "If-Range", "Range"},
        ),
        ("GET /v2/jobs/{job_id}/audio", {"If-Match", "If-None-Match", "If-Range", "Range"}),
        ("POST /v2/uploads", {"Tus-Resumable", "Upload-Length", "Upload-Metadata"}),
        ("PATCH /v2/uploads/{upload_id}", {"Tus-Resumable", "Upload-Offset"}),
        ("HEAD /v2/uploads/{upload_id}", {"Tus-Resumable"}),
    ],
)
def test_the_headers_that_a_route_heeds_are_named(operation: str, headers: set[str]) -> None:
    parameters = OPERATIONS[operation]["parameters"]

    assert {each["name"] for each in parameters if each["in"] == "header"} == headers


@pytest.mark.parametrize(
    ("operation", "status", "headers"),
    [
        ("POST /v2/jobs", "201", {"Location"}),
        ("GET /v2/jobs/{job_id}/transcript", "200", {"ETag", "Waas-Revision"}),
        ("GET /v2/jobs/{job_id}/audio", "206", {"ETag", "Content-Range"}),
        ("GET /v2/jobs/{job_id}/audio", "416", {"Content-Range"}),
        ("GET /v2/jobs/{job_id}/results/{output}", "200", {"ETag", "Content-Disposition"}),
        ("POST /v1/audio/transcriptions", "200", {"X-Waas-Job"}),
        ("PATCH /v2/uploads/{upload_id}", "204", {"Upload-Offset", "Upload-Expires", "Location"}),
        ("HEAD /v2/uploads/{upload_id}", "200", {"Upload-Offset", "Upload-Length"}),
        ("OPTIONS /v2/uploads", "204", {"Tus-Version", "Tus-Extension", "Tus-Max-Size"}),
    ],
)
def test_the_headers_that_an_answer_brings_are_named(
    operation: str, status: str, headers: set[str]
) -> None:
    assert headers <= OPERATIONS[operation]["responses"][status]["headers"].keys()


def test_a_recording_may_come_as_it_is_in_a_form_or_from_elsewhere() -> None:
    body = OPERATIONS["POST /v2/jobs"]["requestBody"]["content"]

    assert {"audio/*", "video/*", "multipart/form-data", "application/json"} <= body.keys()
    assert list(body["multipart/form-data"]["schema"]["properties"])[-1] == "file"
    sources = body["application/json"]["schema"]["properties"]["source"]["oneOf"]
    assert [set(each["properties"]) for each in sources] == [{"url"}, {"key", "bucket"}]
    assert "owner" not in body["application/json"]["schema"]["properties"]
