"""POST /v1/detect: what it asks of a job, what it answers, and that nothing of it stays."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from support.api_builders import (
    NAMESPACE,
    Api,
    chunked,
    make_settings,
    make_spec,
    make_status,
    make_succeeded_condition,
    wait_for,
)
from support.fake_transcription_jobs import FakeTranscriptionJobs
from support.old_service import HTML
from waas_api.errors import ClusterUnavailable
from waas_api.intake.recording_head import HEAD_BYTES
from waas_api.jobs.detection import Detections
from waas_contract.job_status import (
    AudioStatus,
    Phase,
    TranscriptionJobStatus,
)
from waas_contract.transcription_job import (
    Task,
    TranscriptionJob,
    TranscriptionJobSpec,
)

NAME = "detection"
MEBIBYTE = 1024 * 1024


def heard(language: str | None) -> TranscriptionJobStatus:
    audio = AudioStatus(duration_seconds=30, language=language)
    return make_status(Phase.SUCCEEDED, audio=audio)


def failed(reason: str, message: str) -> TranscriptionJobStatus:
    condition = make_succeeded_condition("False", reason, message)
    return make_status(Phase.FAILED, conditions=(condition,))


@dataclass
class Listener(FakeTranscriptionJobs):
    """Ends each job as a test wants; a cancelled one is cancelled at the next look."""

    end: TranscriptionJobStatus | None = None
    namespace: str = NAMESPACE
    specs: list[TranscriptionJobSpec] = field(default_factory=list)
    before_get: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        super().__init__(self.namespace)

    async def create(
        self, name: str, spec: TranscriptionJobSpec, labels: Mapping[str, str] | None = None
    ) -> None:
        await super().create(name, spec, labels)
        self.specs.append(spec)

    async def get(self, name: str) -> TranscriptionJob:
        self.before_get()
        job = await super().get(name)
        if job.phase.is_final:
            return job
        if job.spec.cancelled:
            return self.put(name, job.spec, make_status(Phase.CANCELLED))
        return self.put(name, job.spec, self.end or make_status(Phase.RUNNING))


@dataclass
class DetectingApi(Api):
    """An app whose time is the test's."""

    jobs: FakeTranscriptionJobs = field(init=False)
    end: TranscriptionJobStatus | None = None
    ids: list[str] = field(default_factory=lambda: [NAME])
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.jobs = self.listener = Listener(self.end)
        super().__post_init__()
        services = self.app.state.services
        longest = services.settings.longest_detection_seconds
        self.detections = Detections(
            self.storage, longest_seconds=longest, monotonic=lambda: self.seconds, sleep=self._sleep
        )
        self.app.state.services = replace(services, detections=self.detections)

    async def _sleep(self, seconds: float) -> None:
        self.seconds += seconds

    async def assert_nothing_stays(self) -> None:
        await wait_for(lambda: not self.jobs.jobs, "the job is removed")
        assert self.storage.objects == {}


async def test_the_language_is_answered_in_the_old_bytes() -> None:
    api = DetectingApi(end=heard("no"))

    answer = await api.request("POST", "/v1/detect?model=base", b"sound")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.content == b'{"detectedLanguage":"norwegian","languageCode":"no"}\n'
    await api.assert_nothing_stays()


async def test_the_job_is_short_and_goes_by_itself_where_nobody_removes_it() -> None:
    api = DetectingApi(end=heard("no"), settings=make_settings(longest_detection_seconds=45))

    await api.request("POST", "/v1/detect?model=base&filename=a.mp3&email_callback=a@b.no", b"x")

    [spec] = api.listener.specs
    assert (spec.task, spec.model, spec.language) == (Task.DETECT, "base", None)
    assert spec.active_deadline_seconds == 45
    assert spec.ttl_seconds_after_finished is not None
    assert spec.ttl_seconds_after_finished <= 600
    assert spec.notifications is None


@pytest.mark.parametrize("query", ["", "?email_callback=", "?webhook_id=unknown"])
async def test_nobody_has_to_be_told(query: str) -> None:
    answer = await DetectingApi(end=heard("no")).request("POST", f"/v1/detect{query}", b"sound")

    assert answer.status_code == 200


async def test_a_language_that_the_table_has_not_is_named_by_its_code() -> None:
    answer = await DetectingApi(end=heard("xx")).request("POST", "/v1/detect", b"sound")

    assert answer.json() == {"detectedLanguage": "xx", "languageCode": "xx"}


@pytest.mark.parametrize(
    ("sentence", "query", "content", "text"),
    [
        ("an unknown model", "model=huge&language=elvish", b"x", "Model not available"),
        ("an unknown language", "language=elvish&task=sing", b"x", "Language not supported"),
        ("an unknown task", "task=sing", b"", "Task not supported"),
        (
            "a model that calls everything English",
            "model=tiny.en",
            b"x",
            "Language not detected by this model: choose a model whose name does not end in .en",
        ),
        ("no body", "email_callback=a@b.no", b"", "No file uploaded"),
    ],
)
async def test_bad_input_is_refused(sentence: str, query: str, content: bytes, text: str) -> None:
    api = DetectingApi()

    answer = await api.request("POST", f"/v1/detect?{query}", content)

    assert (answer.status_code, answer.text) == (400, text), sentence
    assert answer.headers["content-type"] == HTML
    assert (api.storage.objects, api.listener.specs) == ({}, [])


async def test_a_form_is_no_recording() -> None:
    form = {"content-type": "multipart/form-data; boundary=x"}

    answer = await DetectingApi().request("POST", "/v1/detect", b"x", form)

    assert (answer.status_code, answer.text) == (400, "No file uploaded")


@pytest.mark.parametrize(
    ("sentence", "end", "status", "text"),
    [
        (
            "a file without sound is the client's to mend",
            failed("BadAudio", "The file <b> holds no sound."),
            400,
            "Language not detected: The file <b> holds no sound.",
        ),
        (
            "a model that is not there is not",
            failed("ModelNotFound", "There is no such model."),
            500,
            "Language not detected: There is no such model.",
        ),
        (
            "a job that ends without a word",
            make_status(Phase.CANCELLED),
            500,
            "Language not detected: the job is Cancelled",
        ),
        (
            "a job without a language",
            heard(None),
            500,
            "Language not detected: the job is Succeeded",
        ),
    ],
)
async def test_a_failure_says_why(
    sentence: str, end: TranscriptionJobStatus, status: int, text: str
) -> None:
    api = DetectingApi(end=end)

    answer = await api.request("POST", "/v1/detect", b"sound")

    assert (answer.status_code, answer.text) == (status, text), sentence
    # The message quotes what others wrote.
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    await api.assert_nothing_stays()


@pytest.mark.parametrize(
    "end",
    [
        None,
        failed("DeadlineExceeded", "It took longer than 120 seconds."),
        failed("QueueDeadlineExceeded", "It did not start within 120 seconds."),
    ],
)
async def test_a_language_that_does_not_come_in_time_is_a_504(
    end: TranscriptionJobStatus | None,
) -> None:
    api = DetectingApi(end=end)

    answer = await api.request("POST", "/v1/detect", b"sound")

    assert (answer.status_code, answer.headers["retry-after"]) == (504, "10")
    assert answer.text.startswith("The language was not found within 120 s.")
    assert api.seconds <= 130
    await api.assert_nothing_stays()


async def leave(api: Api, *messages: dict[str, Any]) -> None:
    """Send the beginning of a request, then go."""
    waiting = [*messages, {"type": "http.disconnect"}]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/detect",
        "query_string": b"",
        "headers": [],
    }

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(_: object) -> None:
        pass

    await api.app(scope, receive, send)


@pytest.mark.parametrize(
    ("sentence", "is_last"),
    [("after the whole recording", True), ("in the middle of what nobody needs", False)],
)
async def test_a_client_that_leaves_takes_the_job_with_it(sentence: str, is_last: bool) -> None:
    api = DetectingApi()
    body = b"ID3" + bytes(HEAD_BYTES) if not is_last else b"ID3"

    await leave(api, {"type": "http.request", "body": body, "more_body": not is_last})

    assert api.listener.specs, sentence
    await api.assert_nothing_stays()


async def test_an_upload_that_is_cut_off_leaves_nothing() -> None:
    api = DetectingApi()
    api.storage.leaves_unfinished = True

    await leave(api, {"type": "http.request", "body": b"ID3", "more_body": True})

    assert (api.listener.specs, api.storage.objects) == ([], {})


async def pieces(first: bytes, size: int, taken: list[int]) -> AsyncIterator[bytes]:
    yield first
    for number in range(size // MEBIBYTE):
        taken.append(number)
        yield bytes(MEBIBYTE)


@pytest.mark.parametrize(
    ("sentence", "first", "is_cut"),
    [("an MP3", b"ID3", True), ("an MP4, whose end may be needed", b"\0\0\0\x18ftypM4A ", False)],
)
async def test_only_the_beginning_is_stored_and_all_is_taken_in(
    sentence: str, first: bytes, is_cut: bool
) -> None:
    api = DetectingApi(end=heard("en"))
    sizes: list[int] = []

    def look() -> None:
        sizes.extend(map(len, api.storage.objects.values()))

    api.listener.before_get = look
    taken: list[int] = []

    answer = await api.request("POST", "/v1/detect", pieces(first, 2 * HEAD_BYTES, taken))

    assert answer.status_code == 200, sentence
    assert len(taken) == 2 * HEAD_BYTES // MEBIBYTE
    largest = HEAD_BYTES + MEBIBYTE if is_cut else 2 * HEAD_BYTES + len(first)
    assert HEAD_BYTES <= sizes[0] <= largest
    assert is_cut or sizes[0] == largest


async def test_a_recording_that_turns_out_too_long_takes_the_job_with_it() -> None:
    api = DetectingApi(settings=make_settings(largest_upload_bytes=HEAD_BYTES + MEBIBYTE))

    answer = await api.request(
        "POST", "/v1/detect", chunked(b"ID3" + bytes(HEAD_BYTES), bytes(2 * MEBIBYTE))
    )

    assert answer.status_code == 413
    await api.assert_nothing_stays()


async def test_a_job_that_somebody_deletes_meanwhile_is_no_language() -> None:
    api = DetectingApi()
    api.listener.before_get = api.jobs.jobs.clear

    answer = await api.request("POST", "/v1/detect", b"sound")

    assert answer.status_code == 500
    assert answer.text == "Somebody deleted the detection before its end."


async def test_records_that_cannot_be_read_are_a_503() -> None:
    api = DetectingApi()
    api.jobs.read_error = ClusterUnavailable("the API server cannot be reached")

    answer = await api.request("POST", "/v1/detect", b"sound")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")


async def test_a_server_that_stops_has_asked_each_job_to_end() -> None:
    api = DetectingApi()
    api.jobs.put(NAME, make_spec(task=Task.DETECT), make_status(Phase.RUNNING))

    api.detections.remove(api.jobs, NAME)
    await api.detections.close()

    assert api.jobs.jobs == {}


async def test_what_is_detected_is_no_part_of_what_was_transcribed() -> None:
    api = DetectingApi()
    api.jobs.put(NAME, make_spec(task=Task.DETECT), heard("no"))

    assert json.loads((await api.get("/v1/stats")).content) == {"total_time_transcribed": 0.0}
