"""The old service's interface, over real sockets, on every back end: bytes, codes, headers."""

import http.client
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from support.api_builders import write_webhooks
from support.drop_in import (
    CANCELLED,
    EMAIL,
    FAILED,
    FINISHED,
    SUSPENDED,
    on_kubernetes,
    on_one_machine,
)
from support.old_service import (
    DOWNLOAD_PARAMETERS,
    HTML,
    JOB_KEYS,
    JOJO,
    JSON,
    PLAIN,
    SRT,
    TXT,
    VTT,
    detection_parameters,
    transcription_parameters,
)

pytestmark = pytest.mark.integration

MODELS = "tiny.en,tiny,base"
QUOTED_MODELS = '"tiny.en","tiny","base"'


@dataclass(frozen=True)
class Server:
    """A server that is spoken to with no more than a socket knows of HTTP."""

    url: str

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        assert parts.hostname
        assert parts.port
        return parts.hostname, parts.port

    def ask(
        self, method: str, path: str, content: bytes = b"", **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection(*self.address, timeout=180)
        try:
            connection.request(method, path, content or None, headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def ask_by_hand(self, request: bytes) -> bytes:
        """Return the very bytes of the answer."""
        with socket.create_connection(self.address, timeout=180) as connection:
            connection.sendall(request)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        return answer

    def transcribe(self, query: str, content: bytes = b"sound") -> tuple[int, str]:
        audio = {"Content-Type": "audio/mpeg"}
        status, _, body = self.ask("POST", f"/v1/transcribe?{query}", content, **audio)
        return status, body.decode()


@pytest.fixture(params=["kubernetes", "standalone"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    variables = {
        "WAAS_MODELS": MODELS,
        "ALLOWED_WEBHOOKS_FILE": str(write_webhooks(tmp_path / "webhooks.json", "news", "a b")),
        "BASE_URL": "https://waas.example.org",
        "EMAIL_SENDER_ADDRESS": "waas@example.org",
        "EMAIL_SENDER_HOST": "smtp.example.org",
        "DISCLAIMER": "Mind the words.",
    }
    if request.param == "standalone":
        weights = request.getfixturevalue("weights")
        with on_one_machine(tmp_path, weights, **variables, WAAS_MODEL="tiny.en") as url:
            yield Server(url)
    else:
        tenant, store = map(request.getfixturevalue, ("tenant", "object_store"))
        default = {"WAAS_DEFAULT_MODEL": "tiny.en"}
        with on_kubernetes(tenant, store, tmp_path, **variables, **default) as url:
            yield Server(url)


def test_every_format_is_sent_in_the_old_bytes(server: Server) -> None:
    for query, media_type, extension, body in (
        ("", PLAIN, "srt", SRT),
        ("?output=srt", PLAIN, "srt", SRT),
        ("?output=timecode_txt", PLAIN, "txt", SRT),
        ("?output=txt", PLAIN, "txt", TXT),
        ("?output=vtt", "text/vtt; charset=utf-8", "vtt", VTT),
        ("?output=json", "application/json", None, JSON),
    ):
        path = f"/v1/download/{FINISHED}{query}"
        status, headers, content = server.ask("GET", path)
        assert (status, content) == (200, body.encode()), query
        assert headers["content-type"] == media_type
        name = extension and f'attachment; filename="Blabaer__1_.{extension}"'
        assert headers["content-disposition"] == name

        head = server.ask("HEAD", path)
        assert head[0] == 200
        assert head[1]["content-length"] == str(len(content))
        assert head[2] == b""


def test_jojo_has_new_ids_at_every_download(server: Server) -> None:
    path = f"/v1/download/{FINISHED}?output=jojo"
    texts = [server.ask("GET", path)[2].decode() for _ in range(2)]

    an_id = r'"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"'
    assert [re.sub(an_id, '"ID"', text) for text in texts] == [JOJO, JOJO]
    assert len({found for text in texts for found in re.findall(an_id, text)}) == 8


def test_a_download_comes_byte_for_byte_but_for_the_case_of_headers(server: Server) -> None:
    answer = server.ask_by_hand(
        f"GET /v1/download/{FINISHED} HTTP/1.1\r\n"
        f"Host: {server.address[0]}\r\nConnection: close\r\n\r\n".encode()
    )

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    # Names of headers have no case (RFC 9110), and httptools, which is twice as fast, sends none.
    assert b'\r\ncontent-disposition: attachment; filename="Blabaer__1_.srt"' in head
    assert body == SRT.encode()


def test_whoever_has_no_transcript_hears_why(server: Server) -> None:
    for name, query, status, text in (
        ("nobody", "", 404, "No such job"),
        (FAILED, "", 500, "Job failed"),
        (CANCELLED, "?output=nonsense", 400, "Job canceled"),
        (SUSPENDED, "?output=nonsense", 425, "Job not done yet"),
        (FINISHED, "?output=nonsense", 400, "Output not supported"),
    ):
        found = server.ask("GET", f"/v1/download/{name}{query}")
        assert (found[0], found[2].decode(), found[1]["content-type"]) == (status, text, HTML)


def test_jobs_are_shown_with_all_old_keys_and_no_secrets(server: Server) -> None:
    for name, word in ((FINISHED, "finished"), (FAILED, "failed"), (CANCELLED, "canceled")):
        status, headers, content = server.ask("GET", f"/v1/jobs/{name}")
        assert (status, headers["content-type"]) == (200, "application/json")
        shown = httpx.Response(200, content=content).json()
        assert shown["status"] == word
        assert set(shown) >= JOB_KEYS
        assert content.endswith(b"}\n")
        assert list(shown) == sorted(shown)
        for secret in (EMAIL, "/audio/", "Traceback", "Hei."):
            assert secret not in content.decode(), (name, secret)
        dates = (shown["enqueued_at"], shown["ended_at"])
        assert all(
            re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", each or dates[0])
            for each in dates
        )
    status, headers, content = server.ask("GET", "/v1/jobs/nobody")
    assert (status, content, headers["content-type"]) == (404, b"No such job", HTML)


def test_queue_and_statistics_are_counted(server: Server) -> None:
    assert server.ask("GET", "/v1/queue")[::2] == (200, b'{"count":0,"length":0}\n')
    assert server.ask("GET", "/v1/stats")[::2] == (200, b'{"total_time_transcribed":3725.5}\n')
    for path in ("/v1/queue", "/v1/stats", f"/v1/jobs/{FINISHED}"):
        assert server.ask("HEAD", path)[::2] == (200, b"")


def test_parameters_and_methods_are_listed(server: Server) -> None:
    for path, body in (
        ("/v1/transcribe", transcription_parameters("tiny.en", QUOTED_MODELS)),
        ("/v1/detect", detection_parameters("tiny.en", QUOTED_MODELS)),
        ("/v1/download/anything", DOWNLOAD_PARAMETERS),
    ):
        status, headers, content = server.ask("OPTIONS", path)
        assert (status, content.decode()) == (200, body)
        assert headers["content-type"] == "application/json"
    for path in ("/v1/queue", "/v1/stats", "/v1/jobs/anything"):
        status, headers, content = server.ask("OPTIONS", path)
        assert (status, headers["allow"], content) == (200, "GET, HEAD, OPTIONS", b"")
    for method, path, allow in (
        ("GET", "/v1/transcribe", "OPTIONS, POST"),
        ("DELETE", "/v1/detect", "OPTIONS, POST"),
        ("POST", "/v1/download/x", "GET, HEAD, OPTIONS"),
    ):
        status, headers, content = server.ask(method, path)
        assert (status, headers["allow"], headers["content-type"]) == (405, allow, HTML)
    for path in ("/v1/transcribe/", "/v1/queue/", "/v1/nothing"):
        status, headers, content = server.ask("GET", path)
        assert (status, headers["content-type"]) == (404, HTML)


def test_requests_are_checked_in_the_old_order(server: Server) -> None:
    told = f"email_callback={EMAIL}"
    for query, content, status, text in (
        ("model=huge&language=elvish&task=sing", b"", 400, "Model not available"),
        ("language=elvish&task=sing", b"", 400, "Language not supported"),
        ("task=sing", b"", 400, "Task not supported"),
        ("", b"", 400, "No file uploaded"),
        ("", b"x", 400, "No email_callback or webhook_callback_url set"),
        (f"webhook_id=olds&{told}", b"x", 405, '{"error":"Invalid webhook id"}\n'),
    ):
        assert server.transcribe(query, content) == (status, text), query
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for path in (f"/v1/transcribe?{told}", "/v1/detect?model=tiny"):
        found = server.ask("POST", path, b"x", **form)
        assert (found[0], found[2]) == (400, b"No file uploaded")
    found = server.ask("POST", "/v1/detect", b"x", **{"Content-Type": "audio/mpeg"})
    assert (found[0], found[1]["content-type"]) == (400, HTML)
    assert found[2].startswith(b"Language not detected by this model")


def test_an_upload_is_accepted_and_its_name_is_unquoted_twice(server: Server) -> None:
    status, text = server.transcribe(
        f"model=tiny&language=norwegian&email_callback={EMAIL}&webhook_id=a%2520b"
        "&filename=Bl%25C3%25A5b"
    )

    assert status == 201
    found = re.fullmatch(r'\{"job_id":"([0-9a-f-]{36})"\}\n', text)
    assert found
    shown = httpx.get(f"{server.url}/v1/jobs/{found[1]}", trust_env=False).json()
    assert shown["meta"]["uploaded_filename"] == "Blåb"
    assert shown["args"][1:4] == ["tiny", "transcribe", "norwegian"]
