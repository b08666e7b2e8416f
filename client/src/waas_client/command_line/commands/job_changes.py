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


def _tell_cancelled(job: Job) -> str:
    return f"it has ended: {job.phase}" if job.is_final else "will be cancelled"


def _build_change(
    name: str,
    summary: str,
    change: Callable[[AsyncClient, str], Awaitable[Job]],
    tell: Callable[[Job], str],
) -> Callable[..., None]:
    """Return a command that does the same to each of some jobs, and tells what came of it."""

    def command(
        context: typer.Context,
        job_ids: JobArguments,
        server: ServerOption = None,
        as_json: JsonOption = False,
    ) -> None:
        async def change_one(client: AsyncClient, job_id: str) -> None:
            job = await change(client, job_id)
            if as_json:
                write_json_line(job.to_wire())
            else:
                sys.stdout.write(f"{job_id}: {tell(job)}\n")

        async def work(surroundings: Surroundings) -> ExitCode:
            async with open_server(surroundings, server) as opened:
                return await _do_each(job_ids, partial(change_one, opened.client), as_json=as_json)

        run_command(work(surroundings_of(context)), as_json=as_json)

    # What Typer calls the command, and says of it.
    command.__name__, command.__doc__ = name, summary
    return command


cancel = _build_change(
    "cancel", "Cancel jobs; their records stay.", AsyncClient.cancel, _tell_cancelled
)
suspend = _build_change(
    "suspend", "Have jobs wait until they are resumed.", AsyncClient.suspend, lambda _: "will wait"
)
resume = _build_change(
    "resume", "Let suspended jobs go on.", AsyncClient.resume, lambda _: "will go on"
)
retry = _build_change(
    "retry",
    "Make new jobs of the same recordings, of jobs that have ended.",
    AsyncClient.retry,
    lambda job: f"is done again by {job.id}",
)


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
