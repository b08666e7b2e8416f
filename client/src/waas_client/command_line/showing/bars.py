"""Bars that move, for people at a terminal."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from waas_client.command_line.inputs import Input
from waas_client.command_line.showing.news import News, Stage, describe_end, describe_wait
from waas_client.command_line.showing.plain_text import plain, print_path
from waas_client.command_line.showing.time_left import TimeLeft, format_seconds

_LONGEST_NAME = 40
_MARKS = {Stage.DONE: "[green]done[/]", Stage.SKIPPED: "[yellow]skipped[/]",
          Stage.FAILED: "[red]failed[/]"}  # fmt: skip


@dataclass
class _Bar:
    """One recording on its way."""

    task: TaskID
    stage: Stage | None = None
    fraction: float | None = None
    time_left: TimeLeft = field(default_factory=TimeLeft)

    def note(self, news: News) -> None:
        """Take what is new; each stage has a speed of its own."""
        if news.stage is not self.stage:
            self.stage = news.stage
            self.time_left = TimeLeft()
        self.fraction = news.fraction

    def describe(self, news: News) -> str:
        """Return what is to be read beside the bar."""
        if news.stage is Stage.WAITING and news.job is not None:
            return describe_wait(news.job)
        left = None
        if self.fraction is not None and self.fraction < 1:
            left = self.time_left.estimate(time.monotonic(), self.fraction)
        return news.stage if left is None else f"{news.stage}, {format_seconds(left)} left"


class BarsDisplay:
    """Shows a bar for each recording that is on its way, and a line for each that has arrived."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[status]}", style="dim"),
            console=console,
            transient=True,
        )
        self._bars: dict[Input, _Bar] = {}
        self._ended = 0
        self._whole: TaskID | None = None
        self._whole_time_left = TimeLeft()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def show(self, news: News) -> None:
        """Move a recording's bar, or put a line in its place."""
        if news.stage.is_last:
            self._end(news)
        else:
            self._move(news)
        self._show_whole()

    def _move(self, news: News) -> None:
        bar = self._bars.get(news.input)
        if bar is None:
            name = escape(plain(_shorten(news.input.name)))
            bar = _Bar(self._progress.add_task(name, total=1.0, status=""))
            self._bars[news.input] = bar
        bar.note(news)
        # Those who wait are not shown one by one: a folder may hold hundreds.
        is_one_of_many = news.stage is Stage.WAITING and len(self._bars) > 1
        self._progress.update(
            bar.task,
            completed=news.fraction or 0.0,
            status=escape(plain(bar.describe(news))),
            visible=not is_one_of_many,
        )

    def _end(self, news: News) -> None:
        bar = self._bars.pop(news.input, None)
        if bar is not None:
            self._progress.remove_task(bar.task)
        self._ended += 1
        explanation = news.message or ", ".join(map(str, news.outputs))
        line = f"{escape(plain(news.input.name))} {_MARKS[news.stage]} {escape(plain(explanation))}"
        self._console.print(line, highlight=False, soft_wrap=True)
        if news.stage is Stage.DONE and not sys.stdout.isatty():
            for path in news.outputs:
                print_path(path)

    def _show_whole(self) -> None:
        """Move the bar of all recordings, which is there if they are more than one."""
        count = self._ended + len(self._bars)
        if count < 2:
            return
        if self._whole is None:
            self._whole = self._progress.add_task("[bold]all[/]", total=1.0, status="")
        transcribed = sum(
            bar.fraction or 0.0 for bar in self._bars.values() if bar.stage is Stage.TRANSCRIBING
        )
        fraction = (self._ended + transcribed) / count
        left = self._whole_time_left.estimate(time.monotonic(), fraction)
        waiting = sum(bar.stage is Stage.WAITING for bar in self._bars.values())
        status = f"{self._ended} of {count} done" + (f", {waiting} waiting" if waiting else "")
        if left is not None and self._bars:
            status += f", {format_seconds(left)} left"
        self._progress.update(self._whole, completed=fraction, status=status)

    def say(self, text: str) -> None:
        """Write a line above the bars."""
        self._console.print(escape(plain(text)), highlight=False, soft_wrap=True)

    def conclude(self, *, done: int, skipped: int, failed: int) -> None:
        """Tell how it all went, if one file's line does not tell it all."""
        if done + skipped + failed > 1:
            self.say(describe_end(done=done, skipped=skipped, failed=failed))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take the bars away for a while."""
        self._progress.stop()
        try:
            yield
        finally:
            self._progress.start()


def _shorten(name: str) -> str:
    short = Path(name).name or name
    return short if len(short) <= _LONGEST_NAME else f"{short[: _LONGEST_NAME - 1]}…"
