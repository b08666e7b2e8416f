"""OpenAI's own client against the whole service on either back end, with real speech."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from openai.types.audio import TranscriptionTextDeltaEvent, TranscriptionTextDoneEvent

from support.back_ends import MODEL, BackEnd, in_new_namespace, on_one_machine
from support.speech import librivox_clip
from support.spoken_words import count_word_errors, words_of

pytestmark = pytest.mark.integration

CLIP = librivox_clip("0870")


@pytest.fixture(scope="module", params=["kubernetes", "one machine"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, weights: Path
) -> Iterator[BackEnd]:
    folder = tmp_path_factory.mktemp("openai") / "folder"
    if request.param == "one machine":
        with on_one_machine(folder, weights) as back_end:
            yield back_end
    else:
        with in_new_namespace(request, folder, weights) as back_end:
            yield back_end


@pytest.fixture(scope="module")
def client(service: BackEnd) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=address_of(service), api_key="unused", max_retries=0) as connected:
        yield connected


def address_of(service: BackEnd) -> str:
    return f"{str(service.rest.base_url).rstrip('/')}/v1"


def job_ids(service: BackEnd) -> set[str]:
    return {job["id"] for job in service.rest.get("/v2/jobs?limit=500").json()["jobs"]}


def assert_heard(text: str) -> None:
    assert count_word_errors(text, CLIP.text) <= len(words_of(CLIP.text)) // 5


def test_models_are_listed(client: openai.OpenAI) -> None:
    names = {model.id for model in client.models.list()}

    assert {"whisper-1", MODEL, "base"} <= names
    assert client.models.retrieve("whisper-1").object == "model"


def test_a_recording_is_transcribed(client: openai.OpenAI) -> None:
    answer = client.audio.transcriptions.create(file=CLIP.path, model=MODEL)

    assert_heard(answer.text)
    assert answer.usage is not None
    assert answer.usage.type == "duration"


async def test_recordings_are_transcribed_asynchronously(service: BackEnd) -> None:
    async with openai.AsyncOpenAI(base_url=address_of(service), api_key="unused") as client:
        answers = await asyncio.gather(
            *(client.audio.transcriptions.create(file=CLIP.path, model=MODEL) for _ in range(3))
        )

    assert_heard(answers[0].text)
    assert len({answer.text for answer in answers}) == 1


def test_verbose_json_has_segments_and_words(client: openai.OpenAI) -> None:
    answer = client.audio.transcriptions.create(
        file=CLIP.path,
        model=MODEL,
        language="en",
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )

    assert answer.language == "english"
    assert answer.duration == pytest.approx(CLIP.duration_seconds, abs=0.1)
    assert answer.segments is not None
    assert answer.words is not None
    assert "".join(segment.text for segment in answer.segments).strip() == answer.text
    assert " ".join(word.word for word in answer.words) == answer.text
    assert all(word.start <= word.end for word in answer.words)


def test_texts_and_captions_are_plain(client: openai.OpenAI) -> None:
    texts = {
        response_format: client.audio.transcriptions.create(
            file=CLIP.path, model=MODEL, response_format=response_format
        )
        for response_format in ("text", "srt", "vtt")
    }

    assert_heard(str(texts["text"]))
    assert str(texts["srt"]).startswith("1\n00:00:0")
    assert str(texts["vtt"]).startswith("WEBVTT\n")


# The package's own word for its translations.
@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
def test_a_recording_is_translated(client: openai.OpenAI) -> None:
    answer = client.audio.translations.create(
        file=CLIP.path, model="base", response_format="verbose_json"
    )

    assert answer.language == "english"
    assert_heard(answer.text)


def test_a_stream_brings_the_text_in_pieces(client: openai.OpenAI) -> None:
    deltas, done = [], []
    with client.audio.transcriptions.create(
        file=CLIP.path, model=MODEL, prompt="A novel.", stream=True
    ) as events:
        for event in events:
            if isinstance(event, TranscriptionTextDeltaEvent):
                deltas.append(event.delta)
            if isinstance(event, TranscriptionTextDoneEvent):
                done.append(event.text)

    assert ["".join(deltas)] == done
    assert_heard(done[0])


async def test_a_stream_comes_asynchronously(service: BackEnd) -> None:
    async with openai.AsyncOpenAI(base_url=address_of(service), api_key="unused") as client:
        events = await client.audio.transcriptions.create(
            file=CLIP.path, model=MODEL, prompt="A novel.", stream=True
        )
        types = [event.type async for event in events]

    assert types[-1] == "transcript.text.done"
    assert "transcript.text.delta" in types


@pytest.mark.parametrize(
    ("change", "error", "param"),
    [
        ({"model": "gpt-4o-transcribe"}, openai.NotFoundError, "model"),
        ({"language": "klingon"}, openai.BadRequestError, "language"),
        ({"temperature": 1.5}, openai.BadRequestError, "temperature"),
        ({"response_format": "diarized_json"}, openai.BadRequestError, "response_format"),
        ({"timestamp_granularities": ["word"]}, openai.BadRequestError, "timestamp_granularities"),
        ({"include": ["logprobs"]}, openai.BadRequestError, "include"),
        ({"file": ("a.mp3", b"This is no sound.")}, openai.BadRequestError, "file"),
        ({"file": ("a.mp3", b"")}, openai.BadRequestError, "file"),
    ],
)
def test_mistakes_are_the_clients_own_exceptions(
    client: openai.OpenAI, change: dict[str, object], error: type[openai.APIStatusError], param: str
) -> None:
    asked: dict[str, object] = {"file": CLIP.path, "model": MODEL, **change}

    with pytest.raises(error) as caught:
        client.audio.transcriptions.create(**asked)  # type: ignore[call-overload]

    assert caught.value.param == param
    assert caught.value.type == "invalid_request_error"


def test_a_mistake_is_told_before_a_long_recording_has_come(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        client.audio.transcriptions.create(file=("a.wav", bytes(30_000_000)), model="nobody")


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
def test_other_paths_are_told_in_openais_shape(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.audio.speech.create(input="Hi", model="tts-1", voice="alloy")
    assert caught.value.code == "unknown_url"

    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("nobody")
    assert caught.value.code == "model_not_found"


def test_a_job_longer_than_the_clients_patience_ends_in_one_transcript(
    service: BackEnd, client: openai.OpenAI
) -> None:
    before = job_ids(service)
    impatient = client.with_options(timeout=1.0, max_retries=30)

    answer = impatient.audio.transcriptions.with_raw_response.create(
        file=CLIP.path, model="base", prompt="Read by a lady.", response_format="text"
    )

    assert answer.retries_taken > 0
    assert_heard(answer.text)
    (job_id,) = job_ids(service) - before
    assert answer.headers["x-waas-job"] == job_id
    job = service.job(job_id)
    assert (job["phase"], job["attempts"]) == ("Succeeded", 1)
