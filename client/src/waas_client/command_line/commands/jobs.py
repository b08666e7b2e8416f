"""`waas jobs`, `show` and `download`: what there is, and what came out."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from waas_client.answers import Job
from waas_client.command_line.options import (
    JobArgument,
    JsonOption,
    OverwriteOption,
    ServerOption,
    parse_formats,
    run_command,
)
from waas_client.command_line.outputs import write_output
from waas_client.command_line.showing.json_lines import write_json_line
from waas_client.command_line.showing.plain_text import plain, print_path
from waas_client.command_line.surroundings import Surroundings, open_server, surroundings_of
from waas_client.requests import JobFilter

_STANDARD_OUTPUT = "-"


def jobs(
    context: typer.Context,
    server: ServerOption = None,
    phase: Annotated[
        str, typer.Option(help="Only those in these phases, such as Running,Queued.")
    ] = "",
    label: Annotated[
        str, typer.Option("--label", "-l", help="Only those that a label selector fits.")
    ] = "",
    sort: Annotated[
        str,
        typer.Option(help="creation_time, completion_time, file_name or phase; - for the reverse."),
    ] = "-creation_time",
    limit: Annotated[int, typer.Option(min=1, help="How many are shown.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the jobs, newest first."""
    chosen = JobFilter(tuple(phase.split(",")) if phase else (), label, sort)

    async def work(surroundings: Surroundings) -> None:
        async with open_server(surroundings, server) as opened:
            found = [job async for job in opened.client.jobs(chosen)]
        _print_jobs(found[:limit], as_json=as_json)
        if len(found) > limit:
            sys.stderr.write(f"{len(found) - limit} others are not shown.\n")

    run_command(work(surroundings_of(context)), as_json=as_json)


def _print_jobs(found: list[Job], *, as_json: bool) -> None:
    if as_json:
        for job in found:
            write_json_line(job.to_wire())
        return
    table = Table("Id", "File", "Phase", "Done", "Model", "Made", box=None, pad_edge=False)
    for job in found:
        done = f"{100 * job.fraction_done:.0f} %"
        table.add_row(
            job.id,
            plain(job.file_name or ""),
            job.phase,
            done,
            job.model,
            _format_time(job.creation_time),
        )
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        # A pipe has no width: nothing is to be cut.
        console.width = 300
    console.print(table)


def _format_time(time: datetime | None) -> str:
    return time.astimezone().strftime("%Y-%m-%d %H:%M:%S") if time else ""


def show(
    context: typer.Context,
    job_id: JobArgument,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show all that is known of a job."""

    async def work(surroundings: Surroundings) -> None:
        async with open_server(surroundings, server) as opened:
            job = await opened.client.job(job_id)
        if as_json:
            write_json_line(job.to_wire())
            return
        for name, value in _describe(job):
            if value:
                sys.stdout.write(f"{name + ':':<12}{plain(value)}\n")

    run_command(work(surroundings_of(context)), as_json=as_json)


def _describe(job: Job) -> list[tuple[str, str]]:
    place = job.position_in_queue
    heard = job.audio.language if job.audio else None
    return [
        ("Id", job.id),
        ("File", job.file_name or ""),
        ("Phase", job.phase + (" (to be cancelled)" if job.cancelled and not job.is_final else "")),
        ("Reason", job.reason or ""),
        ("Message", job.message or ""),
        ("Queue", "" if place is None else f"{place} before it"),
        ("Expected", _format_estimate(job)),
        ("Done", f"{100 * job.fraction_done:.0f} %"),
        ("Audio", f"{job.audio.duration_seconds:.1f} s" if job.audio else ""),
        ("Language", job.language or (f"{heard} (detected)" if heard else "")),
        ("Model", job.model),
        ("Task", job.task),
        ("Formats", ", ".join(job.formats)),
        ("Attempts", str(job.attempts)),
        ("Made", _format_time(job.creation_time)),
        ("Started", _format_time(job.start_time)),
        ("Ended", _format_time(job.completion_time)),
    ]


def _format_estimate(job: Job) -> str:
    if job.estimate is None:
        return ""
    return f"{_format_time(job.estimate.completion_time)} (by its {job.estimate.basis})"


def download(
    context: typer.Context,
    job_id: JobArgument,
    server: ServerOption = None,
    formats: Annotated[
        str, typer.Option("--format", help="Formats to write, with commas between them.")
    ] = "txt,srt",
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="DIR", help="Folder; - for standard output.")
    ] = ".",
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a finished job's transcripts into files."""
    names = parse_formats(formats)
    if output == _STANDARD_OUTPUT and (as_json or len(names) > 1):
        raise typer.BadParameter("standard output takes one format, and no --json.")

    async def work(surroundings: Surroundings) -> None:
        async with open_server(surroundings, server) as opened:
            job = await opened.client.job(job_id)
            stem = plain(Path(job.file_name or job.id).stem) or job.id
            for name in names:
                content = await opened.client.result(job_id, name)
                if output == _STANDARD_OUTPUT:
                    # As bytes: the terminal's encoding must not change a transcript.
                    typer.echo(content, nl=False)
                    continue
                extension = "timecode.txt" if name == "timecode_txt" else name
                path = Path(output, f"{stem}.{extension}")
                write_output(path, content, overwrite=overwrite)
                if as_json:
                    line = {"event": "written", "id": job_id, "format": name, "output": str(path)}
                    write_json_line(line)
                else:
                    print_path(path)

    run_command(work(surroundings_of(context)), as_json=as_json)
