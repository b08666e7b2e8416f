"""POST /v1/transcribe: what is asked of it, in which order it is checked, what is made of it."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from support.api_builders import JOB_ID, NAMESPACE, Api, chunked, make_settings, write_webhooks
from waas_contract.transcription_job import (
    Notifications,
    Source,
    Task,
    TranscriptionJobSpec,
)

FORM = {"content-type": "application/x-www-form-urlencoded"}
MULTIPART = {"content-type": "Multipart/Form-Data; boundary=x"}
MULTILINGUAL = "choose a model whose name does not end in .en"


@pytest.fixture
def api(tmp_path: Path) -> Api:
    webhooks = write_webhooks(tmp_path / "webhooks.json", "news", "a b")
    return Api(settings=make_settings(allowed_webhooks_file=webhooks))


async def test_a_recording_becomes_an_object_and_a_job(api: Api) -> None:
    answer = await api.transcribe(
        "model=base&language=norwegian&task=translate&email_callback=a%2Bb%40c.no"
        "&webhook_id=news&filename=Bl%25C3%25A5b.mp3",
        chunked(b"so", b"", b"und"),
    )

    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert answer.content == f'{{"job_id":"{JOB_ID}"}}\n'.encode()
    key = f"{NAMESPACE}/{JOB_ID}/audio/Bl_b.mp3"
    assert api.storage.objects == {key: b"sound"}
    assert api.jobs.jobs[JOB_ID].spec == TranscriptionJobSpec(
        source=Source(key=key, file_name="Blåb.mp3"),
        model="base",
        task=Task.TRANSLATE,
        language="no",
        notifications=Notifications(email="a+b@c.no", webhook_id="news"),
    )


async def test_a_recording_alone_gets_every_default(api: Api) -> None:
    await api.transcribe("email_callback=")

    key = f"{NAMESPACE}/{JOB_ID}/audio/audio"
    assert api.jobs.jobs[JOB_ID].spec == TranscriptionJobSpec(source=Source(key=key))


@dataclass(frozen=True)
class Refusal:
    """A request that is refused before anything is stored."""

    sentence: str
    text: str
    query: str = "email_callback=a@b.no"
    content: bytes = b"sound"
    headers: dict[str, str] | None = None
    status: int = 400


@pytest.mark.parametrize(
    "case",
    [
        Refusal("an unknown model", "Model not available", query="model=huge"),
        Refusal("an empty model", "Model not available", query="model="),
        Refusal("the model is checked before all else", "Model not available",
                query="model=huge&language=elvish&task=sing", content=b""),
        Refusal("an unknown language", "Language not supported", query="language=elvish&task=sing"),
        Refusal("an unknown task", "Task not supported", query="task=sing", content=b""),
        Refusal("a task that has a route of its own", "Task not supported", query="task=detect"),
        Refusal("an English model for Norwegian",
                f"Language not supported by this model: {MULTILINGUAL}",
                query="model=tiny.en&language=no&email_callback=a@b.no"),
        Refusal("an English model to translate",
                f"Task not supported by this model: {MULTILINGUAL}",
                query="model=tiny.en&task=translate&email_callback=a@b.no"),
        Refusal("no body", "No file uploaded", content=b""),
        Refusal("the body is checked before the callbacks", "No file uploaded", query="",
                content=b""),
        Refusal("a form", "No file uploaded", headers=FORM),
        Refusal("a multipart form", "No file uploaded", headers=MULTIPART),
        Refusal("nobody to tell", "No email_callback or webhook_callback_url set", query=""),
        Refusal("the old README's parameter", "No email_callback or webhook_callback_url set",
                query="webhook_callback_url=https://x.example"),
        Refusal("an e-mail address with a line end",
                "email_callback not supported: it must be one e-mail address of at most 254 "
                "characters", query="email_callback=a@b.no%0ABcc:x@y.no"),
        Refusal("an endless e-mail address",
                "email_callback not supported: it must be one e-mail address of at most 254 "
                "characters", query=f"email_callback={'a' * 250}@b.no"),
        Refusal("an unknown webhook", '{"error":"Invalid webhook id"}\n',
                query="webhook_id=olds&email_callback=a@b.no", status=405),
        Refusal("an empty webhook", '{"error":"Invalid webhook id"}\n', query="webhook_id=",
                status=405),
    ],
    ids=lambda case: case.sentence,
)  # fmt: skip
async def test_bad_input_is_refused(api: Api, case: Refusal) -> None:
    answer = await api.transcribe(case.query, case.content, case.headers)

    assert (answer.status_code, answer.text) == (case.status, case.text)
    kind = "application/json" if case.status == 405 else "text/html; charset=utf-8"
    assert answer.headers["content-type"] == kind
    assert (api.storage.objects, api.jobs.jobs) == ({}, {})


@pytest.mark.parametrize(
    ("sentence", "query", "field", "expected"),
    [
        ("a language by name", "language=norwegian", "language", "no"),
        ("a language by code", "language=no", "language", "no"),
        ("an empty language is detected", "language=", "language", None),
        ("English for an English model", "language=english&model=tiny.en", "model", "tiny.en"),
        ("of two values, the first", "model=base&model=huge", "model", "base"),
    ],
)
async def test_good_input_is_taken(
    api: Api, sentence: str, query: str, field: str, expected: str | None
) -> None:
    answer = await api.transcribe(f"{query}&email_callback=a@b.no")

    assert answer.status_code == 201, sentence
    assert getattr(api.jobs.jobs[JOB_ID].spec, field) == expected


@pytest.mark.parametrize(
    ("sentence", "query", "expected"),
    [
        ("encoded once", "filename=Bl%C3%A5b", "Blåb"),
        ("encoded twice", "filename=Bl%25C3%25A5b", "Blåb"),
        ("a plus is a space the first time only", "filename=a+b%2Bc", "a b+c"),
        ("no name", "filename=", None),
        ("a name that no file can have is cut", f"filename={'x' * 300}", "x" * 255),
    ],
)
async def test_names_are_unquoted_twice(
    api: Api, sentence: str, query: str, expected: str | None
) -> None:
    await api.transcribe(f"{query}&webhook_id=a%2520b")

    spec = api.jobs.jobs[JOB_ID].spec
    assert spec.source.file_name == expected, sentence
    assert spec.notifications == Notifications(webhook_id="a b")


async def test_nobody_has_to_be_told_where_the_administrator_says_so() -> None:
    api = Api(settings=make_settings(callback_required=False))

    answer = await api.transcribe("filename=a.mp3")

    assert answer.status_code == 201
    assert api.jobs.jobs[JOB_ID].spec.notifications is None


async def test_a_body_that_is_announced_too_long_is_refused_unread() -> None:
    api = Api(settings=make_settings(largest_upload_bytes=10))

    answer = await api.transcribe(content=b"x" * 11)

    assert answer.status_code == 413
    assert answer.text.startswith("Upload too large: at most 10 bytes are accepted.")
    assert (api.storage.objects, api.jobs.jobs) == ({}, {})


async def test_a_body_that_turns_out_too_long_leaves_nothing() -> None:
    api = Api(settings=make_settings(largest_upload_bytes=10))
    api.storage.leaves_unfinished = True

    answer = await api.transcribe(content=chunked(b"x" * 6, b"x" * 6))

    assert answer.status_code == 413
    assert (api.storage.objects, api.jobs.jobs) == ({}, {})
