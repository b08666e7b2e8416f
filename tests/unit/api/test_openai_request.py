"""What the form of OpenAI's audio API asks for."""

from collections.abc import Mapping, Sequence

import pytest

from waas_api.errors import (
    EnglishOnly,
    InvalidField,
    InvalidRequest,
    UnknownLanguage,
    UnknownModel,
)
from waas_api.openai.request import (
    AudioRequest,
    Granularity,
    Models,
    ResponseFormat,
    parse_audio_request,
    read_choices,
)
from waas_contract.transcription_job import Task
from waas_contract.transcription_options import DecodingOptions

MODELS = Models(("tiny", "base", "tiny.en"), default="tiny", whisper_1="base")


def parse(fields: Mapping[str, str | Sequence[str]], task: Task = Task.TRANSCRIBE) -> AudioRequest:
    given = {name: [each] if isinstance(each, str) else each for name, each in fields.items()}
    return parse_audio_request(given, task, MODELS, file_name="a.mp3", ttl_seconds=60)


def test_a_form_of_the_file_alone_has_openais_defaults() -> None:
    asked = parse({})

    request = asked.order.request
    assert (request.model, request.task, request.language) == ("tiny", Task.TRANSCRIBE, None)
    assert (request.initial_prompt, request.word_timestamps, request.decoding) == (
        None,
        False,
        None,
    )
    assert (request.formats, request.ttl_seconds_after_finished) == ((), 60)
    assert asked.order.file_name == "a.mp3"
    assert asked.response_format is ResponseFormat.JSON
    assert asked.granularities == {Granularity.SEGMENT}
    assert not asked.is_streamed


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"model": "whisper-1"}, {"model": "base"}),
        ({"model": "tiny.en", "language": "english"}, {"model": "tiny.en", "language": "en"}),
        ({"model": "", "language": "", "prompt": ""}, {"model": "tiny", "language": None}),
        ({"language": "Norwegian"}, {"language": "no"}),
        ({"prompt": "a" * 10 + "b" * 2000}, {"initial_prompt": "b" * 2000}),
        ({"temperature": "0"}, {"decoding": None}),
        ({"temperature": "0.5"}, {"decoding": DecodingOptions(temperature=0.5)}),
        ({"chunking_strategy": "auto"}, {"model": "tiny"}),
        ({"colour": "blue"}, {"model": "tiny"}),
        (
            {"response_format": "verbose_json", "timestamp_granularities[]": ["word", "segment"]},
            {"word_timestamps": True},
        ),
    ],
)
def test_fields_become_a_request(
    fields: dict[str, str | Sequence[str]], expected: Mapping[str, object]
) -> None:
    request = parse(fields).order.request

    assert {name: getattr(request, name) for name in expected} == expected


@pytest.mark.parametrize("spelling", ["timestamp_granularities", "timestamp_granularities[]"])
def test_granularities_choose_what_is_shown(spelling: str) -> None:
    fields = {spelling: "word"}

    assert parse({"response_format": "verbose_json", **fields}).granularities == {Granularity.WORD}


@pytest.mark.parametrize(
    ("fields", "error", "field"),
    [
        ({"model": "gpt-4o"}, UnknownModel, None),
        ({"language": "klingon"}, UnknownLanguage, None),
        ({"model": "tiny.en", "language": "no"}, EnglishOnly, None),
        ({"temperature": "1.1"}, InvalidField, "temperature"),
        ({"temperature": "nan"}, InvalidField, "temperature"),
        ({"temperature": "warm"}, InvalidField, "temperature"),
        ({"response_format": "diarized_json"}, InvalidField, "response_format"),
        ({"stream": "maybe"}, InvalidField, "stream"),
        ({"stream": "true", "response_format": "srt"}, InvalidField, "stream"),
        ({"timestamp_granularities[]": "word"}, InvalidField, "timestamp_granularities"),
        (
            {"timestamp_granularities[]": "letter", "response_format": "verbose_json"},
            InvalidField,
            "timestamp_granularities",
        ),
        ({"include[]": "logprobs"}, InvalidField, "include"),
        ({"known_speaker_names[]": "Ada"}, InvalidField, "known_speaker_names"),
        ({"chunking_strategy": "server_vad"}, InvalidField, "chunking_strategy"),
        ({"chunking_strategy[type]": "server_vad"}, InvalidField, "chunking_strategy[type]"),
    ],
)
def test_what_cannot_be_done_is_refused(
    fields: dict[str, str], error: type[InvalidRequest], field: str | None
) -> None:
    with pytest.raises(error) as caught:
        parse(fields)

    assert getattr(caught.value, "field", None) == field


def test_a_translation_heeds_only_what_openai_documents_for_it() -> None:
    asked = parse(
        {
            "model": "whisper-1",
            "language": "en",
            "stream": "true",
            "include": "logprobs",
            "timestamp_granularities": "word",
            "response_format": "srt",
        },
        Task.TRANSLATE,
    )

    assert (asked.order.request.task, asked.order.request.language) == (Task.TRANSLATE, None)
    assert not asked.is_streamed
    assert asked.response_format is ResponseFormat.SRT


def test_a_model_that_knows_english_alone_cannot_translate() -> None:
    with pytest.raises(EnglishOnly):
        parse({"model": "tiny.en"}, Task.TRANSLATE)


def test_fields_that_need_others_are_not_judged_before_those_have_come() -> None:
    fields = {"timestamp_granularities[]": ["word"], "stream": ["true"], "language": ["no"]}

    assert read_choices(fields, Task.TRANSCRIBE, MODELS).is_streamed
