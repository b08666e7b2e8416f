"""Fetches a recording from the web, so that the server needs to reach nothing but its clients."""

from collections.abc import Callable
from pathlib import Path

import httpx

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
    try:
        async with (
            httpx.AsyncClient(
                timeout=_TIMEOUT,
                follow_redirects=True,
                max_redirects=_MOST_REDIRECTS,
                transport=transport,
            ) as client,
            client.stream("GET", address) as response,
        ):
            _check(address, response)
            announced = response.headers.get("content-length", "")
            total = int(announced) if announced.isdecimal() else None
            if total is not None and total > largest_bytes:
                raise _too_large(address, largest_bytes)
            received = 0
            with path.open("wb") as file:
                async for piece in response.aiter_bytes():
                    received += len(piece)
                    if received > largest_bytes:
                        raise _too_large(address, largest_bytes)
                    file.write(piece)
                    on_progress(received, total)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        explanation = str(error).rstrip(".") or type(error).__name__
        raise _unfit(f"{address} cannot be fetched: {explanation}.") from error


def _check(address: str, response: httpx.Response) -> None:
    if not response.is_success:
        raise _unfit(f"{address} cannot be fetched: it answers {response.status_code}.")
    if response.headers.get("content-type", "").startswith("text/html"):
        raise _unfit(f"{address} is a web page, not a recording: give the recording's own address.")


def _unfit(message: str) -> CommandError:
    return CommandError(message, ExitCode.BAD_INPUT)


def _too_large(address: str, largest_bytes: int) -> CommandError:
    return _unfit(
        f"{address} is larger than {largest_bytes} bytes: allow more by --largest-download."
    )
