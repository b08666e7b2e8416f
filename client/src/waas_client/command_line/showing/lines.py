"""Plain lines, for logs and for terminals that cannot do more."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from waas_client.command_line.inputs import Input
from waas_client.command_line.showing.news import News, Stage, describe_end, describe_wait
from waas_client.command_line.showing.plain_text import complain, print_path

_STEP = 0.25
"""A line for every quarter of a transcription."""


class LinesDisplay:
    """Writes a line for each step to standard error, and the files to standard output."""

    def __init__(self) -> None:
        self._last: dict[Input, tuple[Stage, int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def show(self, news: News) -> None:
        """Write a line if there is anything new to tell."""
        step = int((news.fraction or 0) / _STEP) if news.stage is Stage.TRANSCRIBING else 0
        if self._last.get(news.input) == (news.stage, step):
            return
        self._last[news.input] = (news.stage, step)
        if news.stage.is_last:
            del self._last[news.input]
        self.say(f"{news.input.name}: {_describe(news)}")
        for path in news.outputs if news.stage is Stage.DONE else ():
            print_path(path)

    def say(self, text: str) -> None:
        """Write a line to standard error."""
        complain(text)

    def conclude(self, *, done: int, skipped: int, failed: int) -> None:
        """Tell how it all went, if one file's line does not tell it all."""
        if done + skipped + failed > 1:
            self.say(describe_end(done=done, skipped=skipped, failed=failed))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do nothing: lines are in nobody's way."""
        yield


def _describe(news: News) -> str:
    if news.stage is Stage.WAITING and news.job is not None:
        return describe_wait(news.job)
    if news.stage is Stage.TRANSCRIBING:
        return f"transcribing, {100 * (news.fraction or 0):.0f} %"
    return f"{news.stage}: {news.message}" if news.message else news.stage
