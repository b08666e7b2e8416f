"""A server of one's own, for as long as one command lasts, where no other answers."""

import asyncio
import importlib.util
import os
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from waas_client.command_line.exit_codes import CommandError, ExitCode
from waas_client.command_line.private_folder import private_folder

COMMAND = (sys.executable, "-m", "waas_standalone")
HOW_TO_INSTALL = (
    "Transcribing on this machine needs the package waas-standalone: install waas-client[local], "
    "or name a server by --server or WAAS_SERVER."
)

_ANNOUNCEMENT = "waas listens on "
_COMPLAINT = "waas: "
_LONGEST_START_SECONDS = 120.0
_LONGEST_END_SECONDS = 60.0
_LAST_LINES = 5
_NOT_FOR_IT = ("WAAS_API_KEY", "WAAS_API_KEYS_FILE")


def is_installed(package: str = "waas_standalone") -> bool:
    """Tell whether this machine can do by itself what a package is for."""
    return importlib.util.find_spec(package) is not None


@asynccontextmanager
async def running_local_server(
    model: str | None, command: Sequence[str] = COMMAND
) -> AsyncIterator[str]:
    """Run a server whose data goes when it does; gives its address.

    Raises:
        CommandError: there is no such program here, or it does not start.
    """
    if command is COMMAND and not is_installed():
        raise CommandError(HOW_TO_INSTALL, ExitCode.UNAVAILABLE)
    with _private_folder() as (folder, lock):
        variables = {
            "WAAS_HOST": "127.0.0.1",
            "WAAS_PORT": "0",
            "WAAS_DATA": str(folder / "data"),
            # Its input ends when we do, even if nobody gave us the time to say so.
            "WAAS_STOP_AT_END_OF_INPUT": "1",
        }
        if model is not None:
            # It looks for the weights of its usual model at the start.
            variables["WAAS_MODEL"] = model
        log = folder / "server.log"
        with log.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env={**_own_environment(), **variables},
                # Ctrl-C is for us: we ask first, and end the server ourselves.
                start_new_session=True,
                pass_fds=() if lock is None else (lock,),
            )
        try:
            yield await _read_address(process, log)
        finally:
            await _end(process)


def _own_environment() -> dict[str, str]:
    # Its keys are for those who reach another server; here nobody but us does.
    return {name: each for name, each in os.environ.items() if name not in _NOT_FOR_IT}


async def _read_address(process: asyncio.subprocess.Process, log: Path) -> str:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_LONGEST_START_SECONDS):
            async for line in process.stdout:
                said = line.decode(errors="replace").strip()
                if said.startswith(_ANNOUNCEMENT):
                    return said.removeprefix(_ANNOUNCEMENT)
            code = await process.wait()
    except TimeoutError as error:
        raise _no_server(f"it was not ready after {_LONGEST_START_SECONDS:.0f} s", log) from error
    # A model that is not there is the command line's fault, as it is where a server is named.
    exit_code = ExitCode.USAGE if code == ExitCode.BAD_SETTINGS else ExitCode.UNAVAILABLE
    raise _no_server(f"it ended with code {code}", log, exit_code)


@contextmanager
def _private_folder() -> Iterator[tuple[Path, int | None]]:
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(private_folder())
        except OSError as error:
            raise CommandError(
                f"There is no place for a server's data: {error.strerror}.", ExitCode.CANNOT_WRITE
            ) from error
        yield opened


def _no_server(what: str, log: Path, exit_code: ExitCode = ExitCode.UNAVAILABLE) -> CommandError:
    lines = log.read_text(errors="replace").splitlines()
    complaints = [line.removeprefix(_COMPLAINT) for line in lines if line.startswith(_COMPLAINT)]
    said = " ".join(complaints) or "\n".join(["", *lines[-_LAST_LINES:]])
    return CommandError(f"The server on this machine did not start ({what}). {said}", exit_code)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_LONGEST_END_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
