"""A folder that is watched."""

import asyncio
from pathlib import Path

from support.command import make_recording
from waas_client.command_line.inputs import Input
from waas_client.command_line.watching import LOOKS_BEFORE_ANOTHER_TRY, watch


class Watch:
    """Collects what a watch yields, one look at a time."""

    def __init__(self, folder: Path) -> None:
        self.taken: list[str] = []
        self.refused: set[str] = set()
        self.to_try_again: set[Path] = set()
        self._looks: asyncio.Queue[None] = asyncio.Queue()
        self.has_looked = asyncio.Event()
        self._task = asyncio.create_task(self._collect(folder))

    async def _collect(self, folder: Path) -> None:
        async for each in watch(
            [str(folder)],
            None,
            self._is_wanted,
            to_try_again=self.to_try_again,
            sleep=self._sleep,
        ):
            self.taken.append(Path(each.name).name)

    def _is_wanted(self, each: Input) -> bool:
        return Path(each.name).name not in self.refused

    async def _sleep(self, _: float) -> None:
        self.has_looked.set()
        await self._looks.get()

    async def look(self) -> list[str]:
        """Wait for a look and return all that was taken so far."""
        await self.has_looked.wait()
        self.has_looked.clear()
        self._looks.put_nowait(None)
        await self.has_looked.wait()
        return self.taken

    def stop(self) -> None:
        self._task.cancel()


async def test_a_file_is_taken_once_nobody_writes_to_it(tmp_path: Path) -> None:
    growing = make_recording(tmp_path / "a.mp3", b"1")
    watching = Watch(tmp_path)
    await watching.has_looked.wait()
    with growing.open("ab") as file:
        file.write(b"2")

    assert await watching.look() == []
    assert await watching.look() == ["a.mp3"]
    assert await watching.look() == ["a.mp3"]
    growing.write_bytes(b"another recording")
    assert await watching.look() == ["a.mp3"]
    assert await watching.look() == ["a.mp3", "a.mp3"]
    watching.stop()


async def test_a_new_file_is_seen_and_an_empty_one_awaited(tmp_path: Path) -> None:
    watching = Watch(tmp_path)
    assert await watching.look() == []
    make_recording(tmp_path / "empty.mp3", b"")
    make_recording(tmp_path / "new.mp3")
    make_recording(tmp_path / "done.mp3")
    watching.refused = {"done.mp3"}

    assert await watching.look() == []
    assert await watching.look() == ["new.mp3"]
    watching.stop()


async def test_what_failed_for_now_comes_again_after_a_while(tmp_path: Path) -> None:
    path = make_recording(tmp_path / "a.mp3")
    watching = Watch(tmp_path)
    assert await watching.look() == ["a.mp3"]
    watching.to_try_again.add(path)

    for _ in range(LOOKS_BEFORE_ANOTHER_TRY - 1):
        assert await watching.look() == ["a.mp3"]
    assert await watching.look() == ["a.mp3", "a.mp3"]
    for _ in range(LOOKS_BEFORE_ANOTHER_TRY + 1):
        assert await watching.look() == ["a.mp3", "a.mp3"]
    watching.stop()
