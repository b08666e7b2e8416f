"""`waas transcribe`: what it does, what it says and with which exit code it ends."""

import json
import os
from pathlib import Path

import httpx
import pytest

from support.api_builders import TRANSCRIPT, make_settings
from support.command import Command, make_recording, unreachable
from support.quick_api import BAD_SOUND, SERVER
from waas_client import AsyncClient
from waas_contract.formats import OutputFormat, render_transcript
from waas_contract.transcription_options import DecodingOptions, SubtitleOptions

SRT = render_transcript(TRANSCRIPT, OutputFormat.SRT)
TXT = render_transcript(TRANSCRIPT, OutputFormat.TXT)


@pytest.fixture
def command() -> Command:
    return Command()


def test_transcripts_lie_beside_the_recording(command: Command, tmp_path: Path) -> None:
    recording = make_recording(tmp_path / "talk.mp3")

    result = command.run("transcribe", recording, "--model", "base", "--language", "Norwegian")

    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "talk.srt").read_text() == SRT
    assert (tmp_path / "talk.txt").read_text() == TXT
    assert result.stdout == f"{tmp_path}/talk.txt\n{tmp_path}/talk.srt\n"
    assert result.stderr.splitlines() == [
        f"Audio goes to {SERVER}.",
        f"{recording}: uploading",
        f"{recording}: waiting for its turn",
        f"{recording}: transcribing, 50 %",
        f"{recording}: done",
    ]
    spec = command.api.jobs.jobs["job-000"].spec
    assert (spec.model, spec.language, spec.source.file_name) == ("base", "no", "talk.mp3")


def test_every_option_reaches_the_job(command: Command, tmp_path: Path) -> None:
    recording = make_recording(tmp_path / "talk.mp3")

    result = command.run(
        "transcribe", recording, "--task", "translate", "--format", "vtt,jojo,timecode_txt",
        "--prompt", "Hei", "--word-timestamps", "--speakers-by-channel", "-o", tmp_path / "out",
        "--model", "base", "--beam-size", "5", "--temperature", "0.2", "--max-line-width", "42",
        "--max-line-count", "2", "--priority", "high", "--ttl", "7d", "--deadline", "90m",
        "--label", "desk=news", "--label", "example.org/show=late",
        "--profile", "large", "--queue", "night",
    )  # fmt: skip

    assert result.exit_code == 0, result.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "talk.jojo",
        "talk.timecode.txt",
        "talk.vtt",
    ]
    spec = command.api.jobs.jobs["job-000"].spec
    assert (spec.task, spec.initial_prompt, spec.word_timestamps) == ("translate", "Hei", True)
    assert spec.speakers_by_channel
    assert spec.formats == ("vtt",)
    assert spec.decoding == DecodingOptions(beam_size=5, temperature=0.2)
    assert spec.subtitles == SubtitleOptions(max_line_width=42, max_line_count=2)
    assert (spec.priority, spec.active_deadline_seconds) == ("high", 5400)
    assert spec.ttl_seconds_after_finished == 7 * 86_400
    assert (spec.profile, spec.queue_name) == ("large", "night")
    labels = command.api.jobs.jobs["job-000"].metadata.labels
    assert labels == {"desk": "news", "example.org/show": "late"}


@pytest.mark.parametrize(
    ("option", "value", "text"),
    [
        ("--ttl", "soon", "write it like 90, 30m, 12h or 7d"),
        ("--deadline", "1w", "write it like 90, 30m, 12h or 7d"),
        ("--label", "news", "write it like desk=news"),
        ("--priority", "urgent", "low"),
        ("--beam-size", "11", "less than or equal to 10"),
    ],
)
def test_an_option_that_does_not_fit_is_told(
    command: Command, tmp_path: Path, option: str, value: str, text: str
) -> None:
    result = command.run("transcribe", make_recording(tmp_path / "talk.mp3"), option, value)

    assert result.exit_code == 2
    assert text in result.stderr


def test_a_folder_of_many_files_comes_back_whole(command: Command, tmp_path: Path) -> None:
    for number in range(30):
        make_recording(tmp_path / f"{number:02d}.wav")

    result = command.run("transcribe", tmp_path, "--format", "txt", "--parallel", "3")

    assert result.exit_code == 0, result.stderr
    assert sorted(result.stdout.splitlines()) == [f"{tmp_path}/{n:02d}.txt" for n in range(30)]
    assert all((tmp_path / f"{number:02d}.txt").read_text() == TXT for number in range(30))
    assert result.stderr.splitlines()[-1] == "30 transcribed"


def test_what_goes_wrong_with_one_does_not_touch_the_others(
    command: Command, tmp_path: Path
) -> None:
    make_recording(tmp_path / "good.wav")
    make_recording(tmp_path / "bad.wav", BAD_SOUND)
    make_recording(tmp_path / "empty.wav", b"")

    result = command.run("transcribe", tmp_path, "--format", "txt")

    assert result.exit_code == 1
    assert result.stdout == f"{tmp_path}/good.txt\n"
    assert f"{tmp_path}/bad.wav: failed: No sound in it. (BadAudio)" in result.stderr
    assert f"{tmp_path}/empty.wav: failed: {tmp_path}/empty.wav is empty." in result.stderr
    assert result.stderr.splitlines()[-1] == "1 transcribed, 2 failed"


@pytest.mark.parametrize(
    ("content", "text"),
    [(BAD_SOUND, "No sound in it. (BadAudio)"), (b"", "talk.mp3 is empty."), (None, "no file")],
)
def test_a_bad_file_ends_with_65(
    command: Command, tmp_path: Path, content: bytes | None, text: str
) -> None:
    recording = tmp_path / "talk.mp3"
    if content is not None:
        make_recording(recording, content)

    result = command.run("transcribe", recording)

    assert (result.exit_code, result.stdout) == (65, "")
    assert text in result.stderr


def test_what_is_plainly_no_recording_ends_with_65(command: Command, tmp_path: Path) -> None:
    result = command.run("transcribe", make_recording(tmp_path / "talk.mp3", b'{"a": 1}'))

    assert result.exit_code == 65
    assert "That is JSON, not a recording." in result.stderr


def test_no_server_is_started_for_files_that_are_not_there(
    command: Command, tmp_path: Path
) -> None:
    command.change(connect=unreachable)

    result = command.run("transcribe", tmp_path / "a.mp3", tmp_path / "b.mp3", server=None)

    assert result.exit_code == 65
    assert result.stderr == f"waas: There is no file {tmp_path}/a.mp3, {tmp_path}/b.mp3.\n"


def test_a_recording_that_is_too_large_ends_with_65(tmp_path: Path) -> None:
    command = Command()
    command.api.settings = make_settings(largest_upload_bytes=3)
    command.api.__post_init__()
    command.change(connect=command.api.connect)

    result = command.run("transcribe", make_recording(tmp_path / "talk.mp3"))

    assert result.exit_code == 65
    assert "Upload too large: at most 3 bytes are accepted." in result.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--model", "huge"), "There is no model 'huge' at http://waas.example:3000: choose from"),
        (("--language", "elvish"), "'elvish' is no language that Whisper knows"),
        (("--format", "pdf"), "there is no format 'pdf': choose from json, srt"),
        (("--format", ","), "name one format at least"),
        (("--task", "sing"), "'sing' is not one of"),
        (("--parallel", "0"), "Invalid value for '--parallel'"),
        (("--watch",), "only folders can be watched"),
        (("--server", "waas.example"), "'waas.example' is not a server's address"),
        (("--model", "tiny.en", "--language", "no"), "choose a model whose name does not end in"),
    ],
)
def test_a_wrong_option_ends_with_2(
    command: Command, tmp_path: Path, arguments: tuple[str, ...], text: str
) -> None:
    result = command.run("transcribe", make_recording(tmp_path / "talk.mp3"), *arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert text in " ".join(result.stderr.replace("│", " ").split())
    assert command.api.storage.objects == {}


def test_a_folder_without_recordings_ends_with_65(command: Command, tmp_path: Path) -> None:
    make_recording(tmp_path / "notes.txt")

    result = command.run("transcribe", tmp_path)

    assert result.exit_code == 65
    assert result.stderr == f"waas: There is no recording in {tmp_path}.\n"


def test_a_server_that_nobody_reaches_ends_with_69(command: Command, tmp_path: Path) -> None:
    command.change(connect=unreachable)

    result = command.run("transcribe", make_recording(tmp_path / "talk.mp3"))

    assert result.exit_code == 69
    assert result.stderr == f"waas: Nobody answers at {SERVER}: Connection refused.\n"


def test_a_stranger_ends_with_69_and_gets_nothing(command: Command, tmp_path: Path) -> None:
    methods = []

    def greet(request: httpx.Request) -> httpx.Response:
        methods.append(request.method)
        return httpx.Response(200, html="<p>Hello")

    command.change(connect=lambda each, _: AsyncClient(each, transport=httpx.MockTransport(greet)))

    result = command.run("transcribe", make_recording(tmp_path / "talk.mp3"))

    assert result.exit_code == 69
    assert result.stderr == (f"waas: What answers at {SERVER} is not a server of this service.\n")
    assert methods == ["GET"]


def test_a_server_that_goes_away_during_the_upload_ends_with_69(
    command: Command, tmp_path: Path
) -> None:
    def vanish(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            raise httpx.WriteError("Broken pipe")
        return httpx.Response(200, json={"service": "waas"})

    command.change(connect=lambda each, _: AsyncClient(each, transport=httpx.MockTransport(vanish)))

    result = command.run("transcribe", make_recording(tmp_path / "talk.mp3"))

    assert result.exit_code == 69
    assert f"{SERVER} went away during the upload (Broken pipe)." in result.stderr


def test_a_store_that_is_away_ends_with_75(command: Command, tmp_path: Path) -> None:
    command.api.storage.is_away = True

    result = command.run("transcribe", make_recording(tmp_path / "talk.mp3"))

    assert result.exit_code == 75
    assert "Try again in a moment." in result.stderr


def test_an_upload_for_which_there_is_no_place_is_tried_again(
    command: Command, tmp_path: Path
) -> None:
    pauses = []
    answers = [busy_answer(), busy_answer()]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/v2/jobs":
            return httpx.Response(200, json={"service": "waas"})
        request.read()
        return answers.pop() if answers else httpx.Response(418, json={})

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    command.change(
        connect=lambda each, _: AsyncClient(each, transport=httpx.MockTransport(answer)),
        sleep=sleep,
    )

    command.run("transcribe", make_recording(tmp_path / "talk.mp3"))

    assert (pauses, answers) == ([60, 60], [])


def busy_answer() -> httpx.Response:
    return httpx.Response(
        503,
        headers={"content-type": "application/problem+json", "retry-after": "60"},
        json={"type": "tag:waas.dev,2026:too-many-uploads", "detail": "Too many uploads."},
    )


def test_a_defect_is_told_as_one(command: Command, tmp_path: Path) -> None:
    def break_down(_: str, __: str | None) -> AsyncClient:
        raise RuntimeError("a defect")

    command.change(connect=break_down)

    result = command.run("transcribe", make_recording(tmp_path / "talk.mp3"))

    assert result.exit_code == 70
    assert "RuntimeError: a defect" in result.stderr


def test_an_output_that_is_there_is_not_overwritten(command: Command, tmp_path: Path) -> None:
    recording = make_recording(tmp_path / "talk.mp3")
    mine = make_recording(tmp_path / "talk.srt", b"mine")

    refused = command.run("transcribe", recording)
    allowed = command.run("transcribe", recording, "--overwrite")

    assert refused.exit_code == 73
    assert f"{mine} is there already: give --overwrite to replace it." in refused.stderr
    assert (allowed.exit_code, mine.read_text()) == (0, SRT)


def test_a_folder_that_was_done_is_skipped(command: Command, tmp_path: Path) -> None:
    make_recording(tmp_path / "talk.mp3")
    command.run("transcribe", tmp_path)
    make_recording(tmp_path / "new.mp3")

    result = command.run("transcribe", tmp_path, "--format", "txt")

    assert result.exit_code == 0
    assert result.stdout == f"{tmp_path}/new.txt\n"
    assert f"talk.mp3: skipped: {tmp_path}/talk.txt is there already" in result.stderr
    assert len(command.api.jobs.jobs) == 2


def test_json_is_all_that_programs_see(command: Command, tmp_path: Path) -> None:
    good = make_recording(tmp_path / "a.mp3")
    bad = make_recording(tmp_path / "b.mp3", BAD_SOUND)

    result = command.run("transcribe", good, bad, "--format", "txt", "--parallel", "1", "--json")

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert [line for line in lines if line.get("input") == str(good)] == [
        {"event": "uploading", "input": str(good), "percent": 0},
        {"event": "uploading", "input": str(good), "percent": 100},
        {"event": "waiting", "input": str(good), "id": "job-000", "positionInQueue": None},
        {"event": "transcribing", "input": str(good), "id": "job-000", "percent": 50},
        {"event": "done", "input": str(good), "id": "job-000",
         "outputs": [f"{tmp_path}/a.txt"]},
    ]  # fmt: skip
    assert {
        "event": "failed", "input": str(bad), "id": "job-001",
        "message": "No sound in it. (BadAudio)", "exitCode": 65,
    } in lines  # fmt: skip
    assert lines[-1] == {"event": "end", "done": 1, "skipped": 0, "failed": 1}


def test_json_tells_of_an_error_before_the_first_file(command: Command, tmp_path: Path) -> None:
    command.change(connect=unreachable)

    result = command.run("transcribe", make_recording(tmp_path / "a.mp3"), "--json")

    assert json.loads(result.stdout) == {
        "event": "error",
        "message": f"Nobody answers at {SERVER}: Connection refused.",
        "exitCode": 69,
    }


def test_a_name_that_is_no_unicode_is_no_hindrance(command: Command, tmp_path: Path) -> None:
    recording = make_recording(tmp_path / os.fsdecode(b"bl\xe5b\xe6r.mp3"))

    result = command.run("transcribe", recording, "--format", "txt")
    as_json = command.run("transcribe", recording, "--format", "srt", "--json")

    assert result.exit_code == 0, result.stderr
    assert result.stdout_bytes == os.fsencode(tmp_path) + b"/bl\xe5b\xe6r.txt\n"
    assert recording.with_suffix(".txt").read_text() == TXT
    assert command.api.jobs.jobs["job-000"].spec.source.file_name == "bl?b?r.mp3"
    lines = as_json.stdout.splitlines()
    assert json.loads(lines[-2])["outputs"] == [str(recording.with_suffix(".srt"))]
