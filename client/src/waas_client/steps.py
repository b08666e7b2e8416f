"""What a flow is made of: requests, streams and pauses, which whoever runs it sends and takes."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from waas_client.requests import Call

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Pause:
    """A step that only takes time."""

    seconds: float


@dataclass(frozen=True)
class Listen:
    """A step that opens a stream and gives what `Hear` takes; it is open until the flow ends."""

    call: Call[None]


@dataclass(frozen=True)
class Hear:
    """A step that gives the next bytes of a stream, None at its end."""

    stream: object


Step = Call[Any] | Pause | Listen | Hear
Flow = Generator[Step, Any, Answer]


def ask(call: Call[Answer]) -> Flow[Answer]:
    """Send a request and return its answer."""
    answer: Answer = yield call
    return answer
