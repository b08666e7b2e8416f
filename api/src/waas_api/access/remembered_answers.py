"""Remembers answers for a while; who asks for one that is on its way waits for it as well.

Answers of a kind crowd out each other and no others: whoever makes questions up gets a refusal for
each, and everybody else's welcome stays.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class RememberedAnswers(Generic[Answer]):
    """Answers by key, the one that was used longest ago forgotten first. Errors are not kept."""

    def __init__(
        self,
        *,
        most_answers: int,
        kind_of: Callable[[Answer], Hashable] = lambda _: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep so many answers of each kind."""
        self._most_answers = most_answers
        self._kind_of = kind_of
        self._monotonic = monotonic
        self._answers: dict[Hashable, OrderedDict[bytes, tuple[Answer, float]]] = {}
        self._under_way: dict[bytes, asyncio.Task[Answer]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._answers.values()))

    async def get(self, key: bytes, ask: Callable[[], Awaitable[tuple[Answer, float]]]) -> Answer:
        """Return the answer, asked for at most once; it comes with the seconds it is good for."""
        for answers in self._answers.values():
            if key in answers:
                answer, deadline = answers[key]
                if self._monotonic() < deadline:
                    answers.move_to_end(key)
                    return answer
                del answers[key]
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._ask(key, ask))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._finish(key, done))
        # One who goes away must not take the answer from the others.
        return await asyncio.shield(task)

    async def _ask(self, key: bytes, ask: Callable[[], Awaitable[tuple[Answer, float]]]) -> Answer:
        # The age counts from the question: what changes after it may not be in the answer.
        asked = self._monotonic()
        answer, seconds = await ask()
        answers = self._answers.setdefault(self._kind_of(answer), OrderedDict())
        answers[key] = (answer, asked + seconds)
        if len(answers) > self._most_answers:
            answers.popitem(last=False)
        return answer

    def _finish(self, key: bytes, task: asyncio.Task[Answer]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # Whoever waited has it; nobody may have waited any more.
