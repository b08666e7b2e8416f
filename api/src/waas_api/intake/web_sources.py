"""Recordings on the web, read while the request waits, so that a job only ever sees an object.

Whoever names an address must not reach through the service what only the service can reach. So
each name is resolved once, every address that it stands for is checked, and the connection goes to
those and no other; each redirect is a new address. Proxies of the environment do not count: they
would resolve names anew.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import unquote

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from waas_api.errors import (
    SourceForbidden,
    SourceNotAudio,
    SourceTooLarge,
    SourceUnreachable,
    UploadCutOff,
    UploadStalled,
    UploadTooLarge,
)
from waas_api.http.upload_body import UploadBody, UploadLimits
from waas_api.intake.address_policy import Network, is_allowed, parse_address
from waas_api.intake.media_check import HEAD_BYTES, explain_not_media

MOST_REDIRECTS = 5
_CONNECT_SECONDS = 10
_PIECE_BYTES = 256 * 1024
_OK = 200
_REDIRECTS = (301, 302, 303, 307, 308)
_NOT_AUDIO = ("text/html", "application/xhtml+xml", "application/json", "application/pdf")
_FORBIDDEN = "The service does not fetch recordings from there."

LookUp = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host, or raises OSError."""


async def look_up(host: str, port: int) -> Sequence[str]:
    """Return what the system's resolver knows of a host."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


@dataclass(frozen=True)
class SourcePolicy:
    """What may be fetched."""

    networks: Collection[Network]
    """Those allowed beside the public internet."""

    ports: Collection[int]
    limits: UploadLimits


@dataclass(frozen=True)
class WebRecording:
    """What lies at an address."""

    body: UploadBody
    file_name: str | None


class WebSources:
    """Fetches recordings from the web."""

    def __init__(self, policy: SourcePolicy, *, resolve: LookUp = look_up) -> None:
        self._policy = policy
        self._resolve = resolve

    @asynccontextmanager
    async def open(self, address: str) -> AsyncIterator[WebRecording]:
        """Give the recording at an address, to be read within the context.

        Raises:
            SourceForbidden: the policy does not allow it, or what it leads to.
            SourceUnreachable: nobody answers there, or with something else.
            SourceTooLarge: it is, or turns out to be, too long.
            SourceNotAudio: it is plainly no recording.
        """
        connector = aiohttp.TCPConnector(
            resolver=_CheckedResolver(self._policy, self._resolve),
            use_dns_cache=False,
            force_close=True,
        )
        timeout = aiohttp.ClientTimeout(
            total=None,
            sock_connect=_CONNECT_SECONDS,
            sock_read=self._policy.limits.longest_idle_seconds,
        )
        try:
            async with (
                aiohttp.ClientSession(
                    connector=connector,
                    timeout=timeout,
                    trust_env=False,
                    auto_decompress=False,
                    cookie_jar=aiohttp.DummyCookieJar(),
                    headers={"Accept-Encoding": "identity", "Accept": "audio/*, video/*, */*"},
                ) as session,
                self._follow(session, _parse(address)) as response,
            ):
                yield await self._read(response)
        except UploadTooLarge as error:
            raise SourceTooLarge(
                f"The recording there is longer than {self._policy.limits.largest_bytes} bytes."
            ) from error
        except (UploadStalled, UploadCutOff) as error:
            raise SourceUnreachable("The recording did not arrive whole or in time.") from error
        except TimeoutError as error:
            raise SourceUnreachable("Nobody answers there in time.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise SourceUnreachable(f"It cannot be fetched: {_explain(error)}.") from error

    @asynccontextmanager
    async def _follow(
        self, session: aiohttp.ClientSession, url: URL
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        for _ in range(MOST_REDIRECTS + 1):
            self._check(url)
            async with session.get(url, allow_redirects=False) as response:
                if response.status not in _REDIRECTS:
                    yield response
                    return
                try:
                    url = url.join(URL(response.headers.get("Location", "")))
                except ValueError as error:
                    raise SourceUnreachable("It leads to what is no address.") from error
        raise SourceUnreachable(f"It leads on more than {MOST_REDIRECTS} times.")

    def _check(self, url: URL) -> None:
        """Raise SourceForbidden where the URL alone shows it; names are checked when resolved."""
        if url.scheme not in ("http", "https") or not url.raw_host:
            raise SourceForbidden("Only addresses that begin with http:// or https:// are fetched.")
        if url.raw_user is not None or url.raw_password is not None:
            raise SourceForbidden("An address with a user or a password in it is not fetched.")
        if url.port not in self._policy.ports:
            ports = ", ".join(map(str, self._policy.ports))
            raise SourceForbidden(f"Recordings are fetched on these ports alone: {ports}.")
        # aiohttp asks no resolver for a host of digits or with a colon.
        if ":" in url.raw_host or url.raw_host.replace(".", "").isdigit():
            literal = parse_address(url.raw_host)
            if literal is None or not is_allowed(literal, self._policy.networks):
                raise SourceForbidden(_FORBIDDEN)

    async def _read(self, response: aiohttp.ClientResponse) -> WebRecording:
        if response.status != _OK:
            raise SourceUnreachable(f"It was answered with status {response.status}.")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise SourceUnreachable("It was answered in a packed form, which nobody asked for.")
        kind = response.content_type.lower()
        if kind in _NOT_AUDIO or kind.startswith("image/"):
            raise SourceNotAudio(f"What lies there is {kind}, not a recording.")
        body = UploadBody(
            aiter(response.content.iter_chunked(_PIECE_BYTES)),
            announced_bytes=response.content_length,
            limits=self._policy.limits,
        )
        what = explain_not_media(await body.peek(HEAD_BYTES))
        if what is not None:
            raise SourceNotAudio(f"What lies there is {what}, not a recording.")
        if await body.is_empty():
            raise SourceNotAudio("Nothing lies there.")
        name = unquote(response.url.raw_path.rpartition("/")[2], errors="replace")
        return WebRecording(body, "".join(filter(str.isprintable, name)) or None)


class _CheckedResolver(AbstractResolver):
    """Lets a connection be made to checked addresses only."""

    def __init__(self, policy: SourcePolicy, resolve: LookUp) -> None:
        self._policy = policy
        self._resolve = resolve

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        addresses = list(dict.fromkeys(await self._resolve(host, port)))
        for each in addresses:
            address = parse_address(each)
            # One bad address among good ones is reason enough: who means well has none.
            if address is None or not is_allowed(address, self._policy.networks):
                raise SourceForbidden(_FORBIDDEN)
        return [
            ResolveResult(
                hostname=host,
                host=each,
                port=port,
                family=socket.AF_INET6 if ":" in each else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for each in addresses
            if family in (socket.AF_UNSPEC, socket.AF_INET6 if ":" in each else socket.AF_INET)
        ]

    async def close(self) -> None:
        pass


def _parse(address: str) -> URL:
    try:
        return URL(address)
    except ValueError as error:
        raise SourceForbidden("That is no address on the web.") from error


def _explain(error: Exception) -> str:
    """Return what to tell of a failure: little, for the network within is nobody's business."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "there is no such host"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "its certificate or its encryption is not in order"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "nobody answers there"
    return "the connection broke, or what answers speaks no HTTP"
