"""What the commands reach the world by, so that tests can put something else in its place."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import httpx
import typer

from waas_client.async_client import AsyncClient
from waas_client.command_line.exit_codes import CommandError, ExitCode
from waas_client.command_line.interruption import Ask, choose_ask
from waas_client.command_line.local_server import running_local_server
from waas_client.connection import DEFAULT_SERVER, is_loopback
from waas_client.errors import ConnectionFailed, NotAWaasServer

API_KEY_VARIABLE = "WAAS_API_KEY"
"""Not an option: every user of a machine sees the command lines of all programs on it."""


def _connect(server: str, api_key: str | None) -> AsyncClient:
    return AsyncClient(server, api_key=api_key)


@dataclass(frozen=True)
class Surroundings:
    """The world as the commands see it."""

    connect: Callable[[str, str | None], AsyncClient] = _connect
    """Takes a server's address, and the key for it."""

    start_local_server: Callable[[str | None], AbstractAsyncContextManager[str]] = (
        running_local_server
    )
    """Takes the model that will be asked for."""

    web: httpx.AsyncBaseTransport | None = None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    choose_ask: Callable[[], Ask | None] = choose_ask


def surroundings_of(context: typer.Context) -> Surroundings:
    """Return the surroundings that a test gave, or the real ones."""
    return context.find_object(Surroundings) or Surroundings()


@dataclass(frozen=True)
class Server:
    """A server that answered, and is one of this service."""

    client: AsyncClient
    is_private: bool = False
    """Whether it runs for this command alone."""

    @property
    def destination(self) -> str:
        """Return where a recording goes that is sent there."""
        if self.is_private:
            return "stays on this machine"
        if is_loopback(httpx.URL(self.client.server)):
            return f"stays on this machine ({self.client.server})"
        return f"goes to {self.client.server}"


@asynccontextmanager
async def open_server(surroundings: Surroundings, address: str | None) -> AsyncIterator[Server]:
    """Open the server that was named, or the one on this machine's usual port."""
    # Who listens on this machine's usual port without having been named gets no key.
    api_key = os.environ.get(API_KEY_VARIABLE) or None if address else None
    async with surroundings.connect(address or DEFAULT_SERVER, api_key) as client:
        try:
            await client.identify()
        except ConnectionFailed as error:
            if address:
                raise
            raise CommandError(
                f"{error} Start a server by `waas serve`, or name one by --server or WAAS_SERVER.",
                ExitCode.UNAVAILABLE,
            ) from error
        yield Server(client)


@asynccontextmanager
async def open_server_or_own(
    surroundings: Surroundings, address: str | None, model: str | None, say: Callable[[str], None]
) -> AsyncIterator[Server]:
    """Open a server as `open_server` does, or where there is none, start one on this machine."""
    if address or await _answers(surroundings, say):
        async with open_server(surroundings, address) as server:
            yield server
        return
    say("Starting a server on this machine, for this command alone …")
    async with (
        surroundings.start_local_server(model) as own_address,
        surroundings.connect(own_address, None) as client,
    ):
        await client.identify()
        yield Server(client, is_private=True)


async def _answers(surroundings: Surroundings, say: Callable[[str], None]) -> bool:
    async with surroundings.connect(DEFAULT_SERVER, None) as client:
        try:
            await client.identify()
        except NotAWaasServer as error:
            say(f"{error} It gets no recording.")
            return False
        except ConnectionFailed:
            return False
        return True
