"""The server as a whole: `create_standalone_app` wires it, `serve` runs it, `main` starts it."""

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr, ValidationError
from pydantic_settings import SettingsError

from waas_api.access.building import build_logins
from waas_api.access.settings import LoginMode
from waas_api.app import create_app
from waas_api.logs import configure_logging
from waas_api.main import explain_settings
from waas_api.serving import Server
from waas_api.settings import Settings as ApiSettings
from waas_standalone.errors import AddressTaken, BadSettings, StandaloneError
from waas_standalone.loopback import LoopbackOnly, is_loopback, require_loopback
from waas_standalone.models import list_models, measure_model
from waas_standalone.service import LocalService
from waas_standalone.settings import ENV_PREFIX, Settings

logger = logging.getLogger(__name__)

_BACKLOG = 2048
_BASE_URL = "BASE_URL"
_NOT_STARTED = "The server could not start; its log says why."
_STANDARD_INPUT = 0
_PIECE_BYTES = 4096


def create_standalone_app(settings: Settings) -> FastAPI:
    """Return the api with everything behind it on this machine.

    The data folder is ours from now on, and until the app's lifespan has ended.

    Raises:
        StandaloneError: this machine does not allow it, for the reason that the error says.
    """
    _check_address(settings)
    model_bytes = measure_model(settings.model_directory, settings.model)
    api_settings = _build_api_settings(settings)
    _check_logins(api_settings)
    service = LocalService(settings, model_bytes)
    app = create_app(
        api_settings,
        object_storage=service.object_storage,
        transcription_jobs=lambda _: service.transcription_jobs,
        storage_name="objects' folder",
        records_name="database",
    )
    api_lifespan = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            try:
                await service.start()
            except StandaloneError as error:
                # Whoever calls us has no more than a word for it.
                app.state.failure = error
                raise
            try:
                async with api_lifespan(app):
                    yield
            finally:
                await service.stop()
        finally:
            service.close()

    app.router.lifespan_context = lifespan
    # Beyond loopback nothing is shown without a key, and no other site's page has one.
    if is_loopback(settings.host):
        app.add_middleware(LoopbackOnly, names=(settings.host,))
    app.state.service = service
    app.state.failure = None
    return app


def _check_address(settings: Settings) -> None:
    if settings.api_keys_file is None:
        require_loopback(settings.host)


def _build_api_settings(settings: Settings) -> ApiSettings:
    has_keys = settings.api_keys_file is not None
    try:
        return ApiSettings(
            namespace=settings.namespace,
            namespaces=(),
            authentication=(LoginMode.API_KEYS if has_keys else LoginMode.NONE,),
            api_keys_file=settings.api_keys_file,
            models=settings.models or list_models(settings.model_directory),
            default_model=settings.model,
            # Required of whoever has a bucket; here there is a folder.
            s3_endpoint="http://localhost",
            s3_access_key="unused",
            s3_secret_key=SecretStr("unused"),
        )
    except (ValidationError, SettingsError) as error:
        raise BadSettings(f"The settings do not fit: {explain_settings(error)}") from error


def _check_logins(api_settings: ApiSettings) -> None:
    """Raise BadSettings where the file of keys cannot be used, before anything is made."""
    try:
        build_logins(api_settings, None, now=lambda: datetime.now(UTC))
    except ValueError as error:
        raise BadSettings(f"The settings do not fit: {error}.") from error


def listen(settings: Settings) -> socket.socket:
    """Return a socket that listens; raises AddressTaken or UnsafeAddress."""
    _check_address(settings)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
        # Two may be bound to one address by now, but only one can listen there.
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise AddressTaken(
            f"Port {settings.port} on {settings.host} is not free: {error.strerror}. "
            "Stop the program that listens there, or choose another port with WAAS_PORT or --port."
        ) from error
    listening.set_inheritable(False)
    return listening


def serve(settings: Settings, on_ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve until SIGTERM or Ctrl-C; calls back with the address once requests are answered.

    With `stop_at_end_of_input`, the end of standard input stops it as well.

    Raises:
        StandaloneError: the server cannot work here, or a part of it has failed.
    """
    with listen(settings) as listening:
        app = create_standalone_app(settings)
        host, port = listening.getsockname()[:2]
        address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        server = Server(
            uvicorn.Config(
                app,
                log_config=None,
                # Nobody is believed who says from where a request came.
                proxy_headers=False,
                timeout_graceful_shutdown=settings.longest_stop_seconds,
            ),
            app.state.services.live_streams,
        )
        # uvicorn raises the signals that ended it once more; by then all is said and done.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        end_of_input = _wait_for_end_of_input if settings.stop_at_end_of_input else None
        asyncio.run(_serve(server, app, listening, lambda: on_ready(address), end_of_input))


async def _serve(
    server: uvicorn.Server,
    app: FastAPI,
    listening: socket.socket,
    on_ready: Callable[[], None],
    end_of_input: Callable[[], Awaitable[None]] | None,
) -> None:
    serving = asyncio.create_task(_run(server, app, listening))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    if serving.done():
        await serving
        raise StandaloneError(_NOT_STARTED)
    on_ready()
    death = asyncio.create_task(app.state.service.wait_for_death())
    ends: list[asyncio.Future[None]] = [serving, death]
    if end_of_input is not None:
        ends.append(asyncio.ensure_future(end_of_input()))
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    await serving
    for end in ends[1:]:
        end.cancel()
        with suppress(asyncio.CancelledError):
            await end


async def _run(server: uvicorn.Server, app: FastAPI, listening: socket.socket) -> None:
    try:
        await server.serve(sockets=[listening])
    except SystemExit:
        # uvicorn's word for a lifespan that did not begin.
        raise app.state.failure or StandaloneError(_NOT_STARTED) from None


async def _wait_for_end_of_input() -> None:
    loop = asyncio.get_running_loop()
    has_ended = asyncio.Event()

    def read() -> None:
        with suppress(OSError):
            while os.read(_STANDARD_INPUT, _PIECE_BYTES):
                pass
        # The server may have ended before its input did.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(has_ended.set)

    # A daemon: nothing can end a read, and nobody may have to wait for one.
    threading.Thread(target=read, name="standard-input", daemon=True).start()
    await has_ended.wait()


def read_settings(environment: Collection[str]) -> Settings:
    """Return the settings, given the names of the variables that there are.

    The old service's `BASE_URL` is a name that many programs use: where it is no address, it was
    not meant for us. Ours is refused.
    """
    ours = f"{ENV_PREFIX}{_BASE_URL}"
    try:
        return Settings()
    except ValidationError as error:
        is_theirs = ours not in map(str.upper, environment)
        if not is_theirs or {each["loc"] for each in error.errors()} != {(ours,)}:
            raise
    logger.warning("%s is left aside, for it is no address; ours is %s", _BASE_URL, ours)
    without: dict[str, Any] = {ours: None}
    return Settings(**without)


def main() -> int:
    """Serve with settings from the environment; returns the exit code."""
    configure_logging()
    try:
        serve(read_settings(os.environ), _tell_address)
    except (ValidationError, SettingsError) as error:
        return _complain(f"The settings do not fit: {explain_settings(error)}", BadSettings)
    except StandaloneError as error:
        return _complain(str(error), type(error))
    return 0


def _tell_address(address: str) -> None:
    sys.stdout.write(f"waas listens on {address}\n")
    sys.stdout.flush()


def _complain(text: str, error: type[StandaloneError]) -> int:
    sys.stderr.write(f"waas: {text}\n")
    return error.exit_code
