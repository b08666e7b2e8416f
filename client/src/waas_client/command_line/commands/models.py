"""`waas models`: this machine's models, or those of a server."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from waas_client.command_line.exit_codes import CommandError, ExitCode
from waas_client.command_line.local_server import is_installed
from waas_client.command_line.options import JsonOption, ServerOption, run_command
from waas_client.command_line.showing.json_lines import write_json_line
from waas_client.command_line.surroundings import Surroundings, open_server, surroundings_of

models = typer.Typer(
    no_args_is_help=True,
    help="List the models; pull, verify and find those of this machine.",
)

Names = Annotated[list[str], typer.Argument(metavar="NAME…", help="Models.", show_default=False)]


def _has_cache() -> bool:
    return is_installed("waas_job")


def _run_cache(arguments: Sequence[str]) -> int:
    """Let the model cache's own command do it: it runs where there is no client, too."""
    if not _has_cache():
        raise CommandError(
            "Models on this machine need the package waas-standalone: install waas-client[local].",
            ExitCode.UNAVAILABLE,
        )
    from waas_job.model_cache.__main__ import run

    return run(arguments)


def _delegate(arguments: Sequence[str]) -> None:
    try:
        code = _run_cache(arguments)
    except CommandError as error:
        sys.stderr.write(f"waas: {error}\n")
        code = error.exit_code
    raise typer.Exit(code)


@models.command("list")
def list_models(
    context: typer.Context, server: ServerOption = None, as_json: JsonOption = False
) -> None:
    """List the models of a server if one is named, else those of this machine."""
    if server is None and _has_cache():
        _delegate(["list", *(["--json"] if as_json else [])])
    run_command(_list_of_server(surroundings_of(context), server, as_json=as_json), as_json=as_json)


async def _list_of_server(
    surroundings: Surroundings, address: str | None, *, as_json: bool
) -> None:
    async with open_server(surroundings, address) as opened:
        found = await opened.client.models()
    for each in found.models:
        is_default = each.name == found.default
        if as_json:
            write_json_line({**each.to_wire(), "isDefault": is_default})
            continue
        notes = ["English only"] if each.is_english_only else []
        notes += ["default"] if is_default else []
        sys.stdout.write(f"{each.name:<18}{', '.join(notes)}".rstrip() + "\n")


@models.command()
def pull(names: Names) -> None:
    """Bring models into this machine's cache, on from where an earlier pull broke off."""
    _delegate(["pull", *names])


@models.command()
def verify(names: Names) -> None:
    """Read models and compare them with their digests."""
    _delegate(["verify", *names])


@models.command()
def path(names: Names) -> None:
    """Print where models lie on this machine."""
    _delegate(["path", *names])
