"""The server as a whole: `create_standalone_app` wires it, `serve` runs it, `main` starts it."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr, ValidationError
from pydantic_settings import SettingsError

from waas_api.logs import configure_logging
from waas_api.main import create_app, explain_settings
from waas_api.settings import Settings as ApiSettings
from waas_standalone.errors import AddressTaken, BadSettings, StandaloneError
from waas_standalone.loopback import LoopbackOnly, require_loopback
from waas_standalone.models import list_models, measure_model
from waas_standalone.service import LocalService
from waas_standalone.settings import Settings


def create_standalone_app(settings: Settings) -> FastAPI:
    """Return the api with everything behind it on this machine.

    The data folder is ours from now on, and until the app's lifespan has ended.

    Raises:
        StandaloneError: this machine does not allow it, for the reason that the error says.
    """
    require_loopback(settings.host)
    model_bytes = measure_model(settings.model_directory, settings.model)
    api_settings = _build_api_settings(settings)
    service = LocalService(settings, model_bytes)
    app = create_app(
        api_settings,
        object_storage=service.object_storage,
        transcription_jobs=service.transcription_jobs,
    )
    api_lifespan = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            await service.start()
            try:
                async with api_lifespan(app):
                    yield
            finally:
                await service.stop()
        finally:
            service.close()

    app.router.lifespan_context = lifespan
    app.add_middleware(LoopbackOnly, names=(settings.host,))
    app.state.service = service
    return app


def _build_api_settings(settings: Settings) -> ApiSettings:
    try:
        return ApiSettings(
            namespace=settings.namespace,
            models=settings.models or list_models(settings.model_directory),
            default_model=settings.model,
            # Required of whoever has a bucket; here there is a folder.
            s3_endpoint="http://localhost",
            s3_access_key="unused",
            s3_secret_key=SecretStr("unused"),
        )
    except (ValidationError, SettingsError) as error:
        raise BadSettings(f"The settings do not fit: {explain_settings(error)}") from error


def listen(settings: Settings) -> socket.socket:
    """Return a socket that listens; raises AddressTaken."""
    require_loopback(settings.host)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
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

    Raises:
        StandaloneError: the server cannot work here, or a part of it has failed.
    """
    with listen(settings) as listening:
        app = create_standalone_app(settings)
        host, port = listening.getsockname()[:2]
        address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        server = uvicorn.Server(
            uvicorn.Config(
                app, log_config=None, timeout_graceful_shutdown=settings.longest_stop_seconds
            )
        )
        # uvicorn raises the signals that ended it once more; by then all is said and done.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        asyncio.run(_serve(server, app, listening, lambda: on_ready(address)))


async def _serve(
    server: uvicorn.Server, app: FastAPI, listening: socket.socket, on_ready: Callable[[], None]
) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    if serving.done():
        await serving
        raise StandaloneError("The server could not start; its log says why.")
    on_ready()
    death = asyncio.create_task(app.state.service.wait_for_death())
    await asyncio.wait([serving, death], return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    await serving
    death.cancel()
    with suppress(asyncio.CancelledError):
        await death


def main() -> int:
    """Serve with settings from the environment; returns the exit code."""
    configure_logging()
    try:
        serve(Settings(), _tell_address)
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
