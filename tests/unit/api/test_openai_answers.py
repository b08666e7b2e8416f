"""Transcripts, models and errors in the shapes that OpenAI's clients know."""

import json

import pytest

from waas_api.errors import (
    ApiError,
    ClusterRefused,
    InvalidField,
    JobFailed,
    UnknownModel,
    WaitIsOver,
)
from waas_api.openai.answers import media_type_of, render_answer, show_models
from waas_api.openai.errors import find_openai_error, openai_error_of_status
from waas_api.openai.request import Granularity, ResponseFormat
from waas_contract.transcript import Segment, Transcript, Word
from waas_contract.transcription_job import Task

TRANSCRIPT = Transcript(
    language="no",
    duration=8.47,
    text=" Hei. Blåbær!",
    segments=(
        Segment(
            id=0,
            seek=0,
            start=0.0,
            end=3.92,
            text=" Hei.",
            tokens=(50364, 17),
            temperature=0.0,
            avg_logprob=-0.5,
            compression_ratio=1.25,
            no_speech_prob=0.125,
            words=(Word(word=" Hei.", start=0.5, end=1.0, probability=0.75),),
        ),
        Segment(id=1, start=3.92, end=8.0, text=" Blåbær!"),
    ),
)
SEGMENTS = [
    {
        "id": 0,
        "seek": 0,
        "start": 0.0,
        "end": 3.92,
        "text": " Hei.",
        "tokens": [50364, 17],
        "temperature": 0.0,
        "avg_logprob": -0.5,
        "compression_ratio": 1.25,
        "no_speech_prob": 0.125,
    },
    {
        "id": 1,
        "seek": 0,
        "start": 3.92,
        "end": 8.0,
        "text": " Blåbær!",
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": 0.0,
        "compression_ratio": 0.0,
        "no_speech_prob": 0.0,
    },
]
WORDS = [{"word": "Hei.", "start": 0.5, "end": 1.0}]
USAGE = {"type": "duration", "seconds": 9}
HEAD = {"language": "norwegian", "duration": 8.47, "text": "Hei. Blåbær!"}


def render(
    response_format: ResponseFormat, *granularities: Granularity, task: Task = Task.TRANSCRIBE
) -> str:
    return render_answer(TRANSCRIPT, response_format, task, frozenset(granularities))


@pytest.mark.parametrize(
    ("granularities", "expected"),
    [
        ([Granularity.SEGMENT], {"segments": SEGMENTS}),
        ([Granularity.WORD], {"words": WORDS}),
        ([Granularity.WORD, Granularity.SEGMENT], {"words": WORDS, "segments": SEGMENTS}),
    ],
)
def test_verbose_json(granularities: list[Granularity], expected: dict[str, object]) -> None:
    answer = json.loads(render(ResponseFormat.VERBOSE_JSON, *granularities))

    assert answer == {"task": "transcribe", **HEAD, **expected, "usage": USAGE}


def test_a_translations_language_is_english() -> None:
    answer = json.loads(
        render(ResponseFormat.VERBOSE_JSON, Granularity.SEGMENT, task=Task.TRANSLATE)
    )

    assert answer == {"task": "translate", **HEAD, "language": "english", "segments": SEGMENTS}


@pytest.mark.parametrize(
    ("response_format", "media_type", "text"),
    [
        (
            ResponseFormat.JSON,
            "application/json",
            '{"text": "Hei. Blåbær!", "usage": {"type": "duration", "seconds": 9}}',
        ),
        (ResponseFormat.TEXT, "text/plain; charset=utf-8", "Hei. Blåbær!\n"),
        (
            ResponseFormat.SRT,
            "text/plain; charset=utf-8",
            "1\n00:00:00,000 --> 00:00:03,920\nHei.\n\n2\n00:00:03,920 --> 00:00:08,000\nBlåbær!\n",
        ),
        (
            ResponseFormat.VTT,
            "text/vtt; charset=utf-8",
            "WEBVTT\n\n00:00.000 --> 00:03.920\nHei.\n\n00:03.920 --> 00:08.000\nBlåbær!\n",
        ),
    ],
)
def test_the_other_forms(response_format: ResponseFormat, media_type: str, text: str) -> None:
    assert (media_type_of(response_format), render(response_format)) == (media_type, text)


def test_models_are_a_list() -> None:
    def model(name: str) -> dict[str, object]:
        return {"id": name, "object": "model", "created": 0, "owned_by": "waas"}

    assert show_models(["tiny"]) == {"object": "list", "data": [model("tiny"), model("whisper-1")]}
    assert show_models(["whisper-1"])["data"] == [model("whisper-1")]


@pytest.mark.parametrize(
    ("error", "status", "expected", "headers"),
    [
        (
            UnknownModel("No such model."),
            404,
            {
                "message": "No such model.",
                "type": "invalid_request_error",
                "param": "model",
                "code": "model_not_found",
            },
            {},
        ),
        (
            InvalidField("stream", "Not so."),
            400,
            {
                "message": "Not so.",
                "type": "invalid_request_error",
                "param": "stream",
                "code": None,
            },
            {},
        ),
        (
            JobFailed("Out of memory."),
            500,
            {
                "message": "Out of memory.",
                "type": "server_error",
                "param": None,
                "code": "job_failed",
            },
            {"x-should-retry": "false"},
        ),
        (
            WaitIsOver("abc", "It goes on."),
            504,
            {
                "message": "It goes on.",
                "type": "server_error",
                "param": None,
                "code": "transcription_in_progress",
                "job": "/v2/jobs/abc",
            },
            {"Location": "/v2/jobs/abc"},
        ),
        (
            ClusterRefused("spec.model: too odd", is_request_invalid=True),
            400,
            {
                "message": "spec.model: too odd",
                "type": "invalid_request_error",
                "param": None,
                "code": None,
            },
            {},
        ),
    ],
)
def test_errors_have_openais_shape(
    error: ApiError, status: int, expected: dict[str, object], headers: dict[str, str]
) -> None:
    told = find_openai_error(error)

    assert (told.status, told.render(), told.headers()) == (status, {"error": expected}, headers)


@pytest.mark.parametrize(
    ("status", "told_status", "code"),
    [(404, 404, "unknown_url"), (405, 405, "method_not_supported"), (418, 418, "i'm_a_teapot"),
     (500, 500, "internal_error")],
)  # fmt: skip
def test_a_bare_status_is_told_in_the_same_shape(status: int, told_status: int, code: str) -> None:
    told = openai_error_of_status(status, "GET /v1/audio/x")

    assert (told.status, told.code) == (told_status, code)
    assert told.message


def test_no_error_is_without_words() -> None:
    def all_below(kind: type[ApiError]) -> list[type[ApiError]]:
        return [kind, *(each for sub in kind.__subclasses__() for each in all_below(sub))]

    for kind in all_below(ApiError):
        error = kind.__new__(kind)
        Exception.__init__(error, "Words.")
        for name in ("field", "code", "job_name"):
            setattr(error, name, "x")
        error.__dict__.setdefault("is_request_invalid", False)
        told = find_openai_error(error)
        assert told.message, kind
        assert 400 <= told.status < 600, kind
