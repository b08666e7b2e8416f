"""POST /v2/jobs: what may be asked for, in which forms, and what is told of what does not fit."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from support.api_builders import JOB_ID, NAMESPACE, Api, chunked
from support.named_callers import NamedCallers
from waas_api.access.callers import Caller, Permission
from waas_api.native.parameters import PARAMETERS
from waas_contract.formats import OutputFormat
from waas_contract.transcription_job import (
    Priority,
    Source,
    Task,
    TranscriptionJobSpec,
    TranscriptionRequest,
)
from waas_contract.transcription_options import DecodingOptions, SubtitleOptions

PROBLEM = "application/problem+json"
KEY = f"{NAMESPACE}/{JOB_ID}/audio/audio"


async def test_a_recording_becomes_an_object_and_a_job() -> None:
    api = Api()

    answer = await api.request(
        "POST",
        "/v2/jobs?file_name=Bl%C3%A5b%20100%25.mp3&language=norwegian&model=base&task=translate"
        "&formats=srt,%20txt,srt&word_timestamps=true&speakers_by_channel=true&prompt=Hei",
        chunked(b"so", b"und"),
    )

    assert (answer.status_code, answer.headers["location"]) == (201, f"/v2/jobs/{JOB_ID}")
    assert answer.json() == {
        "id": JOB_ID,
        "fileName": "Blåb 100%.mp3",
        "phase": "Pending",
        "reason": None,
        "message": None,
        "progress": None,
        "processedSeconds": None,
        "audio": None,
        "positionInQueue": None,
        "estimate": None,
        "model": "base",
        "task": "translate",
        "language": "no",
        "formats": ["json", "srt", "txt"],
        "wordTimestamps": True,
        "speakersByChannel": True,
        "cancelled": False,
        "suspended": False,
        "priority": "normal",
        "queueName": None,
        "owner": None,
        "labels": {},
        "retryOf": None,
        "ttlSecondsAfterFinished": None,
        "ttlSecondsAfterFailure": None,
        "attempts": 0,
        "creationTime": "2026-11-22T18:00:00Z",
        "startTime": None,
        "completionTime": None,
        "expiryTime": None,
    }
    key = f"{NAMESPACE}/{JOB_ID}/audio/Bl_b_100_.mp3"
    assert api.storage.objects == {key: b"sound"}
    assert api.jobs.jobs[JOB_ID].spec == TranscriptionJobSpec(
        source=Source(key=key, file_name="Blåb 100%.mp3"),
        model="base",
        task=Task.TRANSLATE,
        language="no",
        initial_prompt="Hei",
        word_timestamps=True,
        speakers_by_channel=True,
        formats=(OutputFormat.SRT, OutputFormat.TXT),
    )


async def test_a_recording_alone_gets_every_default() -> None:
    api = Api()

    await api.request("POST", "/v2/jobs", b"sound")

    key = f"{NAMESPACE}/{JOB_ID}/audio/audio"
    assert api.jobs.jobs[JOB_ID].spec == TranscriptionJobSpec(source=Source(key=key))


async def test_every_short_name_stands_for_a_field() -> None:
    api = Api()

    answer = await api.request(
        "POST",
        "/v2/jobs?beam_size=5&temperature=0.2&hotwords=waas&max_line_width=42&max_line_count=2"
        "&max_cue_seconds=7&priority=high&queue_name=gpus&profile=long&suspend=true&active_deadline_seconds=60"
        "&queue_deadline_seconds=30&ttl_seconds_after_finished=10&ttl_seconds_after_failure=20"
        "&label=desk%3Dnews&label=show=late&prompt=&task=detect"
        "&request=%7B%22backoffLimit%22%3A0%2C%22decoding%22%3A%7B%22bestOf%22%3A3%7D%7D",
        b"sound",
    )

    assert answer.status_code == 201, answer.text
    assert api.jobs.jobs[JOB_ID].spec == TranscriptionJobSpec(
        source=Source(key=KEY),
        task=Task.DETECT,
        decoding=DecodingOptions(beam_size=5, temperature=0.2, hotwords="waas", best_of=3),
        subtitles=SubtitleOptions(max_line_width=42, max_line_count=2, max_cue_seconds=7),
        priority=Priority.HIGH,
        queue_name="gpus",
        profile="long",
        suspend=True,
        active_deadline_seconds=60,
        queue_deadline_seconds=30,
        ttl_seconds_after_finished=10,
        ttl_seconds_after_failure=20,
        backoff_limit=0,
    )
    assert api.jobs.jobs[JOB_ID].metadata.labels == {"desk": "news", "show": "late"}


def test_short_names_stand_for_fields_that_there_are() -> None:
    fields = {each.alias for each in TranscriptionRequest.model_fields.values()} | {"fileName"}

    assert {path[0] for path in PARAMETERS.values()} <= fields


@pytest.mark.parametrize(
    ("query", "name", "field", "detail"),
    [
        ("model=huge", "unknown-model", "model", "choose from tiny.en, "),
        ("language=elvish", "unknown-language", "language", "English name or code"),
        ("task=sing", "unknown-task", "task", "transcribe, translate or detect"),
        ("model=tiny.en&language=no", "english-only-model", "model", "choose from"),
        ("model=tiny.en&task=detect", "english-only-model", "model", "choose from"),
        ("langauge=no", "invalid-request", "langauge", "choose from file_name, model, language"),
        ("model=base&model=tiny", "invalid-request", "model", "give it once"),
        ("formats=srt,doc", "invalid-request", "formats.1", "'json', 'srt', 'vtt', 'txt' or 'tsv'"),
        ("word_timestamps=perhaps", "invalid-request", "word_timestamps", "valid boolean"),
        (f"prompt={'x' * 2001}", "invalid-request", "prompt", "at most 2000 characters"),
        (f"file_name={'x' * 256}", "invalid-request", "file_name", "at most 255 characters"),
        ("beam_size=11", "invalid-request", "beam_size", "less than or equal to 10"),
        ("beam_size=no", "invalid-request", "beam_size", "valid integer"),
        ("priority=urgent", "invalid-request", "priority", "'low', 'normal' or 'high'"),
        ("label=waas.dev/a=b", "invalid-request", "labels.waas.dev/a", "the system's own"),
        ("label=a=1&label=a=2", "invalid-request", "label", "give it once"),
        ("request=[]", "invalid-request", "request", "a JSON object"),
        ("request={", "invalid-request", "request", "a JSON object"),
        ("model=base&request={%22model%22:%22tiny%22}", "invalid-request", "model", "give it once"),
        ("request={%22cancelled%22:true}", "invalid-request", "cancelled", "no such field"),
        ("request={%22owner%22:%22eve%22}", "invalid-request", "owner", "no such field"),
        ("request={%22source%22:{}}", "invalid-request", "source", "no such field"),
        ("request={%22decoding%22:{%22beamsize%22:1}}", "invalid-request", "decoding.beamsize",
         "choose from temperature,"),
        ("request={%22notifications%22:{%22webhookId%22:%22x%22}}", "invalid-request",
         "notifications.webhookId", "administrator"),
    ],
)  # fmt: skip
async def test_what_does_not_fit_is_told_with_its_field(
    query: str, name: str, field: str, detail: str
) -> None:
    api = Api()

    answer = await api.request("POST", f"/v2/jobs?{query}", b"sound")

    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)
    assert problem["type"] == f"tag:waas.dev,2026:{name}"
    (error,) = problem["errors"]
    assert error["field"] == field
    assert detail in error["detail"]
    assert problem["title"]
    assert problem["detail"]
    assert (api.storage.objects, api.jobs.jobs) == ({}, {})


async def test_all_faults_are_told_at_once() -> None:
    answer = await Api().request("POST", "/v2/jobs?beam_size=99&priority=urgent", b"sound")

    fields = {each["field"] for each in answer.json()["errors"]}
    assert fields == {"beam_size", "priority"}


async def test_no_recording_is_a_problem() -> None:
    answer = await Api().request("POST", "/v2/jobs", b"")

    assert (answer.status_code, answer.json()["title"]) == (400, "No recording")


async def test_a_form_of_a_web_page_is_an_unsupported_kind_of_body() -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}

    answer = await Api().request("POST", "/v2/jobs", b"a=b", headers)

    assert (answer.status_code, answer.json()["title"]) == (415, "A form is not a recording")


NOT_MEDIA = [
    (b"<!DOCTYPE html><html>", "a page"),
    (b'{"a": 1}', "JSON"),
    (b"%PDF-1.7\n", "a PDF document"),
    (b"PK\x03\x04\x14\x00", "a ZIP archive"),
    (b"\x89PNG\r\n\x1a\n\x00", "a picture"),
    (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "a picture"),
    ("\ufeffDear Blåbær, ".encode() + b"x" * 600, "a text"),
    ("x y " + "å" * 600).encode(),
]
MEDIA = [
    b"sound",
    b"RIFF\x24\x00\x00\x00WAVEfmt \x10",
    b"ID3\x04\x00\x00\x00\x00\x00\x00",
    b"\x00\x00\x00\x20ftypM4A \x00",
    b"\xff\xfb\x90\x00",
]


@pytest.mark.parametrize("given", NOT_MEDIA)
async def test_what_is_plainly_no_recording_is_refused(given: bytes | tuple[bytes, str]) -> None:
    head, what = given if isinstance(given, tuple) else (given, "a text")
    api = Api()

    answer = await api.request("POST", "/v2/jobs", chunked(head[:1], head[1:]))

    assert (answer.status_code, answer.json()["title"]) == (415, "That is no recording")
    assert what in answer.json()["detail"]
    assert (api.storage.objects, api.jobs.jobs) == ({}, {})


@pytest.mark.parametrize("head", MEDIA)
async def test_what_may_be_a_recording_is_taken(head: bytes) -> None:
    assert (await Api().request("POST", "/v2/jobs", head)).status_code == 201


async def test_the_old_route_takes_anything() -> None:
    assert (await Api().transcribe(content=b"<!DOCTYPE html><html>")).status_code == 201


async def test_who_may_not_create_is_told_before_anything_is_read() -> None:
    class Reader(NamedCallers):
        async def authenticate(self, headers: Mapping[str, str], /) -> Caller:
            caller = await super().authenticate(headers)
            return replace(caller, permissions=frozenset({Permission.READ}))

    api = Api(authenticator=Reader())

    answer = await api.request("POST", "/v2/jobs?nonsense=1", b"sound")

    assert (answer.status_code, api.storage.objects) == (403, {})
