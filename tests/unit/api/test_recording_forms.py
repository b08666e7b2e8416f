"""POST /v2/jobs with a form: fields, and then the recording."""

import json

import httpx
import pytest

from support.api_builders import JOB_ID, NAMESPACE, Api, chunked


def part(name: str, content: bytes, file_name: str | None = None) -> bytes:
    named = f'; filename="{file_name}"' if file_name else ""
    head = f'--edge\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + content + b"\r\n"


async def post_form(api: Api, *parts: bytes, step: int = 1 << 20) -> httpx.Response:
    body = b"".join(parts) + b"--edge--\r\n"
    pieces = [body[start : start + step] for start in range(0, len(body), step)]
    headers = {"content-type": "multipart/form-data; boundary=edge"}
    return await api.request("POST", "/v2/jobs", chunked(*pieces), headers)


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
async def test_a_form_holds_fields_then_the_recording(step: int) -> None:
    api = Api()
    request = json.dumps({"language": "Norwegian", "labels": {"desk": "news"}}).encode()

    answer = await post_form(
        api,
        part("request", request),
        part("model", b"base"),
        part("file", b"\0so\r\n--ed\r\nund", "Blåbær.mp3"),
        step=step,
    )

    assert answer.status_code == 201, answer.text
    assert api.storage.objects == {f"{NAMESPACE}/{JOB_ID}/audio/Bl_b_r.mp3": b"\0so\r\n--ed\r\nund"}
    job = api.jobs.jobs[JOB_ID]
    assert (job.spec.model, job.spec.language) == ("base", "no")
    assert (job.spec.source.file_name, job.metadata.labels) == ("Blåbær.mp3", {"desk": "news"})


@pytest.mark.parametrize(
    ("parts", "status", "name", "field"),
    [
        ([part("file", b"sound", "a"), part("model", b"base")], 400, "invalid-request", "model"),
        ([part("model", b"base")], 400, "no-recording", "file"),
        ([part("file", b"", "a")], 400, "no-recording", None),
        ([part("audio", b"x" * 300_000, "a")], 400, "invalid-request", "audio"),
        ([part("modle", b"base"), part("file", b"x", "a")], 400, "invalid-request", "modle"),
        ([b"no form at all"], 400, "invalid-request", None),
        ([part("file", b"%PDF-1.7", "a.pdf")], 415, "not-a-recording", None),
    ],
)
async def test_a_form_that_does_not_fit_leaves_nothing(
    parts: list[bytes], status: int, name: str, field: str | None
) -> None:
    api = Api()

    answer = await post_form(api, *parts)

    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (status, f"tag:waas.dev,2026:{name}")
    assert [each["field"] for each in problem.get("errors", [])] == ([field] if field else [])
    assert (api.storage.objects, api.jobs.jobs) == ({}, {})


async def test_a_form_that_is_cut_off_leaves_nothing() -> None:
    api = Api()
    headers = {"content-type": "multipart/form-data; boundary=edge"}

    answer = await api.request("POST", "/v2/jobs", part("file", b"sou", "a")[:-4], headers)

    assert (answer.status_code, api.storage.objects, api.jobs.jobs) == (400, {}, {})
