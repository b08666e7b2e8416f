"""What to do after each answer of a store, and for how long.

- 2xx: done.
- 404 NoSuchKey: the object is not there. Any other 404 is a store that is not there (yet): wait.
- 412 to a PUT that shall not replace: there is something already.
- 501, or 400 with NotImplemented, to the same: the store knows no If-None-Match.
- 401, 403, 400 with the word for an old signature: the URL has ended; the operator renews it.
- 408, 409, 429, 5xx: wait and ask again.
- Anything else, such as a key that the store cannot have: no use in asking again.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from waas_job.storage.transport import NO_SUCH_KEY, Answer

_EXPIRED_CODES = ("ExpiredToken", "RequestExpired", "TokenRefreshRequired")

_FIRST_DELAY_SECONDS = 0.5
_LONGEST_DELAY_SECONDS = 30.0
# A renewed Secret reaches the pod by and by: look often.
_LONGEST_RENEWAL_DELAY_SECONDS = 5.0


class Action(Enum):
    """What an answer asks for."""

    DONE = auto()
    ABSENT = auto()
    EXISTS = auto()
    CONDITION_UNSUPPORTED = auto()
    RENEW_URL = auto()
    WAIT = auto()
    GIVE_UP = auto()


def decide(answer: Answer, *, is_conditional: bool = False, is_put: bool = False) -> Action:
    """Return what an answer asks for."""
    if answer.is_success:
        return Action.DONE
    if is_conditional and answer.status == 412:
        return Action.EXISTS
    if is_conditional and (answer.status == 501 or answer.error_code == "NotImplemented"):
        return Action.CONDITION_UNSUPPORTED
    if answer.status == 404:
        return Action.ABSENT if answer.error_code == NO_SUCH_KEY and not is_put else Action.WAIT
    if answer.status in (401, 403) or answer.error_code in _EXPIRED_CODES:
        return Action.RENEW_URL
    if answer.status in (408, 409, 429) or answer.status >= 500:
        return Action.WAIT
    return Action.GIVE_UP


@dataclass(frozen=True)
class Waiting:
    """Time and chance, so that tests can have their own."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    draw: Callable[[], float] = random.random


class Patience:
    """How long one transfer may go without getting any further."""

    def __init__(self, seconds: float, waiting: Waiting) -> None:
        self._seconds = seconds
        self._waiting = waiting
        self.renew()

    def renew(self) -> None:
        """Start anew, since there was progress."""
        self._end = self._waiting.clock() + self._seconds
        self._delay = _FIRST_DELAY_SECONDS

    @property
    def is_over(self) -> bool:
        """Tell whether it is time to give up."""
        return self._waiting.clock() >= self._end

    def wait(self, *, at_least: float | None = None, for_renewal: bool = False) -> None:
        """Sleep longer each time, by chance up to half less, and never past the end."""
        longest = _LONGEST_RENEWAL_DELAY_SECONDS if for_renewal else _LONGEST_DELAY_SECONDS
        delay = min(self._delay, longest) * (0.5 + self._waiting.draw() / 2)
        self._delay *= 2
        remaining = self._end - self._waiting.clock()
        self._waiting.sleep(max(0.0, min(max(delay, at_least or 0.0), remaining)))
