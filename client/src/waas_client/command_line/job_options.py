"""The options of `waas transcribe` that say how a recording is to be transcribed."""

import re
from typing import Annotated

import typer

from waas_contract.transcription_job import Priority

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"([0-9]{1,9})([smhd]?)")


def parse_duration(text: str | None) -> int | None:
    """Return the seconds of a duration such as `90`, `30m`, `12h` or `7d`."""
    if text is None:
        return None
    found = _DURATION.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is no duration: write it like 90, 30m, 12h or 7d.")
    number, unit = found.groups()
    return int(number) * _UNITS[unit or "s"]


def parse_labels(texts: list[str]) -> dict[str, str]:
    """Return labels that are written as KEY=VALUE."""
    labels: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise typer.BadParameter(
                f"{text!r} is no label: write it like desk=news.", param_hint="--label"
            )
        labels[key] = value
    return labels


PriorityOption = Annotated[
    Priority | None, typer.Option(help="Who goes first where not all can.", show_default=False)
]
ProfileOption = Annotated[
    str | None,
    typer.Option(help="Which of the administrator's sets of resources to use.", show_default=False),
]
QueueOption = Annotated[
    str | None,
    typer.Option(
        "--queue",
        help="The LocalQueue of Kueue's to wait in, where the server lets jobs name one.",
        show_default=False,
    ),
]
TtlOption = Annotated[
    str | None,
    typer.Option(
        "--ttl",
        metavar="DURATION",
        help="How long the server keeps everything after the job's end: 90, 30m, 12h, 7d.",
        show_default=False,
        callback=parse_duration,
    ),
]
DeadlineOption = Annotated[
    str | None,
    typer.Option(
        "--deadline",
        metavar="DURATION",
        help="When the job fails if it has not ended, waiting included.",
        show_default=False,
        callback=parse_duration,
    ),
]
PromptOption = Annotated[
    str | None, typer.Option(help="Text that sets vocabulary and style.", show_default=False)
]
BeamSizeOption = Annotated[
    int | None,
    typer.Option(min=1, max=10, help="Beams of the search; greedy by default.", show_default=False),
]
TemperatureOption = Annotated[
    float | None, typer.Option(min=0, max=1, help="How much is left to chance.", show_default=False)
]
WordTimestampsOption = Annotated[
    bool, typer.Option("--word-timestamps", help="Find out when each word is said.")
]
SpeakersByChannelOption = Annotated[
    bool,
    typer.Option(
        "--speakers-by-channel", help="Take each channel for a speaker, as on stereo calls."
    ),
]
MaxLineWidthOption = Annotated[
    int | None,
    typer.Option(min=10, max=200, help="Characters in a line of a caption.", show_default=False),
]
MaxLineCountOption = Annotated[
    int | None, typer.Option(min=1, max=6, help="Lines in a caption.", show_default=False)
]
LabelOption = Annotated[
    list[str] | None,
    typer.Option(
        "--label",
        metavar="KEY=VALUE",
        help="A label of the jobs; as often as you like.",
        show_default=False,
    ),
]
