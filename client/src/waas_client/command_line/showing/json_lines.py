"""Lines of JSON on standard output, for programs."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from waas_client.command_line.inputs import Input
from waas_client.command_line.showing.news import News, Stage
from waas_client.command_line.showing.plain_text import complain


def write_json_line(content: object) -> None:
    """Write one line of JSON to standard output; in ASCII, which every pipe takes."""
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


class JsonDisplay:
    """Writes one object for each step; nothing else goes to standard output."""

    def __init__(self) -> None:
        self._last: dict[Input, tuple[Stage, int | None]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def show(self, news: News) -> None:
        """Write an object if the stage or its percentage is new."""
        percent = None if news.fraction is None else int(100 * news.fraction)
        if self._last.get(news.input) == (news.stage, percent):
            return
        self._last[news.input] = (news.stage, percent)
        if news.stage.is_last:
            del self._last[news.input]
        job = news.job
        line: dict[str, object] = {"event": news.stage, "input": news.input.name}
        if job is not None:
            line["id"] = job.id
        if news.stage is Stage.WAITING and job is not None:
            line["positionInQueue"] = job.position_in_queue
        elif not news.stage.is_last:
            line["percent"] = percent
        if news.stage is Stage.DONE:
            line["outputs"] = [str(path) for path in news.outputs]
        if news.stage in (Stage.FAILED, Stage.SKIPPED):
            line |= {"message": news.message, "exitCode": news.exit_code}
        write_json_line(line)

    def say(self, text: str) -> None:
        """Write a line to standard error, where programs do not look."""
        complain(text)

    def conclude(self, *, done: int, skipped: int, failed: int) -> None:
        """Write how it all went."""
        write_json_line({"event": "end", "done": done, "skipped": skipped, "failed": failed})

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do nothing: nobody looks at the lines."""
        yield
