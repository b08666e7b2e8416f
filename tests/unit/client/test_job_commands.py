"""`waas jobs`, `show`, `cancel`, `delete`, `download`, `models` and `serve`."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from support.api_builders import (
    JOB_ID,
    TRANSCRIPT,
    make_spec,
    make_status,
    make_succeeded_condition,
)
from support.command import Command, unreachable
from support.fake_transcription_jobs import CREATION_TIME
from support.quick_api import QuickApi
from waas_client.command_line.commands import models as models_command
from waas_client.command_line.commands import serve as serve_command
from waas_client.command_line.exit_codes import MEANINGS, ExitCode
from waas_contract.formats import OutputFormat, render_transcript
from waas_contract.job_status import Phase

SRT = render_transcript(TRANSCRIPT, OutputFormat.SRT)


@pytest.fixture
def command() -> Command:
    command = Command()
    command.api.finish()
    return command


def put_failed(api: QuickApi) -> None:
    failed = make_succeeded_condition("False", "BadAudio", "No sound in it.")
    api.jobs.put(
        "later",
        make_spec("later.mp3"),
        make_status(Phase.FAILED, conditions=(failed,), attempts=1),
        CREATION_TIME + timedelta(hours=1),
    )


def test_jobs_are_listed_newest_first(command: Command) -> None:
    put_failed(command.api)

    result = command.run("jobs")

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["Id", "File", "Phase", "Done", "Model", "Made"]
    assert lines[1].split()[:4] == ["later", "later.mp3", "Failed", "0"]
    assert lines[2].split()[:5] == [JOB_ID, "Blåbær", "(1)", "Succeeded", "100"]


def test_older_jobs_are_counted(command: Command) -> None:
    put_failed(command.api)

    result = command.run("jobs", "--limit", "1", "--json")

    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["later"]
    assert result.stderr == "1 others are not shown.\n"


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (("--phase", "failed"), ["later"]),
        (("--phase", "Failed,Succeeded", "--sort", "creation_time"), [JOB_ID, "later"]),
        (("-l", "project=news"), []),
    ],
)
def test_jobs_are_chosen_and_ordered(
    command: Command, options: tuple[str, ...], ids: list[str]
) -> None:
    put_failed(command.api)

    result = command.run("jobs", "--json", *options)

    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ids


def test_jobs_are_suspended_resumed_and_retried(command: Command) -> None:
    spec = make_spec()
    command.api.jobs.put("waits", spec, make_status(Phase.SUSPENDED))
    command.api.storage.objects[spec.source.key] = b"sound"

    suspended = command.run("suspend", "waits")
    assert command.api.jobs.jobs["waits"].spec.suspend
    resumed = command.run("resume", "waits")
    retried = command.run("retry", JOB_ID)
    too_late = command.run("suspend", JOB_ID)

    assert (suspended.exit_code, suspended.stdout) == (0, "waits: will wait\n")
    assert (resumed.exit_code, resumed.stdout) == (0, "waits: will go on\n")
    assert not command.api.jobs.jobs["waits"].spec.suspend
    assert (retried.exit_code, retried.stdout) == (0, f"{JOB_ID}: is done again by job-000\n")
    assert command.api.jobs.jobs["job-000"].spec.retry_of == JOB_ID
    assert too_late.exit_code != 0
    assert "Retry it to have it done again." in too_late.stderr


def test_a_job_is_shown_with_its_reason(command: Command) -> None:
    put_failed(command.api)

    shown = command.run("show", "later")
    as_json = command.run("show", "later", "--json")

    assert shown.exit_code == 0
    assert "Phase:      Failed\nReason:     BadAudio\nMessage:    No sound in it.\n" in shown.stdout
    assert json.loads(as_json.stdout)["reason"] == "BadAudio"


def test_jobs_are_cancelled_and_deleted(command: Command) -> None:
    command.api.jobs.put("running", make_spec(), make_status(Phase.RUNNING))
    command.api.moving_jobs.stays_running = True

    early = command.run("delete", "running", "--yes")
    cancelled = command.run("cancel", "running", JOB_ID)
    deleted = command.run("delete", JOB_ID, "--yes")

    assert (early.exit_code, early.stderr) == (
        75,
        "waas: The job is Running. Cancel it first, and delete it once it has ended.\n",
    )
    assert cancelled.stdout == f"running: will be cancelled\n{JOB_ID}: it has ended: Succeeded\n"
    assert (deleted.exit_code, deleted.stdout) == (0, f"{JOB_ID}: deleted\n")
    assert list(command.api.jobs.jobs) == ["running"]


def test_nothing_is_deleted_without_a_yes(command: Command) -> None:
    refused = command.run("delete", JOB_ID, stdin="n\n")
    allowed = command.run("delete", JOB_ID, stdin="y\n")

    assert (refused.exit_code, allowed.exit_code) == (1, 0)
    assert "Delete this job, recording and transcripts included?" in refused.stderr
    assert command.api.jobs.jobs == {}


@pytest.mark.parametrize("name", ["show", "cancel", "download"])
def test_an_unknown_job_ends_with_66(command: Command, name: str) -> None:
    result = command.run(name, "nobody")

    assert (result.exit_code, result.stdout) == (66, "")
    assert result.stderr == "waas: There is no job of that id.\n"


@pytest.mark.parametrize("arguments", [("cancel",), ("delete", "--yes")])
def test_an_unknown_job_does_not_keep_others_from_their_end(
    command: Command, arguments: tuple[str, ...]
) -> None:
    some = command.run(*arguments, "nobody", JOB_ID)
    none = command.run(*arguments, "nobody", "nowhere", "--json")

    assert (some.exit_code, none.exit_code) == (1, 66)
    assert some.stdout.startswith(f"{JOB_ID}: ")
    assert some.stderr == "waas: nobody: There is no job of that id.\n"
    lines = [json.loads(line) for line in none.stdout.splitlines()]
    assert [(line["id"], line["exitCode"]) for line in lines] == [("nobody", 66), ("nowhere", 66)]


def test_transcripts_are_downloaded_under_the_recording_s_name(
    command: Command, tmp_path: Path
) -> None:
    first = command.run("download", JOB_ID, "--format", "srt,jojo", "-o", tmp_path)
    again = command.run("download", JOB_ID, "--format", "srt", "-o", tmp_path)
    forced = command.run(
        "download", JOB_ID, "--format", "srt", "-o", tmp_path, "--overwrite", "--json"
    )

    path = tmp_path / "Blåbær (1).srt"
    assert first.stdout == f"{path}\n{tmp_path}/Blåbær (1).jojo\n"
    assert path.read_text() == SRT
    assert again.exit_code == 73
    assert json.loads(forced.stdout)["output"] == str(path)


def test_a_transcript_can_go_to_standard_output(command: Command) -> None:
    assert command.run("download", JOB_ID, "--format", "srt", "-o", "-").stdout == SRT
    assert command.run("download", JOB_ID, "-o", "-").exit_code == 2


def test_a_transcript_that_is_not_there_yet_ends_with_75(command: Command) -> None:
    command.api.jobs.put("running", make_spec(), make_status(Phase.RUNNING))
    command.api.moving_jobs.stays_running = True

    result = command.run("download", "running")

    assert result.exit_code == 75
    assert "when the job's phase is Succeeded" in result.stderr


def test_without_a_server_it_is_said_how_to_get_one(command: Command) -> None:
    command.change(connect=unreachable)

    result = command.run("jobs", server=None)

    assert result.exit_code == 69
    assert result.stderr == (
        "waas: Nobody answers at http://127.0.0.1:3000: Connection refused. Start a server by "
        "`waas serve`, or name one by --server or WAAS_SERVER.\n"
    )


def test_a_server_s_models_are_listed(command: Command) -> None:
    result = command.run("models", "list")

    assert result.exit_code == 0
    assert result.stdout.splitlines()[:2] == [
        "tiny.en           English only",
        "tiny              default",
    ]


def test_this_machine_s_models_are_listed_where_no_server_is_named(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAAS_MODEL_DIRECTORY", str(tmp_path))

    listed = command.run("models", "list", "--json", server=None)
    missing = command.run("models", "path", "tiny")

    names = [json.loads(line)["name"] for line in listed.stdout.splitlines()]
    assert (listed.exit_code, "tiny" in names) == (0, True)
    assert (missing.exit_code, missing.stdout) == (66, "")
    assert "waas models pull tiny" in missing.stderr


def test_what_is_not_installed_is_told(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve_command, "is_installed", lambda: False)
    monkeypatch.setattr(models_command, "is_installed", lambda _: False)

    for result in (command.run("serve"), command.run("models", "pull", "tiny")):
        assert result.exit_code == 69
        assert "install waas-client[local]" in result.stderr


def test_the_version_is_printed(command: Command) -> None:
    assert command.run("--version").stdout.startswith("waas ")


def test_the_help_tells_every_exit_code(command: Command) -> None:
    text = " ".join(command.run("--help").stdout.replace("│", " ").split())

    for code in ExitCode:
        assert f"{code} {MEANINGS[code]}" in text


def test_shells_complete_the_command(command: Command) -> None:
    result = command.run("--show-completion", "bash")

    assert result.exit_code == 0
    assert "complete" in result.stdout


def test_a_name_cannot_command_the_terminal(command: Command) -> None:
    command.api.jobs.put("evil", make_spec("\x1b]0;gotcha\x07.mp3"), make_status(Phase.FAILED))

    for result in (command.run("jobs"), command.run("show", "evil")):
        assert "�]0;gotcha�.mp3" in result.stdout
        assert "\x1b]" not in result.stdout
