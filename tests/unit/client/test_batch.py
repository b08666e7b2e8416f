"""Many recordings at once: what one comes to is no other's concern, and half a set no end."""

import asyncio
from pathlib import Path

import pytest

from support.api_builders import wait_for
from support.command import Command, make_recording, unreachable
from support.quick_api import BAD_SOUND, SERVER
from waas_client import AsyncClient
from waas_client.command_line.batch import Batch, Plan
from waas_client.command_line.exit_codes import ExitCode
from waas_client.command_line.inputs import Input, find_inputs
from waas_client.command_line.showing.lines import LinesDisplay
from waas_client.command_line.watching import take_all
from waas_client.errors import FileUnreadable
from waas_client.recordings import open_recording
from waas_client.requests import JobOptions


@pytest.fixture
def command() -> Command:
    return Command()


async def test_a_file_that_vanishes_before_it_is_sent_is_told(tmp_path: Path) -> None:
    path = make_recording(tmp_path / "a.mp3")
    recording = open_recording(path)
    path.unlink()

    with pytest.raises(FileUnreadable, match="There is no file"):
        next(recording.pieces())
    with pytest.raises(FileUnreadable, match="There is no file"):
        await anext(recording.pieces_async())


def test_a_folder_into_which_nobody_may_look_touches_no_other(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_recording(tmp_path / "a.mp3")
    make_recording(tmp_path / "closed" / "b.mp3")
    missing = Input.missing

    def look(each: Input, formats: tuple[str, ...]) -> tuple[str, ...]:
        if each.folder.name == "closed":
            raise PermissionError(13, "Permission denied")
        return missing(each, formats)

    monkeypatch.setattr(Input, "missing", look)

    result = command.run("transcribe", tmp_path, "--format", "txt")

    assert (result.exit_code, result.stdout) == (1, f"{tmp_path}/a.txt\n")
    assert f"{tmp_path}/closed cannot be looked into: Permission denied." in result.stderr


def test_what_is_missing_of_a_set_is_written(command: Command, tmp_path: Path) -> None:
    make_recording(tmp_path / "a.mp3")
    make_recording(tmp_path / "a.txt", b"mine")

    first = command.run("transcribe", tmp_path)
    again = command.run("transcribe", tmp_path)

    assert (first.exit_code, first.stdout) == (0, f"{tmp_path}/a.srt\n")
    assert (tmp_path / "a.txt").read_text() == "mine"
    assert (again.exit_code, again.stdout) == (0, "")
    assert len(command.api.jobs.jobs) == 1


def test_nothing_is_written_before_all_is_there(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result_of = AsyncClient.result

    async def result(self: AsyncClient, job_id: str, output_format: str = "srt") -> bytes:
        if output_format == "srt":
            raise FileUnreadable("It is gone.")
        return await result_of(self, job_id, output_format)

    monkeypatch.setattr(AsyncClient, "result", result)

    done = command.run("transcribe", make_recording(tmp_path / "a.mp3"), "--format", "txt,srt")

    assert done.exit_code == 65
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp3"]


@pytest.mark.parametrize(("is_private", "kept"), [(True, 0), (False, 2)])
async def test_a_private_server_s_jobs_go_once_they_are_done_with(
    command: Command, tmp_path: Path, is_private: bool, kept: int
) -> None:
    make_recording(tmp_path / "a.mp3")
    make_recording(tmp_path / "b.mp3", BAD_SOUND)
    async with command.api.connect(SERVER) as client:
        plan = Plan(JobOptions(), ("txt",), is_private=is_private)
        batch = Batch(client, plan, LinesDisplay())
        await batch.run(take_all(find_inputs([str(tmp_path)], None)))

    assert (tmp_path / "a.txt").is_file()
    assert len(command.api.jobs.jobs) == kept


async def test_what_a_server_that_is_away_left_is_to_be_tried_again(
    command: Command, tmp_path: Path
) -> None:
    path = make_recording(tmp_path / "a.mp3")
    make_recording(tmp_path / "empty.mp3", b"")
    inputs = find_inputs([str(tmp_path)], None)
    batch = Batch(unreachable(SERVER), Plan(JobOptions(), ("txt",)), LinesDisplay())

    await asyncio.wait_for(batch.run(take_all(inputs)), 30)
    assert batch.to_try_again == {path}
    batch.client = command.api.connect(SERVER)
    await batch.run(take_all(inputs[:1]))

    # What counts is how the last try went.
    assert [code for _, code in batch.ends.values()] == [ExitCode.OK, ExitCode.BAD_INPUT]


@pytest.mark.parametrize(
    ("sentence", "size", "is_private", "under_way"),
    [
        ("small ones, more than a program takes", 1000, True, 64),
        ("few long ones, which are on the disk twice", 9 * 1024 * 1024, True, 16),
        ("another server's disk is its own concern", 9 * 1024 * 1024, False, 70),
    ],
)
async def test_so_many_are_under_way_at_once(
    tmp_path: Path, sentence: str, size: int, is_private: bool, under_way: int
) -> None:
    begun: list[Input] = []
    may_end = asyncio.Event()

    class Waiting(Batch):
        async def _transcribe(self, each: Input, _: asyncio.Semaphore) -> None:
            begun.append(each)
            await may_end.wait()

    for number in range(70):
        with (tmp_path / f"{number}.mp3").open("wb") as file:
            file.truncate(size)
    plan = Plan(JobOptions(), ("txt",), is_private=is_private)
    batch = Waiting(unreachable(SERVER), plan, LinesDisplay())

    running = asyncio.create_task(batch.run(take_all(find_inputs([str(tmp_path)], None))))
    await wait_for(lambda: len(begun) >= under_way, sentence)
    await asyncio.sleep(0)
    assert len(begun) == under_way
    may_end.set()
    await running

    assert len(begun) == 70
