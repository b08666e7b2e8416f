"""How a watcher of Kopf's that died is noticed."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from kopf._cogs.aiokits.aiotasks import create_guarded_task
from kopf._cogs.structs.references import Resource
from kopf._core.reactor import orchestration

from waas_operator.informer import ORCHESTRATION_LOGGER, DeadWatcherHandler

PODS = Resource("", "v1", "pods", namespaced=True)


@pytest.fixture
def dead_watchers() -> Iterator[list[str]]:
    """What a DeadWatcherHandler on Kopf's logger reports."""
    found: list[str] = []
    handler = DeadWatcherHandler(found.append)
    logger = logging.getLogger(ORCHESTRATION_LOGGER)
    logger.addHandler(handler)
    yield found
    logger.removeHandler(handler)


async def guard_as_kopf_does(coroutine: Coroutine[Any, Any, None], name: str) -> None:
    """Run a task as `orchestration.spawn_missing_watchers` runs a watcher."""
    task = create_guarded_task(
        coro=coroutine, name=name, logger=orchestration.logger, cancellable=True
    )
    with contextlib.suppress(ConnectionError, asyncio.CancelledError):
        await task


async def refuse() -> None:
    raise ConnectionError("403")


async def end() -> None:
    return


async def be_cancelled() -> None:
    raise asyncio.CancelledError


async def test_a_watcher_that_fails_is_noticed(dead_watchers: list[str]) -> None:
    await guard_as_kopf_does(refuse(), f"watcher for {PODS}@newsroom")

    assert dead_watchers == ["Watcher for pods.v1@newsroom has failed: 403"]


async def test_a_watcher_that_ends_is_noticed(dead_watchers: list[str]) -> None:
    await guard_as_kopf_does(end(), f"watcher for {PODS}@newsroom")

    assert dead_watchers == ["Watcher for pods.v1@newsroom has finished unexpectedly."]


@pytest.mark.parametrize(
    ("coroutine", "name"),
    [(be_cancelled, "watcher for pods.v1@newsroom"), (refuse, "peering observer for default")],
    ids=["a watcher that is told to stop", "another task of Kopf's"],
)
async def test_what_is_no_dead_watcher(
    dead_watchers: list[str], coroutine: Callable[[], Coroutine[Any, Any, None]], name: str
) -> None:
    await guard_as_kopf_does(coroutine(), name)

    assert dead_watchers == []


def test_kopf_names_its_watchers_as_the_handler_expects() -> None:
    assert orchestration.logger.name == ORCHESTRATION_LOGGER
    names = orchestration.spawn_missing_watchers.__code__.co_consts

    assert "watcher for " in names
