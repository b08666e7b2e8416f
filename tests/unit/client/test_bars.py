"""The bars, as a terminal would show them."""

import io
from pathlib import Path

from rich.console import Console

from waas_client import Job
from waas_client.command_line.inputs import Input
from waas_client.command_line.showing.bars import BarsDisplay
from waas_client.command_line.showing.news import News, Stage

FIRST = Input("talks/[first].mp3", Path("talks"), "first")
SECOND = Input("talks/second.mp3", Path("talks"), "second")


def test_a_recording_has_a_bar_on_its_way_and_a_line_when_it_arrives() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    with BarsDisplay(console) as display:
        display.show(News(FIRST, Stage.UPLOADING, 0.5))
        display.show(News(SECOND, Stage.WAITING, job=Job(id="b", phase="Queued")))
        with display.paused():
            pass
        display.show(News(FIRST, Stage.TRANSCRIBING, 0.25, Job(id="a", phase="Running")))
        display.show(News(FIRST, Stage.DONE, outputs=(Path("talks/first.txt"),)))
        display.show(News(SECOND, Stage.FAILED, message="No [sound] in it."))
        display.conclude(done=1, skipped=0, failed=1)

    text = screen.getvalue()
    assert "[first].mp3" in text
    assert "talks/first.txt" in text
    assert "No [sound] in it." in text
    assert "0 of 2 done, 1 waiting" in text
    assert "1 transcribed, 1 failed" in text
