"""`waas serve`."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from waas_client.command_line.exit_codes import ExitCode
from waas_client.command_line.local_server import is_installed


def serve(
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on.  [default: 127.0.0.1]", show_default=False),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            show_default=False,
            help="Port to listen on; 0 takes a free one.  [default: 3000]",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            show_default=False,
            help="Folder for jobs, audio and transcripts.  [default: ~/.local/share/waas]",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Model of a request that names none.", show_default=False),
    ] = None,
    api_keys: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            show_default=False,
            metavar="FILE",
            help="List of API keys; only with one it listens elsewhere than on this machine. "
            "`python -m waas_api.api_keys new` makes a key.",
        ),
    ] = None,
) -> None:
    """Serve on this machine, without Kubernetes, until Ctrl-C.

    The environment has more settings; every option is one of them, such as WAAS_PORT.
    """
    if not is_installed():
        sys.stderr.write(
            "waas: serving needs the package waas-standalone: install waas-client[local].\n"
        )
        raise typer.Exit(ExitCode.UNAVAILABLE)
    from waas_standalone.main import main

    given = {
        "WAAS_HOST": host,
        "WAAS_PORT": port,
        "WAAS_DATA": data,
        "WAAS_MODEL": model,
        "WAAS_API_KEYS_FILE": api_keys,
    }
    os.environ.update({name: str(value) for name, value in given.items() if value is not None})
    raise typer.Exit(main())
