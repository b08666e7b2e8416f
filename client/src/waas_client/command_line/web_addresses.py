"""Fetches a recording from the web, so that the server needs to reach nothing but its clients."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from waas_client.command_line.addresses import show_address
from waas_client.command_line.exit_codes import CommandError, ExitCode

_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_MOST_REDIRECTS = 5


async def fetch(
    address: str,
    path: Path,
    *,
    largest_bytes: int,
    on_progress: Callable[[int, int | None], None],
    transport: httpx.AsyncBaseTransport | None = None,
) -> None:
    """Write what lies at an address into a file; raises CommandError if it is no recording."""
    shown = show_address(address)
    try:
        async with (
            httpx.AsyncClient(timeout=_TIMEOUT, transport=transport) as client,
            _open(client, address) as response,
        ):
            _check(shown, response)
            announced = response.headers.get("content-length", "")
            total = int(announced) if announced.isdecimal() else None
            if total is not None and total > largest_bytes:
                raise _too_large(shown, largest_bytes)
            received = 0
            with path.open("wb") as file:
                async for piece in response.aiter_bytes():
                    received += len(piece)
                    if received > largest_bytes:
                        raise _too_large(shown, largest_bytes)
                    file.write(piece)
                    on_progress(received, total)
    except httpx.InvalidURL as error:
        raise _unfit(f"{shown} cannot be fetched: it is not an address on the web.") from error
    except httpx.HTTPError as error:
        explanation = str(error).rstrip(".") or type(error).__name__
        raise _unfit(f"{shown} cannot be fetched: {explanation}.") from error
    except BrokenPipeError:
        raise  # Nobody reads what is shown any more.
    except OSError as error:
        raise CommandError(
            f"{shown} cannot be kept in {path.parent}: {error.strerror}.", ExitCode.CANNOT_WRITE
        ) from error


@asynccontextmanager
async def _open(client: httpx.AsyncClient, address: str) -> AsyncIterator[httpx.Response]:
    """Follow redirects to where the recording lies, but not from the web into this network."""
    request = client.build_request("GET", address)
    for _ in range(_MOST_REDIRECTS + 1):
        response = await client.send(request, stream=True)
        try:
            if response.next_request is None:
                yield response
                return
        finally:
            await response.aclose()
        before, request = request.url.host, response.next_request
        if (
            before != request.url.host
            and await _is_internal(request.url.host)
            and not await _is_internal(before)
        ):
            raise _unfit(
                f"{show_address(address)} cannot be fetched: it leads to {request.url.host}, "
                "which is not on the web."
            )
    raise _unfit(f"{show_address(address)} cannot be fetched: it leads from place to place.")


async def _is_internal(host: str) -> bool:
    """Tell whether a host is this machine or one of a network that is not the web."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False  # Who has no address cannot be reached, or by a proxy, which is elsewhere.
    return any(not _is_global(str(address[0])) for *_, address in found)


def _is_global(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_global


def _check(shown: str, response: httpx.Response) -> None:
    if not response.is_success:
        raise _unfit(f"{shown} cannot be fetched: it answers {response.status_code}.")
    if response.headers.get("content-type", "").startswith("text/html"):
        raise _unfit(f"{shown} is a web page, not a recording: give the recording's own address.")


def _unfit(message: str) -> CommandError:
    return CommandError(message, ExitCode.BAD_INPUT)


def _too_large(shown: str, largest_bytes: int) -> CommandError:
    return _unfit(
        f"{shown} is larger than {largest_bytes} bytes: allow more by --largest-download."
    )
