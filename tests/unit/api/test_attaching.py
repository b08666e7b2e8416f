"""The same request, sent again: one job, one recording, one transcript."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from support.api_builders import NAMESPACE, make_status
from support.fake_transcription_jobs import Failure
from support.openai_forms import SOUND, OpenAIApi
from support.quick_api import BAD_SOUND
from waas_api.access.callers import Caller, Permission
from waas_api.errors import ClusterRefused, ClusterUnavailable, StorageUnavailable
from waas_contract.job_status import Phase
from waas_contract.names import AWAITED_LABEL
from waas_contract.object_keys import manifest_key
from waas_contract.removal import mark_removal

LOST = ClusterUnavailable("the connection broke", may_have_happened=True)
BUSY = ClusterUnavailable("the API server is busy")
REFUSED = ClusterRefused("Request not accepted: too odd", is_request_invalid=True)


async def test_a_request_makes_a_job_with_its_own_recording() -> None:
    api = OpenAIApi()

    answer = await api.ask(model="tiny")

    assert (answer.status_code, answer.json()["text"]) == (200, "Hei. A --> B")
    job = api.only_job()
    assert answer.headers["x-waas-job"] == job.metadata.name
    assert job.metadata.labels == {AWAITED_LABEL: "true"}
    assert job.spec.source.file_name == "a.mp3"
    assert job.spec.source.key.startswith(f"{NAMESPACE}/{job.metadata.name}/audio/")
    assert api.audio_keys() == [job.spec.source.key]
    assert api.storage.objects[job.spec.source.key] == SOUND


@pytest.mark.parametrize(
    ("sentence", "fields"),
    [
        ("the form of the answer is no part of the request", {"response_format": "srt"}),
        ("what is said by default may be left out", {"model": "tiny", "temperature": "0"}),
        ("the model may be called whisper-1", {"model": "whisper-1"}),
        ("a stream has the same transcript", {"stream": "true"}),
    ],
)
async def test_the_same_request_again_meets_the_finished_job(
    sentence: str,  # noqa: ARG001
    fields: dict[str, Any],
) -> None:
    api = OpenAIApi()
    await api.ask()

    answer = await api.ask(**fields)

    assert answer.status_code == 200
    assert answer.headers["x-waas-job"] == api.only_job().metadata.name
    assert len(api.audio_keys()) == 1


@pytest.mark.parametrize(
    ("sentence", "sound", "fields"),
    [
        ("another recording", b"other", {}),
        ("another model", SOUND, {"model": "base"}),
        ("another language", SOUND, {"language": "no"}),
        ("another prompt", SOUND, {"prompt": "Hei"}),
        ("another temperature", SOUND, {"temperature": "0.5"}),
        (
            "words with times",
            SOUND,
            {"response_format": "verbose_json", "timestamp_granularities[]": "word"},
        ),
    ],
)
async def test_another_request_is_another_job(
    sentence: str,  # noqa: ARG001
    sound: bytes,
    fields: dict[str, str],
) -> None:
    api = OpenAIApi()
    await api.ask()

    assert (await api.ask(sound=sound, **fields)).status_code == 200
    assert len(api.jobs.jobs) == len(api.audio_keys()) == 2


async def test_a_translation_is_another_job() -> None:
    api = OpenAIApi()
    await api.ask()

    assert (await api.ask("/v1/audio/translations")).status_code == 200
    assert len(api.jobs.jobs) == 2


class Login:
    """Lets in whoever a test says."""

    def __init__(self) -> None:
        self.owner = "ada"

    async def authenticate(self, _: object, /) -> Caller:
        return Caller(NAMESPACE, self.owner, frozenset(Permission) - {Permission.MANAGE})


async def test_another_callers_same_request_is_another_job() -> None:
    login = Login()
    api = OpenAIApi(authenticator=login)
    await api.ask()
    login.owner = "grace"
    await api.ask()

    assert {job.spec.owner for job in api.jobs.jobs.values()} == {"ada", "grace"}


async def test_requests_at_the_same_time_share_a_job() -> None:
    api = OpenAIApi()

    answers = await asyncio.gather(*(api.ask() for _ in range(5)))

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["x-waas-job"] for answer in answers} == set(api.jobs.jobs)
    assert api.audio_keys() == [api.only_job().spec.source.key]


async def test_a_request_that_comes_second_to_the_records_leaves_nothing() -> None:
    api = OpenAIApi()
    await api.ask()
    first = api.only_job()
    # The job appears between the look and the creation.
    look, looks = api.jobs.get, 0

    async def look_too_early(name: str) -> object:
        nonlocal looks
        looks += 1
        if looks == 1:
            del api.jobs.jobs[name]
            try:
                return await look(name)
            finally:
                api.jobs.jobs[name] = first
        return await look(name)

    api.jobs.get = look_too_early  # type: ignore[method-assign, assignment]

    assert (await api.ask()).headers["x-waas-job"] == first.metadata.name
    assert api.audio_keys() == [first.spec.source.key]


def fail(api: OpenAIApi) -> None:
    _set_phase(api, Phase.FAILED)


def cancel(api: OpenAIApi) -> None:
    _set_phase(api, Phase.CANCELLED)


def ask_for_its_end(api: OpenAIApi) -> None:
    job = api.only_job()
    spec = job.spec.model_copy(update={"cancelled": True})
    api.jobs.jobs[job.metadata.name] = job.model_copy(
        update={"spec": spec, "status": make_status(Phase.RUNNING)}
    )


def lose_results(api: OpenAIApi) -> None:
    del api.storage.objects[manifest_key(NAMESPACE, api.only_job().metadata.name)]


def _set_phase(api: OpenAIApi, phase: Phase) -> None:
    job = api.only_job()
    api.jobs.jobs[job.metadata.name] = job.model_copy(update={"status": make_status(phase)})


@pytest.mark.parametrize("spoil", [fail, cancel, ask_for_its_end, lose_results])
async def test_what_came_to_nothing_is_tried_anew_under_another_name(
    spoil: Callable[[OpenAIApi], None],
) -> None:
    api = OpenAIApi()
    await api.ask()
    first = api.only_job().metadata.name
    spoil(api)

    second = (await api.ask()).headers["x-waas-job"]
    third = (await api.ask()).headers["x-waas-job"]

    assert first != second == third
    assert set(api.jobs.jobs) == {first, second}
    assert len(api.audio_keys()) == 2


async def test_a_job_that_is_being_removed_is_not_met() -> None:
    api = OpenAIApi()
    first = (await api.ask()).headers["x-waas-job"]
    await api.jobs.annotate(first, mark_removal("operator-1", datetime.now(UTC)))

    second = (await api.ask()).headers["x-waas-job"]

    assert (second != first, len(api.jobs.jobs)) == (True, 2)


async def test_a_recording_without_sound_is_told_each_time_and_tried_once() -> None:
    api = OpenAIApi()

    answers = [await api.ask(sound=BAD_SOUND) for _ in range(2)]

    assert {answer.status_code for answer in answers} == {400}
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["error"]["code"] == "unsupported_audio"
    assert len(api.jobs.jobs) == len(api.audio_keys()) == 1


@pytest.mark.parametrize(
    ("sentence", "failures", "status", "are_there"),
    [
        ("a busy API server is asked again", [Failure(BUSY)], 200, True),
        ("a lost answer is no second job", [Failure(LOST, happens=True)], 200, True),
        ("a refusal leaves nothing", [Failure(REFUSED)], 400, False),
        ("one that stays busy leaves nothing", [Failure(BUSY)] * 3, 503, False),
    ],
)
async def test_there_is_a_job_with_its_audio_or_neither(
    sentence: str,  # noqa: ARG001
    failures: list[Failure],
    status: int,
    are_there: bool,
) -> None:
    api = OpenAIApi()
    api.jobs.create_failures = list(failures)

    answer = await api.ask()

    assert answer.status_code == status
    assert bool(api.jobs.jobs) is bool(api.audio_keys()) is are_there


async def test_a_form_that_proves_wrong_after_its_recording_leaves_nothing() -> None:
    api = OpenAIApi()
    async with api.client() as client:
        answer = await client.post(
            "/v1/audio/transcriptions",
            files=[
                ("file", ("a.mp3", SOUND)),
                ("temperature", (None, b"hot")),
            ],
        )

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "temperature")
    assert (api.storage.objects, api.jobs.jobs) == ({}, {})


async def test_an_upload_that_breaks_off_leaves_nothing() -> None:
    api = OpenAIApi()
    api.storage.leaves_unfinished = True

    async def half() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + SOUND

    answer = await api.request(
        "POST",
        "/v1/audio/transcriptions",
        half(),
        {"content-type": "multipart/form-data; boundary=b"},
    )

    assert answer.status_code == 400
    assert json.loads(answer.text)["error"]["code"] == "malformed_form"
    assert (api.storage.objects, api.jobs.jobs) == ({}, {})


async def test_a_store_that_cannot_move_leaves_no_job() -> None:
    api = OpenAIApi()

    async def refuse(key: str, new_key: str) -> None:
        raise StorageUnavailable(f"{key} to {new_key}: no")

    api.storage.move = refuse  # type: ignore[method-assign]

    assert (await api.ask()).status_code == 503
    assert (api.storage.objects, api.jobs.jobs) == ({}, {})
