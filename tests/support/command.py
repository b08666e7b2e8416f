"""The command `waas` on the api in the same process."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
from typer.testing import CliRunner, Result

from support.quick_api import SERVER, QuickApi
from waas_client import AsyncClient
from waas_client.command_line.app import app
from waas_client.command_line.surroundings import Surroundings

LOCAL_SERVER = "http://127.0.0.1:54321"


@asynccontextmanager
async def start_fake_local_server(_: str | None) -> AsyncIterator[str]:
    yield LOCAL_SERVER


def refuse(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("Connection refused")


def unreachable(server: str, _: str | None = None) -> AsyncClient:
    """Return a client to whom nobody answers."""
    return AsyncClient(server, transport=httpx.MockTransport(refuse))


@dataclass
class Command:
    """Runs the command as a person would, without a terminal."""

    api: QuickApi = field(default_factory=QuickApi)
    surroundings: Surroundings = field(init=False)

    def __post_init__(self) -> None:
        self.surroundings = Surroundings(
            connect=self.api.connect, start_local_server=start_fake_local_server
        )

    def run(
        self, *arguments: object, server: str | None = SERVER, stdin: str | None = None
    ) -> Result:
        return CliRunner(env={"WAAS_SERVER": server or "", "COLUMNS": "200"}).invoke(
            app, [str(each) for each in arguments], obj=self.surroundings, input=stdin
        )

    def change(
        self,
        *,
        connect: Callable[[str, str | None], AsyncClient] | None = None,
        start_local_server: Callable[[str | None], AbstractAsyncContextManager[str]] | None = None,
        web: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        """Put something else in the place of the world."""
        self.surroundings = replace(
            self.surroundings,
            connect=connect or self.surroundings.connect,
            start_local_server=start_local_server or self.surroundings.start_local_server,
            web=web or self.surroundings.web,
            sleep=sleep or self.surroundings.sleep,
        )


def make_recording(path: Path, content: bytes = b"sound") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
