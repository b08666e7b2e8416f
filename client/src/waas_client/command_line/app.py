"""The commands as one program."""

from importlib.metadata import version
from typing import Annotated

import typer

from waas_client.command_line.commands.job_changes import cancel, delete, resume, retry, suspend
from waas_client.command_line.commands.jobs import download, jobs, show
from waas_client.command_line.commands.models import models
from waas_client.command_line.commands.serve import serve
from waas_client.command_line.commands.transcribe import transcribe
from waas_client.command_line.exit_codes import MEANINGS

_EPILOG = "Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in MEANINGS.items())

app = typer.Typer(
    no_args_is_help=True,
    epilog=_EPILOG,
    help="Speech to text: on this machine, or by a server of the service.",
    # A traceback with everybody's values in it helps nobody and may hold what people said.
    pretty_exceptions_enable=False,
)


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"waas {version('waas-client')}")
        raise typer.Exit


@app.callback()
def set_up(
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and end."
        ),
    ] = False,
) -> None:
    """Speech to text: on this machine, or by a server of the service."""


app.command()(transcribe)
app.command()(jobs)
app.command()(show)
app.command()(cancel)
app.command()(suspend)
app.command()(resume)
app.command()(retry)
app.command()(delete)
app.command()(download)
app.command()(serve)
app.add_typer(models, name="models")
