"""The options that several commands have in common."""

import asyncio
import signal
import sys
import traceback
from collections.abc import Coroutine
from types import FrameType
from typing import Annotated, Any

import typer

from waas_client.command_line.exit_codes import ExitCode, exit_code_of
from waas_client.command_line.showing.json_lines import write_json_line
from waas_client.command_line.showing.plain_text import complain
from waas_client.connection import DEFAULT_SERVER
from waas_client.errors import WaasError
from waas_contract.formats import OutputFormat

FORMATS = (*(each.value for each in OutputFormat), "timecode_txt", "jojo", "docx")
"""What a server renders: the contract's formats, two of the old service, and a document."""

_ENDING_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)

ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server",
        envvar="WAAS_SERVER",
        metavar="URL",
        help=f"The server's address.  [default: {DEFAULT_SERVER}]",
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Write lines of JSON, and nothing else, to standard output.")
]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace outputs that are there already.")
]
JobArgument = Annotated[str, typer.Argument(metavar="ID", help="The job's id.", show_default=False)]


def parse_formats(text: str) -> tuple[str, ...]:
    """Return the formats that are named with commas between them."""
    names = tuple(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        named = f"there is no format {unknown[0]!r}" if unknown else "name one format at least"
        raise typer.BadParameter(f"{named}: choose from {', '.join(FORMATS)}.")
    return names


def _interrupt(number: int, _: FrameType | None) -> None:
    # A terminal that goes says so more than once; what ends because of it is to end in peace.
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def run_command(work: Coroutine[Any, Any, ExitCode | None], *, as_json: bool = False) -> None:
    """Run a command's work; whatever it expects to go wrong becomes a line and an exit code."""
    # Whoever ends the command so wants its private server and half-written files to go, too.
    before = {number: signal.getsignal(number) for number in _ENDING_SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # nohup has its reasons
            signal.signal(number, _interrupt)
    try:
        code = asyncio.run(work)
    except WaasError as error:
        code = exit_code_of(error)
        if as_json:
            write_json_line({"event": "error", "message": str(error), "exitCode": code})
        complain(f"waas: {error}")
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except BrokenPipeError:
        raise  # Click ends in silence when nobody reads on, as `head` does.
    except Exception:
        code = ExitCode.FAILED
        traceback.print_exc()
        sys.stderr.write("waas: this is a defect of the command; the lines above say where.\n")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    raise typer.Exit(code or ExitCode.OK)
