"""Recordings from the web over real sockets: what is fetched, and what nobody is to reach so."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network

import pytest
from starlette.types import Message

from support.api_builders import JOB_ID, NAMESPACE, Api, make_settings, wait_for
from waas_api.errors import (
    SourceError,
    SourceForbidden,
    SourceNotAudio,
    SourceTooLarge,
    SourceUnreachable,
)
from waas_api.http.upload_body import UploadLimits
from waas_api.intake.web_sources import SourcePolicy, WebSources

OUTSIDE, INSIDE = "127.0.0.2", "127.0.0.1"
"""What stands for the public internet here, and what for the network within."""

SOUND = b"\xff\xfb\x90\x00" * 1000
HOST = "recordings.example"


@dataclass
class Site:
    """A web server that keeps what it was asked."""

    answers: dict[str, bytes]
    port: int = 0
    requests: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(head)
            path = head.split(b" ")[1].decode()
            writer.write(self.answers.get(path, b"HTTP/1.1 404 Not Found\r\n\r\n"))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def ok(content: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(content)}", *headers, "Connection: close"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def leading_to(address: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {address}\r\nContent-Length: 0\r\n\r\n".encode()


@asynccontextmanager
async def serving(site: Site, address: str, port: int = 0) -> AsyncIterator[Site]:
    server = await asyncio.start_server(site.serve, address, port)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()


@asynccontextmanager
async def stalling(beginning: bytes) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """Serve the beginning of an answer, and give the port and the event that it is sent."""
    is_sent, has_ended = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(beginning)
        await writer.drain()
        is_sent.set()
        await reader.read()
        writer.close()
        await writer.wait_closed()
        has_ended.set()

    server = await asyncio.start_server(serve, OUTSIDE, 0)
    yield server.sockets[0].getsockname()[1], is_sent
    # The client is gone: that is a part of what is tested.
    async with asyncio.timeout(120):
        await has_ended.wait()
    server.close()


def resolving(*answers: Sequence[str]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """Return a resolver that gives one answer after the other, and then the last for ever."""
    left = list(answers)

    async def resolve(_: str, __: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


def sources(
    port: int,
    resolve: Callable[[str, int], Awaitable[Sequence[str]]],
    *,
    largest_bytes: int = 1 << 20,
    idle_seconds: float = 5,
) -> WebSources:
    limits = UploadLimits(largest_bytes, idle_seconds, 20)
    return WebSources(
        SourcePolicy((ip_network(f"{OUTSIDE}/32"),), (port,), limits), resolve=resolve
    )


async def fetch(web: WebSources, address: str) -> tuple[bytes, str | None]:
    async with web.open(address) as found:
        return b"".join([piece async for piece in found.body]), found.file_name


async def test_a_recording_is_fetched_by_its_name_from_the_checked_address() -> None:
    async with serving(Site({"/radio/Bl%C3%A5b%C3%A6r.mp3?a=b": ok(SOUND)}), OUTSIDE) as site:
        web = sources(site.port, resolving([OUTSIDE]))

        content, name = await fetch(
            web, f"http://{HOST}:{site.port}/radio/Bl%C3%A5b%C3%A6r.mp3?a=b#c"
        )

    assert (content, name) == (SOUND, "Blåbær.mp3")


async def test_the_host_is_told_and_no_proxy_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with serving(Site({"/a": ok(SOUND)}), OUTSIDE) as site:
        await fetch(sources(site.port, resolving([OUTSIDE])), f"http://{HOST}:{site.port}/a")

    head = site.requests[0].decode()
    assert f"Host: {HOST}:{site.port}" in head
    assert "Accept-Encoding: identity" in head


FORBIDDEN = [
    ("this machine", "http://127.0.0.1:{port}/a"),
    ("this machine by name", "http://localhost:{port}/a"),
    ("this machine in short", "http://127.1:{port}/a"),
    ("this machine as a number", "http://2130706433:{port}/a"),
    ("this machine in IPv6", "http://[::1]:{port}/a"),
    ("this machine mapped", "http://[::ffff:127.0.0.1]:{port}/a"),
    ("metadata", "http://169.254.169.254:{port}/latest/meta-data/"),
    ("another port", "http://recordings.example:22/a"),
    ("another scheme", "ftp://recordings.example:{port}/a"),
    ("a file", "file:///etc/passwd"),
    ("credentials", "http://user:secret@recordings.example:{port}/a"),
    ("no host", "http:///a"),
    ("no address", "http://[nonsense/a"),
]


@pytest.mark.parametrize("address", [pytest.param(each, id=name) for name, each in FORBIDDEN])
@pytest.mark.parametrize("is_redirect", [False, True])
async def test_nobody_within_is_reached(address: str, is_redirect: bool) -> None:
    outside, inside = Site({}), Site({"/a": ok(SOUND)})
    async with serving(outside, OUTSIDE), serving(inside, INSIDE, outside.port):
        target = address.format(port=outside.port)
        outside.answers = {"/go": leading_to(target)}

        async def resolve(host: str, port: int) -> Sequence[str]:
            if host == HOST:
                return [OUTSIDE]
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM
            )
            return [str(each[4][0]) for each in found]

        web = sources(outside.port, resolve)
        start = f"http://{HOST}:{outside.port}/go" if is_redirect else target
        # What is no address at all may just as well lead nowhere.
        with pytest.raises((SourceForbidden, SourceUnreachable)) as caught:
            await fetch(web, start)

    assert inside.requests == []
    assert "127.0.0.1" not in str(caught.value)
    if "nonsense" not in address and not (is_redirect and "http:///" in address):
        assert isinstance(caught.value, SourceForbidden)


async def test_a_name_that_also_stands_for_an_address_within_is_refused() -> None:
    async with serving(Site({"/a": ok(SOUND)}), OUTSIDE) as site:
        web = sources(site.port, resolving([OUTSIDE, INSIDE]))

        with pytest.raises(SourceForbidden):
            await fetch(web, f"http://{HOST}:{site.port}/a")

    assert site.requests == []


async def test_a_name_that_changes_its_address_is_checked_anew() -> None:
    outside, inside = Site({}), Site({"/a": ok(SOUND)})
    async with serving(outside, OUTSIDE), serving(inside, INSIDE, outside.port):
        outside.answers = {"/go": leading_to("/a"), "/a": ok(SOUND)}
        web = sources(outside.port, resolving([OUTSIDE], [INSIDE]))

        with pytest.raises(SourceForbidden):
            await fetch(web, f"http://{HOST}:{outside.port}/go")

        # Resolved once for one request: what was checked is what is connected to.
        content, _ = await fetch(
            sources(outside.port, resolving([OUTSIDE], [INSIDE])),
            f"http://{HOST}:{outside.port}/a",
        )
    assert content == SOUND
    assert inside.requests == []


async def test_redirects_are_followed_to_the_fifth() -> None:
    hops = {f"/{number}": leading_to(f"/{number + 1}") for number in range(6)}
    async with serving(Site({**hops, "/6": ok(SOUND)}), OUTSIDE) as site:
        web = sources(site.port, resolving([OUTSIDE]))

        assert (await fetch(web, f"http://{HOST}:{site.port}/1"))[0] == SOUND
        with pytest.raises(SourceUnreachable, match="leads on more than 5 times"):
            await fetch(web, f"http://{HOST}:{site.port}/0")


BAD_ANSWERS: list[tuple[str, bytes, type[SourceError]]] = [
    ("nothing is there", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", SourceUnreachable),
    ("a page", ok(SOUND, "Content-Type: text/html; charset=utf-8"), SourceNotAudio),
    ("a picture", ok(SOUND, "Content-Type: image/png"), SourceNotAudio),
    ("a page by another name", ok(b"<!doctype html>", "Content-Type: audio/mpeg"), SourceNotAudio),
    ("no byte", ok(b""), SourceNotAudio),
    ("packed", ok(SOUND, "Content-Encoding: gzip"), SourceUnreachable),
    ("too long", ok(b"\xff" * 5000), SourceTooLarge),
    ("too long without saying so", b"HTTP/1.1 200 OK\r\n\r\n" + b"\xff" * 5000, SourceTooLarge),
    ("cut off", ok(SOUND).replace(b": 4000", b": 4001"), SourceUnreachable),
    ("no HTTP", b"SSH-2.0-OpenSSH_9.9\r\n", SourceUnreachable),
    ("nowhere", b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", SourceUnreachable),
]


@pytest.mark.parametrize(
    ("answer", "error"), [pytest.param(*case[1:], id=case[0]) for case in BAD_ANSWERS]
)
async def test_what_is_no_recording_is_told(answer: bytes, error: type[SourceError]) -> None:
    async with serving(Site({"/a": answer}), OUTSIDE) as site:
        web = sources(site.port, resolving([OUTSIDE]), largest_bytes=4500)

        with pytest.raises(error):
            await fetch(web, f"http://{HOST}:{site.port}/a")


async def test_who_falls_silent_is_given_up() -> None:
    async with stalling(ok(SOUND)[:1000]) as (port, _):
        web = sources(port, resolving([OUTSIDE]), idle_seconds=0.2)

        with pytest.raises(SourceUnreachable, match="in time"):
            await fetch(web, f"http://{HOST}:{port}/a")


async def test_who_is_not_there_is_unreachable() -> None:
    with socket.socket() as taken:
        taken.bind((OUTSIDE, 0))
        port = taken.getsockname()[1]

        async def unknown(_: str, __: int) -> Sequence[str]:
            raise socket.gaierror(-2, "Name or service not known")

        with pytest.raises(SourceUnreachable, match="nobody answers there"):
            await fetch(sources(port, resolving([OUTSIDE])), f"http://{HOST}:{port}/a")
        with pytest.raises(SourceUnreachable, match="no such host"):
            await fetch(sources(port, unknown), f"http://{HOST}:{port}/a")


async def test_a_recording_at_an_address_becomes_an_object_and_a_job() -> None:
    async with serving(Site({"/a.mp3": ok(SOUND), "/b": ok(b"%PDF-1.7")}), OUTSIDE) as site:
        api = Api(
            settings=make_settings(
                url_source_networks=f"{OUTSIDE}/32", url_source_ports=str(site.port)
            )
        )
        async with api.client() as client:
            url = f"http://{OUTSIDE}:{site.port}/a.mp3"
            answer = await client.post("/v2/jobs", json={"source": {"url": url}, "model": "base"})
            bad = await client.post("/v2/jobs", json={"source": {"url": url.replace("a.mp3", "b")}})

    assert (answer.status_code, bad.status_code) == (201, 415)
    assert bad.json()["type"] == "tag:waas.dev,2026:source-not-audio"
    assert answer.json()["fileName"] == "a.mp3"
    assert api.storage.objects == {f"{NAMESPACE}/{JOB_ID}/audio/a.mp3": SOUND}
    assert "http" not in api.jobs.jobs[JOB_ID].spec.model_dump_json()


async def post_and_go(api: Api, content: bytes, is_time_to_go: asyncio.Event) -> None:
    """Call the app as a server does whose client goes before there is an answer."""
    messages: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive() -> Message:
        if messages:
            return messages.pop(0)
        await is_time_to_go.wait()
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        pass

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
        "scheme": "http", "path": "/v2/jobs", "raw_path": b"/v2/jobs", "root_path": "",
        "query_string": b"", "headers": [(b"content-type", b"application/json")],
        "client": None, "server": None,
    }  # fmt: skip
    await api.app(scope, receive, send)


async def test_a_client_that_goes_takes_the_fetching_with_it() -> None:
    async with stalling(b"HTTP/1.1 200 OK\r\n\r\n" + SOUND) as (port, is_sent):
        api = Api(
            settings=make_settings(url_source_networks=f"{OUTSIDE}/32", url_source_ports=str(port))
        )
        api.storage.leaves_unfinished = True
        content = f'{{"source": {{"url": "http://{OUTSIDE}:{port}/a"}}}}'.encode()

        await post_and_go(api, content, is_sent)

    await wait_for(lambda: not api.storage.objects, "nothing is left in storage")
    assert api.jobs.jobs == {}
