"""Watches folders for recordings, and takes each when nobody writes to it any more."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

from waas_client.command_line.inputs import Input, find_inputs

PAUSE_SECONDS = 2.0
LOOKS_BEFORE_ANOTHER_TRY = 15
"""How long a recording rests for which the server was away or busy."""

Form = tuple[int, int]
"""A file's length and the time of its last change."""


async def take_all(inputs: Sequence[Input]) -> AsyncIterator[Input]:
    """Yield what is there."""
    for each in inputs:
        yield each


async def watch(
    names: Sequence[str],
    output_folder: Path | None,
    is_wanted: Callable[[Input], bool],
    *,
    to_try_again: set[Path] | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[Input]:
    """Yield recordings for ever, each once it looked the same twice, and anew when it changed.

    Whoever takes them puts those into `to_try_again` that are to come once more, after a while.
    """
    failed = set() if to_try_again is None else to_try_again
    rests: dict[Path, int] = {}
    seen: dict[Path, Form] = {}
    taken: dict[Path, Form] = {}
    while True:
        rests |= dict.fromkeys(failed, LOOKS_BEFORE_ANOTHER_TRY)
        failed.clear()
        rests = {path: looks - 1 for path, looks in rests.items() if looks}
        taken = {path: form for path, form in taken.items() if rests.get(path) != 0}
        found = await asyncio.to_thread(find_inputs, names, output_folder)
        forms = {each.path: form for each in found if each.path and (form := _look(each.path))}
        for each in found:
            path = each.path
            if path is None or path not in forms:
                continue
            form = forms[path]
            if form[0] and form == seen.get(path) and form != taken.get(path):
                taken[path] = form
                if is_wanted(each):
                    yield each
        seen = forms
        await sleep(PAUSE_SECONDS)


def _look(path: Path) -> Form | None:
    try:
        status = path.stat()
    except OSError:
        return None  # gone again
    return status.st_size, status.st_mtime_ns
