"""`waas transcribe`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from waas_client.command_line.batch import Batch, Plan
from waas_client.command_line.exit_codes import CommandError, ExitCode
from waas_client.command_line.inputs import Input, find_inputs
from waas_client.command_line.interruption import Interruption, run_until_interrupted
from waas_client.command_line.job_options import (
    BeamSizeOption,
    DeadlineOption,
    LabelOption,
    MaxLineCountOption,
    MaxLineWidthOption,
    PriorityOption,
    ProfileOption,
    PromptOption,
    QueueOption,
    SpeakersByChannelOption,
    TemperatureOption,
    TtlOption,
    WordTimestampsOption,
    parse_labels,
)
from waas_client.command_line.options import (
    JsonOption,
    OverwriteOption,
    ServerOption,
    parse_formats,
    run_command,
)
from waas_client.command_line.showing.choice import choose_display
from waas_client.command_line.surroundings import (
    Server,
    Surroundings,
    open_server_or_own,
    surroundings_of,
)
from waas_client.command_line.watching import take_all, watch
from waas_client.requests import JobOptions
from waas_contract.formats import OutputFormat
from waas_contract.languages import parse_language
from waas_contract.transcription_job import Task

_MEBIBYTE = 1024 * 1024


def _parse_spoken(text: str | None) -> str | None:
    if text is None:
        return None
    language = parse_language(text)
    if language is None:
        raise typer.BadParameter(
            f"{text!r} is no language that Whisper knows: give its English name or its code."
        )
    return language


def transcribe(
    context: typer.Context,
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE|FOLDER|URL",
            help="Recordings, folders to search for recordings, or addresses on the web.",
            show_default=False,
        ),
    ],
    server: ServerOption = None,
    model: Annotated[
        str | None, typer.Option(help="Model; `waas models list` shows them.", show_default=False)
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(
            help="Spoken language, by English name or code; detected by default.",
            show_default=False,
            callback=_parse_spoken,
        ),
    ] = None,
    task: Annotated[
        Task, typer.Option(help="Write down what is said, or translate it into English.")
    ] = Task.TRANSCRIBE,
    formats: Annotated[
        str, typer.Option("--format", help="Formats to write, with commas between them.")
    ] = "txt,srt",
    prompt: PromptOption = None,
    word_timestamps: WordTimestampsOption = False,
    speakers_by_channel: SpeakersByChannelOption = False,
    beam_size: BeamSizeOption = None,
    temperature: TemperatureOption = None,
    max_line_width: MaxLineWidthOption = None,
    max_line_count: MaxLineCountOption = None,
    priority: PriorityOption = None,
    profile: ProfileOption = None,
    queue: QueueOption = None,
    ttl: TtlOption = None,
    deadline: DeadlineOption = None,
    labels: LabelOption = None,
    output_folder: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            file_okay=False,
            show_default=False,
            help="Folder for the transcripts; beside each recording by default.",
        ),
    ] = None,
    overwrite: OverwriteOption = False,
    parallel: Annotated[
        int, typer.Option(min=1, max=64, help="How many recordings are uploaded at once.")
    ] = 4,
    is_watching: Annotated[
        bool, typer.Option("--watch", help="Go on watching the folders for new recordings.")
    ] = False,
    largest_download: Annotated[
        int, typer.Option(min=1, metavar="MIB", help="Largest recording to fetch from the web.")
    ] = 4096,
    as_json: JsonOption = False,
) -> None:
    """Transcribe recordings; without a server, on this machine alone.

    Transcripts lie beside the recordings and have their names. Ctrl-C asks whether to cancel.
    """
    names = parse_formats(formats)
    if is_watching and not all(Path(each).is_dir() for each in sources):
        raise typer.BadParameter("only folders can be watched.", param_hint="--watch")
    surroundings = surroundings_of(context)
    plan = Plan(
        options=JobOptions(
            model=model,
            language=language,
            task=task,
            formats=tuple(each for each in names if each in set(OutputFormat)) or None,
            prompt=prompt,
            word_timestamps=word_timestamps,
            speakers_by_channel=speakers_by_channel,
            beam_size=beam_size,
            temperature=temperature,
            max_line_width=max_line_width,
            max_line_count=max_line_count,
            priority=priority,
            profile=profile,
            queue_name=queue,
            # The callbacks have made numbers of them.
            ttl_seconds=None if ttl is None else int(ttl),
            deadline_seconds=None if deadline is None else int(deadline),
            labels=parse_labels(labels or []),
        ),
        formats=names,
        overwrite=overwrite,
        uploads_at_once=parallel,
        largest_download_bytes=largest_download * _MEBIBYTE,
        web=surroundings.web,
    )
    work = _transcribe(
        surroundings, plan, sources, output_folder, server,
        is_watching=is_watching, as_json=as_json,
    )  # fmt: skip
    run_command(work, as_json=as_json)


async def _transcribe(
    surroundings: Surroundings,
    plan: Plan,
    sources: list[str],
    output_folder: Path | None,
    address: str | None,
    *,
    is_watching: bool,
    as_json: bool,
) -> ExitCode:
    found = find_inputs(sources, output_folder)
    if not found and not is_watching:
        raise CommandError(f"There is no recording in {', '.join(sources)}.", ExitCode.BAD_INPUT)
    if not is_watching:
        _check_any_is_there(found)
    display = choose_display(as_json=as_json)
    model = plan.options.model
    async with open_server_or_own(surroundings, address, model, display.say) as server:
        await _check_model(server, model)
        display.say(f"Audio {server.destination}.")
        plan = replace(plan, is_private=server.is_private)
        batch = Batch(server.client, plan, display, sleep=surroundings.sleep)
        inputs = take_all(found)
        if is_watching:
            display.say(f"Watching {', '.join(sources)}; Ctrl-C ends it.")
            inputs = watch(
                sources,
                output_folder,
                lambda each: _is_new(each, plan),
                to_try_again=batch.to_try_again,
                sleep=surroundings.sleep,
            )
        interruption = Interruption(surroundings.choose_ask())
        with interruption.listening(), display:
            return await run_until_interrupted(
                batch, inputs, interruption, is_local=server.is_private
            )


def _check_any_is_there(found: list[Input]) -> None:
    """Find out that there is nothing to send before a server is started for it."""
    if found and not any(map(_may_be_there, found)):
        names = ", ".join(str(each.path) for each in found)
        raise CommandError(f"There is no file {names}.", ExitCode.BAD_INPUT)


def _may_be_there(each: Input) -> bool:
    try:
        return each.path is None or each.path.exists()
    except OSError:
        return True  # Its turn tells why nobody may look.


async def _check_model(server: Server, model: str | None) -> None:
    """Find out that there is no such model before gigabytes are sent."""
    if model is None:
        return
    models = await server.client.models()
    if model not in models.names():
        raise CommandError(
            f"There is no model {model!r} at {server.client.server}: "
            f"choose from {', '.join(models.names())}.",
            ExitCode.USAGE,
        )


def _is_new(each: Input, plan: Plan) -> bool:
    """Tell whether a recording in a watched folder lacks a transcript."""
    try:
        return plan.overwrite or bool(each.missing(plan.formats))
    except OSError:
        return True  # Its turn tells why nobody may look.
