"""OpenAI's own client against the whole service on one machine, with real speech and weights."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from openai.types.audio import TranscriptionTextDeltaEvent, TranscriptionTextDoneEvent

from support.speech import librivox_clip
from support.spoken_words import count_word_errors, words_of
from support.standalone import Standalone, running_standalone

pytestmark = pytest.mark.integration

CLIP = librivox_clip("0870")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Iterator[Standalone]:
    folder = tmp_path_factory.mktemp("openai")
    with running_standalone(folder, weights, WAAS_OPENAI_MODEL="base") as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Standalone) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="unused", max_retries=0) as connected:
        yield connected


def job_ids(server: Standalone) -> set[str]:
    return {job["id"] for job in server.get("/v2/jobs?limit=500").json()["jobs"]}


def assert_heard(text: str) -> None:
    assert count_word_errors(text, CLIP.text) <= len(words_of(CLIP.text)) // 5


def test_models_are_listed(client: openai.OpenAI) -> None:
    names = {model.id for model in client.models.list()}

    assert {"whisper-1", "tiny.en", "base"} <= names
    assert client.models.retrieve("whisper-1").object == "model"


def test_a_recording_is_transcribed(client: openai.OpenAI) -> None:
    answer = client.audio.transcriptions.create(file=CLIP.path, model="whisper-1")

    assert_heard(answer.text)
    assert answer.usage is not None
    assert answer.usage.type == "duration"


async def test_a_recording_is_transcribed_asynchronously(server: Standalone) -> None:
    async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="unused") as client:
        answers = await asyncio.gather(
            *(
                client.audio.transcriptions.create(file=CLIP.path, model="tiny.en", prompt="Hm.")
                for _ in range(3)
            )
        )

    assert_heard(answers[0].text)
    assert len({answer.text for answer in answers}) == 1


def test_verbose_json_has_segments_and_words(client: openai.OpenAI) -> None:
    answer = client.audio.transcriptions.create(
        file=CLIP.path,
        model="whisper-1",
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
            file=CLIP.path, model="tiny.en", response_format=response_format
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
        file=CLIP.path, model="whisper-1", response_format="verbose_json"
    )

    assert answer.language == "english"
    assert_heard(answer.text)


def test_a_stream_brings_the_text_in_pieces(client: openai.OpenAI) -> None:
    deltas, done = [], []
    with client.audio.transcriptions.create(
        file=CLIP.path, model="tiny.en", prompt="A novel.", stream=True
    ) as events:
        for event in events:
            if isinstance(event, TranscriptionTextDeltaEvent):
                deltas.append(event.delta)
            if isinstance(event, TranscriptionTextDoneEvent):
                done.append(event.text)

    assert ["".join(deltas)] == done
    assert_heard(done[0])


async def test_a_stream_comes_asynchronously(server: Standalone) -> None:
    async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="unused") as client:
        events = await client.audio.transcriptions.create(
            file=CLIP.path, model="tiny.en", prompt="Another novel.", stream=True
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
    asked: dict[str, object] = {"file": CLIP.path, "model": "tiny.en", **change}

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
    server: Standalone, client: openai.OpenAI
) -> None:
    before = job_ids(server)
    impatient = client.with_options(timeout=1.0, max_retries=30)

    answer = impatient.audio.transcriptions.with_raw_response.create(
        file=CLIP.path, model="base", prompt="Read by a lady.", response_format="text"
    )

    assert answer.retries_taken > 0
    assert_heard(answer.text)
    (job_id,) = job_ids(server) - before
    job = server.job(job_id)
    assert (job["phase"], job["attempts"]) == ("Succeeded", 1)
    # Each upload has found its job or was discarded.
    audio = server.object(f"default/{job_id}/audio")
    assert len(list(audio.iterdir())) == 1
    assert {each.name for each in server.object("default").iterdir()} == job_ids(server)


def test_who_waits_too_long_is_told_where_the_transcript_will_be(
    tmp_path: Path, weights: Path
) -> None:
    with running_standalone(tmp_path, weights, WAAS_OPENAI_LONGEST_WAIT_SECONDS="0.1") as server:
        client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="unused", max_retries=0)
        with client, pytest.raises(openai.InternalServerError) as caught:
            client.audio.transcriptions.create(file=CLIP.path, model="tiny.en")

        assert (caught.value.status_code, caught.value.code) == (504, "transcription_in_progress")
        assert isinstance(caught.value.body, dict)
        job_url = caught.value.body["job"]
        assert re.fullmatch("/v2/jobs/[0-9a-f]{40}", job_url)
        job_id = job_url.removeprefix("/v2/jobs/")
        assert server.wait_for_end(job_id)["phase"] == "Succeeded"
        assert_heard(json.loads(server.get(f"{job_url}/results/json").text)["text"])


def test_a_job_that_nobody_waits_for_any_more_is_cancelled(tmp_path: Path, weights: Path) -> None:
    # Far longer than the grace time, and far shorter than what the recording takes.
    long = CLIP.path.read_bytes()
    with running_standalone(
        tmp_path, weights, WAAS_OPENAI_GRACE_SECONDS="1", WAAS_PROCESSES="1"
    ) as server:
        # A program that is busy with others lets the job wait for its turn.
        others = [server.upload(CLIP.path, model="base") for _ in range(4)]
        impatient = openai.OpenAI(
            base_url=f"{server.url}/v1", api_key="unused", max_retries=0, timeout=0.5
        )
        with impatient, pytest.raises(openai.APITimeoutError):
            impatient.audio.transcriptions.create(file=("a.flac", long), model="tiny.en")

        (job_id,) = job_ids(server) - set(others)
        assert server.wait_for_end(job_id)["phase"] == "Cancelled"
        for each in others:
            server.cancel(each)
