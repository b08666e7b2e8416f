from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support.job_items import make_urls
from waas_contract.formats import OutputFormat
from waas_contract.job_environment import ItemUrls
from waas_job.errors import (
    BadConfiguration,
    SourceNotFound,
    StorageUnavailable,
)
from waas_job.scratch import ScratchFile
from waas_job.storage.objects import StoredObjects
from waas_job.storage.retrying import Waiting
from waas_job.storage.transport import Answer, Body, Sink, TransferError

Reply = Answer | TransferError | bytes


@dataclass
class ScriptedTransport:
    """Answers as a test says, request after request; the last reply is repeated."""

    replies: list[Reply]
    urls: list[str] = field(default_factory=list)
    bodies: list[Body] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    quick: list[bool] = field(default_factory=list)

    def get(self, url: str) -> Answer:
        return self._reply(url)

    def put(self, url: str, body: Body, *, is_quick: bool = False) -> Answer:
        self.bodies.append(body)
        self.quick.append(is_quick)
        return self._reply(url)

    def download(self, url: str, sink: Sink) -> Answer:
        self.starts.append(sink.size)
        if isinstance(self.replies[0], bytes):
            # Bytes and then a broken line.
            sink.write(self.replies.pop(0))  # type: ignore[arg-type]
            self.urls.append(url)
            raise TransferError("ReadError")
        return self._reply(url)

    def _reply(self, url: str) -> Answer:
        self.urls.append(url)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, TransferError):
            raise reply
        assert isinstance(reply, Answer)
        return reply


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def sleep(self, seconds: float) -> None:
        # A request takes time too, or a clock that stands still would be waited for forever.
        self.seconds += seconds

    def tell(self) -> float:
        self.seconds += 0.001
        return self.seconds


def locate(key: str) -> str:
    return f"https://store.test/{key}?X-Amz-Signature=old"


def locate_anew(key: str) -> str:
    return f"https://store.test/{key}?X-Amz-Signature=new"


def make_objects(
    transport: ScriptedTransport,
    *,
    read_urls: Callable[[], ItemUrls] = lambda: make_urls("interview", locate),
    patience_seconds: float = 60,
) -> tuple[StoredObjects, Clock]:
    clock = Clock()
    waiting = Waiting(clock=clock.tell, sleep=clock.sleep, draw=lambda: 1.0)
    objects = StoredObjects(
        read_urls, transport, patience_seconds=patience_seconds, waiting=waiting
    )
    return objects, clock


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[ScratchFile]:
    with ScratchFile(tmp_path, "interview.wav") as file:
        yield file


def test_manifest_is_absent_when_the_store_knows_no_such_key() -> None:
    objects, _ = make_objects(ScriptedTransport([Answer(404, error_code="NoSuchKey")]))
    assert objects.read_manifest() is None


def test_manifest_is_read_once_the_store_is_back() -> None:
    transport = ScriptedTransport([Answer(503), TransferError("ConnectError"), Answer(200, b"{}")])
    objects, clock = make_objects(transport)
    assert objects.read_manifest() == b"{}"
    assert len(transport.urls) == 3
    assert clock.seconds == pytest.approx(1.5, abs=0.1)


def test_store_is_unavailable_when_patience_is_over() -> None:
    objects, clock = make_objects(ScriptedTransport([Answer(503, error_code="SlowDown")]))
    with pytest.raises(StorageUnavailable, match="HTTP 503, SlowDown"):
        objects.read_manifest()
    assert clock.seconds == pytest.approx(60, abs=0.1)


def test_configuration_is_bad_at_once_when_asking_again_is_no_use() -> None:
    objects, clock = make_objects(ScriptedTransport([Answer(301)]))
    with pytest.raises(BadConfiguration, match="HTTP 301"):
        objects.read_manifest()
    assert clock.seconds < 1


def test_request_waits_as_long_as_the_store_asks() -> None:
    objects, clock = make_objects(
        ScriptedTransport(
            [Answer(429, retry_after_seconds=40), Answer(404, error_code="NoSuchKey")]
        )
    )
    objects.read_manifest()
    assert clock.seconds == pytest.approx(40, abs=0.1)


def test_ended_url_is_read_again_and_used_without_waiting() -> None:
    generations = iter([locate, locate_anew, locate_anew])
    transport = ScriptedTransport([Answer(403, error_code="AccessDenied"), Answer(200, b"{}")])
    objects, clock = make_objects(
        transport, read_urls=lambda: make_urls("interview", next(generations))
    )
    assert objects.read_manifest() == b"{}"
    assert [url[-3:] for url in transport.urls] == ["old", "new"]
    assert clock.seconds < 1


def test_ended_url_that_is_never_renewed_makes_the_store_unavailable() -> None:
    transport = ScriptedTransport([Answer(403, error_code="AccessDenied")])
    objects, clock = make_objects(transport)
    with pytest.raises(StorageUnavailable, match="HTTP 403, AccessDenied"):
        objects.read_manifest()
    assert clock.seconds == pytest.approx(60, abs=0.1)


def test_audio_is_not_found_when_the_store_answers_404(sink: ScratchFile) -> None:
    objects, _ = make_objects(ScriptedTransport([Answer(404, error_code="NoSuchKey")]))
    with pytest.raises(SourceNotFound, match="not in the object storage"):
        objects.fetch_audio(sink)


def test_download_goes_on_where_the_connection_broke(sink: ScratchFile) -> None:
    transport = ScriptedTransport([b"first ", b"second ", Answer(206)])
    objects, _ = make_objects(transport)
    objects.fetch_audio(sink)
    assert transport.starts == [0, 6, 13]
    assert sink.path.read_bytes() == b"first second "


def test_download_has_patience_as_long_as_bytes_arrive(sink: ScratchFile) -> None:
    transport = ScriptedTransport([*([b"some bytes"] * 200), Answer(206)])
    objects, clock = make_objects(transport, patience_seconds=2)
    objects.fetch_audio(sink)
    assert sink.size == 2000
    assert clock.seconds > 50


def test_download_that_gets_nowhere_makes_the_store_unavailable(sink: ScratchFile) -> None:
    transport = ScriptedTransport([b"some bytes", TransferError("ReadError")])
    objects, _ = make_objects(transport, patience_seconds=5)
    with pytest.raises(StorageUnavailable, match="ReadError"):
        objects.fetch_audio(sink)


@pytest.mark.parametrize(("status", "expected"), [(200, True), (412, False)])
def test_result_is_created_only_where_there_is_none(status: int, expected: bool) -> None:
    transport = ScriptedTransport([Answer(status)])
    objects, _ = make_objects(transport)
    assert objects.create_result(2, OutputFormat.JSON, b"{}") is expected
    assert transport.bodies == [Body(b"{}", "application/json", only_if_absent=True)]
    assert "results/2/transcript.json" in transport.urls[0]


def test_result_is_stored_plainly_when_the_store_knows_no_conditions() -> None:
    transport = ScriptedTransport([Answer(501), Answer(200)])
    objects, _ = make_objects(transport)
    assert objects.create_result(1, OutputFormat.JSON, b"{}")
    assert [body.only_if_absent for body in transport.bodies] == [True, False]


def test_result_without_a_url_is_for_another_attempt() -> None:
    objects, _ = make_objects(ScriptedTransport([Answer(200)]))
    with pytest.raises(StorageUnavailable, match="srt of attempt 9"):
        objects.replace_result(9, OutputFormat.SRT, b"")


def test_attempts_are_counted_upwards() -> None:
    objects, _ = make_objects(
        ScriptedTransport([Answer(200)]),
        read_urls=lambda: make_urls("interview", locate, attempts=(3, 1, 2)),
    )
    assert objects.attempts() == (1, 2, 3)


def test_progress_is_noted_in_one_quick_try() -> None:
    transport = ScriptedTransport([Answer(503)])
    objects, clock = make_objects(transport)
    with pytest.raises(StorageUnavailable):
        objects.note_progress(b"{}")
    assert transport.quick == [True]
    assert clock.seconds == 0


def test_partial_is_stored_in_one_quick_try() -> None:
    transport = ScriptedTransport([Answer(503)])
    objects, clock = make_objects(transport)
    with pytest.raises(StorageUnavailable):
        objects.note_partial(b"{}")
    assert transport.quick == [True]
    assert transport.urls == [locate("newsroom/interview/state/partial.json")]
    assert clock.seconds == 0


def test_partial_that_nobody_reads_is_not_stored() -> None:
    transport = ScriptedTransport([Answer(200)])
    objects, _ = make_objects(
        transport, read_urls=lambda: make_urls("interview", locate, with_partial=False)
    )
    objects.note_partial(b"{}")
    assert transport.urls == []


def test_checkpoint_is_kept_in_one_quick_try() -> None:
    transport = ScriptedTransport([Answer(503)])
    objects, clock = make_objects(transport)
    with pytest.raises(StorageUnavailable):
        objects.keep_checkpoint(b"{}")
    assert transport.quick == [True]
    assert transport.urls == [locate("newsroom/interview/state/checkpoint.json")]
    assert clock.seconds == 0


def test_checkpoint_is_absent_when_the_store_knows_no_such_key() -> None:
    objects, _ = make_objects(ScriptedTransport([Answer(404, error_code="NoSuchKey")]))
    assert objects.read_checkpoint() is None


def test_checkpoint_is_read_once_the_store_is_back() -> None:
    objects, _ = make_objects(ScriptedTransport([Answer(503), Answer(200, body=b"{}")]))
    assert objects.read_checkpoint() == b"{}"


def test_checkpoint_that_nobody_keeps_is_neither_read_nor_stored() -> None:
    transport = ScriptedTransport([])
    urls = make_urls("interview", locate).model_copy(update={"checkpoint": None})
    objects, _ = make_objects(transport, read_urls=lambda: urls)
    objects.keep_checkpoint(b"{}")
    assert objects.read_checkpoint() is None
    assert transport.urls == []
