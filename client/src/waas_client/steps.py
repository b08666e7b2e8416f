"""What a flow is made of: requests and pauses, which whoever runs it sends and takes."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from waas_client.requests import Call

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Pause:
    """A step that only takes time."""

    seconds: float


Step = Call[Any] | Pause
Flow = Generator[Step, Any, Answer]


def ask(call: Call[Answer]) -> Flow[Answer]:
    """Send a request and return its answer."""
    answer: Answer = yield call
    return answer
