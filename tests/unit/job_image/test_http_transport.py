import email.utils
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from waas_job.errors import BadConfiguration
from waas_job.scratch import ScratchFile
from waas_job.storage.http_transport import HttpTransport
from waas_job.storage.transport import Body, TransferError

URL = "http://store.test/bucket/key?X-Amz-Signature=secret"

MALFORMED_URL = "http://store.test:port/bucket/key?X-Amz-Signature=secret"

Handler = Callable[[httpx.Request], httpx.Response]


def make_transport(handler: Handler) -> HttpTransport:
    return HttpTransport(httpx.MockTransport(handler))


def streamed(status: int, content: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    """Return a response whose body is still on its way."""
    return httpx.Response(status, headers=headers, content=iter([content]))


class Store(httpx.BaseTransport):
    """Takes one request, piece by piece."""

    def __init__(self) -> None:
        self.headers = httpx.Headers()
        self.pieces: list[bytes] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        self.headers = request.headers
        self.pieces += request.stream
        return httpx.Response(200)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[ScratchFile]:
    with ScratchFile(tmp_path, "interview.wav") as file:
        yield file


def test_put_asks_not_to_replace_only_when_told() -> None:
    seen: list[httpx.Headers] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200)

    transport = make_transport(handle)
    transport.put(URL, Body(b"{}", "application/json", only_if_absent=True))
    transport.put(URL, Body(b"{}", "application/json"))
    assert [headers.get("If-None-Match") for headers in seen] == ["*", None]
    assert seen[0]["Content-Type"] == "application/json"


def test_file_is_put_with_its_length_and_in_pieces(tmp_path: Path) -> None:
    source = tmp_path / "preview.webm"
    source.write_bytes(b"sound" * 40_000)
    store = Store()
    assert HttpTransport(store).put(URL, Body(source, "audio/webm")).is_success
    assert store.headers["Content-Length"] == "200000"
    assert "Transfer-Encoding" not in store.headers
    assert b"".join(store.pieces) == source.read_bytes()
    assert len(store.pieces) > 1


def test_file_that_is_gone_is_not_put(tmp_path: Path) -> None:
    transport = make_transport(lambda _: httpx.Response(200))
    with pytest.raises(FileNotFoundError):
        transport.put(URL, Body(tmp_path / "none", "audio/webm"))


def test_error_is_told_in_the_stores_own_word() -> None:
    body = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Key>bucket/key</Key></Error>"
    answer = make_transport(lambda _: httpx.Response(403, content=body)).get(URL)
    assert answer.describe() == "HTTP 403, AccessDenied"


def test_redirect_is_not_followed() -> None:
    transport = make_transport(
        lambda _: httpx.Response(307, headers={"Location": "http://elsewhere.test/"})
    )
    assert transport.get(URL).status == 307


def test_redirect_is_followed_where_told_so() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.host == "elsewhere.test":
            return httpx.Response(200, content=b"moved")
        return httpx.Response(307, headers={"Location": "http://elsewhere.test/"})

    transport = HttpTransport(httpx.MockTransport(handle), follow_redirects=True)
    assert transport.get(URL).body == b"moved"
    transport.close()


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (httpx.Response(200, headers={"Content-Length": "7"}), 7),
        (httpx.Response(200), None),
        (httpx.Response(405, headers={"Content-Length": "7"}), None),
    ],
)
def test_length_is_asked_for_without_the_object(
    response: httpx.Response, expected: int | None
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        assert request.method == "HEAD"
        return response

    assert make_transport(handle).measure(URL) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("7", 7), (" 7 ", 7), ("soon", None), (None, None)]
)
def test_retry_after_is_read_as_seconds(value: str | None, expected: float | None) -> None:
    headers = {"Retry-After": value} if value else {}
    answer = make_transport(lambda _: httpx.Response(503, headers=headers)).get(URL)
    assert answer.retry_after_seconds == expected


def test_retry_after_is_read_as_a_date() -> None:
    moment = email.utils.format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    answer = make_transport(lambda _: httpx.Response(503, headers={"Retry-After": moment})).get(URL)
    assert answer.retry_after_seconds == pytest.approx(30, abs=3)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (httpx.ConnectError(f"cannot connect to {URL}"), "ConnectError"),
        (httpx.ReadTimeout(f"too slow: {URL}"), "ReadTimeout"),
        (httpx.RemoteProtocolError(f"broken: {URL}"), "RemoteProtocolError"),
    ],
)
def test_failure_is_told_without_the_url(error: httpx.HTTPError, expected: str) -> None:
    def handle(_: httpx.Request) -> httpx.Response:
        raise error from ConnectionRefusedError(111, "Connection refused")

    with pytest.raises(TransferError) as caught:
        make_transport(handle).get(URL)
    assert str(caught.value) == f"{expected}: Connection refused"
    assert "secret" not in "".join(traceback.format_exception(caught.value))


def test_malformed_url_is_a_bad_configuration_that_does_not_tell_it() -> None:
    with pytest.raises(BadConfiguration) as caught:
        HttpTransport().get(MALFORMED_URL)
    assert "secret" not in "".join(traceback.format_exception(caught.value))


def test_download_resumes_only_the_same_version(sink: ScratchFile) -> None:
    sink.write(b"first ")
    sink.etag = '"v1"'

    def handle(request: httpx.Request) -> httpx.Response:
        assert request.headers["Range"] == "bytes=6-"
        assert request.headers["If-Match"] == '"v1"'
        return streamed(206, b"second", {"Content-Range": "bytes 6-11/12"})

    assert make_transport(handle).download(URL, sink).status == 206
    assert sink.path.read_bytes() == b"first second"


def test_download_begins_anew_when_the_store_sends_all(sink: ScratchFile) -> None:
    sink.write(b"first ")
    transport = make_transport(lambda _: streamed(200, b"whole"))
    transport.download(URL, sink)
    assert sink.path.read_bytes() == b"whole"


@pytest.mark.parametrize("status", [412, 416])
def test_download_forgets_what_it_has_when_the_object_changed(
    sink: ScratchFile, status: int
) -> None:
    sink.write(b"first ")
    with pytest.raises(TransferError, match="changed"):
        make_transport(lambda _: httpx.Response(status)).download(URL, sink)
    assert sink.size == 0


def test_download_refuses_another_part_than_it_asked_for(sink: ScratchFile) -> None:
    sink.write(b"first ")
    response = streamed(206, b"first ", {"Content-Range": "bytes 0-5/12"})
    with pytest.raises(TransferError, match="another part"):
        make_transport(lambda _: response).download(URL, sink)


def test_short_answer_is_no_end_of_file(sink: ScratchFile) -> None:
    response = streamed(200, b"first ", {"Content-Length": "12"})
    with pytest.raises(TransferError, match="6 of 12 bytes"):
        make_transport(lambda _: response).download(URL, sink)
    assert sink.size == 6
