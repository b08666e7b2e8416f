"""`waas cancel`, `suspend`, `resume`, `retry` and `delete`: what changes a job."""

import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated

import typer

from waas_client.answers import Job
from waas_client.async_client import AsyncClient
from waas_client.command_line.exit_codes import ExitCode, combine, exit_code_of
from waas_client.command_line.options import JsonOption, ServerOption, run_command
from waas_client.command_line.showing.json_lines import write_json_line
from waas_client.command_line.showing.plain_text import complain
from waas_client.command_line.surroundings import Surroundings, open_server, surroundings_of
from waas_client.errors import Refused

JobArguments = Annotated[list[str], typer.Argument(metavar="ID…", show_default=False)]


def cancel(
    context: typer.Context,
    job_ids: JobArguments,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Cancel jobs; their records stay."""
    _change_each(context, server, job_ids, AsyncClient.cancel, _tell_cancelled, as_json=as_json)


def _tell_cancelled(job: Job) -> str:
    return f"it has ended: {job.phase}" if job.is_final else "will be cancelled"


def suspend(
    context: typer.Context,
    job_ids: JobArguments,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have jobs wait until they are resumed."""
    _change_each(
        context, server, job_ids, AsyncClient.suspend, lambda _: "will wait", as_json=as_json
    )


def resume(
    context: typer.Context,
    job_ids: JobArguments,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let suspended jobs go on."""
    _change_each(
        context, server, job_ids, AsyncClient.resume, lambda _: "will go on", as_json=as_json
    )


def retry(
    context: typer.Context,
    job_ids: JobArguments,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make new jobs of the same recordings, of jobs that have ended."""
    _change_each(
        context,
        server,
        job_ids,
        AsyncClient.retry,
        lambda job: f"is done again by {job.id}",
        as_json=as_json,
    )


def _change_each(
    context: typer.Context,
    server: str | None,
    job_ids: list[str],
    change: Callable[[AsyncClient, str], Awaitable[Job]],
    tell: Callable[[Job], str],
    *,
    as_json: bool,
) -> None:
    async def work(surroundings: Surroundings) -> ExitCode:
        async def change_one(client: AsyncClient, job_id: str) -> None:
            job = await change(client, job_id)
            if as_json:
                write_json_line(job.to_wire())
            else:
                sys.stdout.write(f"{job_id}: {tell(job)}\n")

        async with open_server(surroundings, server) as opened:
            return await _do_each(job_ids, partial(change_one, opened.client), as_json=as_json)

    run_command(work(surroundings_of(context)), as_json=as_json)


def delete(
    context: typer.Context,
    job_ids: JobArguments,
    server: ServerOption = None,
    is_certain: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete jobs that have ended, with their recordings and transcripts."""
    if not is_certain:
        what = "this job" if len(job_ids) == 1 else f"these {len(job_ids)} jobs"
        question = f"Delete {what}, recording and transcripts included?"
        if not typer.confirm(question, err=True):
            raise typer.Exit(ExitCode.SOME_FAILED)

    async def work(surroundings: Surroundings) -> ExitCode:
        async def delete_one(client: AsyncClient, job_id: str) -> None:
            await client.delete(job_id)
            if as_json:
                write_json_line({"event": "deleted", "id": job_id})
            else:
                sys.stdout.write(f"{job_id}: deleted\n")

        async with open_server(surroundings, server) as opened:
            return await _do_each(job_ids, partial(delete_one, opened.client), as_json=as_json)

    run_command(work(surroundings_of(context)), as_json=as_json)


async def _do_each(
    job_ids: list[str], do: Callable[[str], Awaitable[None]], *, as_json: bool
) -> ExitCode:
    """Do something to each job; what the server refuses for one does not keep it from others."""
    codes = []
    for job_id in job_ids:
        try:
            await do(job_id)
        except Refused as error:
            codes.append(exit_code_of(error))
            if as_json:
                line = {"event": "error", "id": job_id, "message": str(error)}
                write_json_line({**line, "exitCode": codes[-1]})
            complain(f"waas: {job_id}: {error}" if len(job_ids) > 1 else f"waas: {error}")
        else:
            codes.append(ExitCode.OK)
    return combine(codes)
