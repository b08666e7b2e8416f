"""What Ctrl-C does while transcriptions are under way."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.api_builders import wait_for
from support.command import make_recording
from support.quick_api import SERVER, QuickApi
from waas_client.command_line.batch import Batch, Plan
from waas_client.command_line.exit_codes import ExitCode
from waas_client.command_line.inputs import Input, find_inputs
from waas_client.command_line.interruption import Ask, Interruption, run_until_interrupted
from waas_client.command_line.showing.lines import LinesDisplay
from waas_client.command_line.watching import take_all
from waas_client.requests import JobOptions


class Scene:
    """Two recordings that are being transcribed, and never get done by themselves."""

    def __init__(self, folder: Path, ask: Ask | None, *, is_local: bool = False) -> None:
        self.api = QuickApi()
        self.api.moving_jobs.stays_running = True
        self.folder = folder
        self.is_local = is_local
        self.interruption = Interruption(ask)
        for name in ("a.mp3", "b.mp3"):
            make_recording(folder / name)

    async def run(self) -> ExitCode:
        async with self.api.connect(SERVER) as client:
            plan = Plan(JobOptions(), ("txt",))
            self.batch = Batch(client, plan, LinesDisplay())
            inputs = take_all(find_inputs([str(self.folder)], None))
            return await run_until_interrupted(
                self.batch, inputs, self.interruption, is_local=self.is_local
            )

    async def begin(self) -> asyncio.Task[ExitCode]:
        running = asyncio.create_task(self.run())
        await wait_for(lambda: self.api.jobs.get_calls > 4, "both are transcribed")
        return running

    def cancelled(self) -> list[bool]:
        return [job.spec.cancelled for job in self.api.jobs.jobs.values()]


def saying(answer: str) -> Ask:
    async def ask(question: str) -> str:
        assert question.startswith("Cancel the 2 transcriptions under way? [y/N]")
        return answer

    return ask


async def say_nothing(_: str) -> str:
    await asyncio.Event().wait()
    raise AssertionError


async def test_a_yes_cancels_what_is_under_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = Scene(tmp_path, saying("y\n"))
    running = await scene.begin()

    scene.interruption.press()

    assert await running == ExitCode.INTERRUPTED
    assert scene.cancelled() == [True, True]
    assert capsys.readouterr().err.splitlines()[-1] == "Cancelled."


@pytest.mark.parametrize("answer", ["n\n", "\n", "what?\n"])
async def test_anything_else_goes_on(tmp_path: Path, answer: str) -> None:
    scene = Scene(tmp_path, saying(answer))
    running = await scene.begin()

    scene.interruption.press()
    await asyncio.sleep(0.05)
    assert not running.done()
    scene.api.moving_jobs.stays_running = False

    assert await running == ExitCode.OK
    assert sorted(path.name for path in tmp_path.glob("*.txt")) == ["a.txt", "b.txt"]


@pytest.mark.parametrize("answer", ["y\n", "n\n"])
async def test_an_answer_that_comes_after_the_end_changes_nothing(
    tmp_path: Path, answer: str
) -> None:
    async def answer_late(_: str) -> str:
        scene.api.moving_jobs.stays_running = False
        await wait_for(lambda: len(scene.batch.ends) == 2, "both are done")
        await asyncio.sleep(0.02)
        return answer

    scene = Scene(tmp_path, answer_late)
    running = await scene.begin()

    scene.interruption.press()

    assert await running == ExitCode.OK


async def test_ctrl_c_in_place_of_an_answer_leaves_the_jobs_to_the_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = Scene(tmp_path, say_nothing)
    running = await scene.begin()

    scene.interruption.press()
    await asyncio.sleep(0.02)
    assert not running.done()
    scene.interruption.press()

    assert await running == ExitCode.INTERRUPTED
    assert scene.cancelled() == [False, False]
    last = capsys.readouterr().err.splitlines()[-2:]
    told = [line.partition(": still with the server; fetch it by: waas download ") for line in last]
    assert [name for name, _, _ in told] == [f"{tmp_path}/a.mp3", f"{tmp_path}/b.mp3"]
    # Which of them arrived first is anybody's guess.
    assert {job_id for _, _, job_id in told} == {"job-000", "job-001"}


async def test_where_nobody_can_be_asked_ctrl_c_leaves_at_once(tmp_path: Path) -> None:
    scene = Scene(tmp_path, None)
    running = await scene.begin()

    scene.interruption.press()

    assert await running == ExitCode.INTERRUPTED
    assert scene.cancelled() == [False, False]


async def test_what_runs_for_this_command_alone_goes_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = Scene(tmp_path, None, is_local=True)
    running = await scene.begin()

    scene.interruption.press()

    assert await running == ExitCode.INTERRUPTED
    assert "nothing of what was under way is kept" in capsys.readouterr().err


async def test_watching_in_vain_ends_well() -> None:
    async def wait_for_ever() -> AsyncIterator[Input]:
        await asyncio.Event().wait()
        yield Input("never", Path(), "never")

    interruption = Interruption(None)
    async with QuickApi().connect(SERVER) as client:
        batch = Batch(client, Plan(JobOptions(), ("txt",)), LinesDisplay())
        running = asyncio.create_task(
            run_until_interrupted(batch, wait_for_ever(), interruption, is_local=False)
        )
        await asyncio.sleep(0.01)
        interruption.press()

        assert await running == ExitCode.OK


async def test_an_error_that_nobody_foresaw_is_not_hidden(tmp_path: Path) -> None:
    scene = Scene(tmp_path, None)
    scene.interruption = Interruption(None)

    async def break_down() -> AsyncIterator[Input]:
        raise RuntimeError("a defect")
        yield

    async with scene.api.connect(SERVER) as client:
        batch = Batch(client, Plan(JobOptions(), ("txt",)), LinesDisplay())
        with pytest.raises(ExceptionGroup) as caught:
            await run_until_interrupted(batch, break_down(), scene.interruption, is_local=False)
    assert caught.group_contains(RuntimeError, match="a defect")
