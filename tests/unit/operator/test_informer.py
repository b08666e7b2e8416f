"""Kopf as we set it up, what its events become, and how a dead watcher is noticed."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import kopf
import pytest
from kopf._cogs.aiokits.aiotasks import create_guarded_task
from kopf._cogs.structs.references import Resource, Selector
from kopf._core.reactor import orchestration

from support.builders import UID
from support.kubernetes_objects import make_condition, make_job_resource
from waas_operator.informer import (
    ORCHESTRATION_LOGGER,
    DeadWatcherHandler,
    build_kopf_settings,
    build_registry,
)
from waas_operator.observation import observe_job
from waas_operator.reconcile import Key
from waas_operator.sightings import Sightings

TRANSCRIPTION_JOBS = Resource("waas.dev", "v1alpha1", "transcriptionjobs", namespaced=True)
JOBS = Resource("batch", "v1", "jobs", namespaced=True)
PODS = Resource("", "v1", "pods", namespaced=True)
OURS = {"waas.dev/transcription-job": "interview"}


def test_kopf_only_informs() -> None:
    settings = build_kopf_settings()

    assert settings.peering.standalone
    assert settings.scanning.disabled
    assert not settings.posting.enabled
    assert settings.queueing.worker_limit is None


def test_lists_come_in_pages_and_only_of_what_is_ours() -> None:
    watching = build_kopf_settings().watching

    assert watching.chunk_size == 500
    assert list(watching.label_selectors.collect(TRANSCRIPTION_JOBS)) == []
    for resource in (JOBS, PODS):
        assert list(watching.label_selectors.collect(resource)) == [
            "app.kubernetes.io/managed-by=waas-operator"
        ]


def test_nothing_is_deaf_for_long() -> None:
    settings = build_kopf_settings()

    assert settings.watching.server_timeout is not None
    assert settings.watching.client_timeout is not None
    assert settings.watching.server_timeout < settings.watching.client_timeout
    backoffs = settings.networking.error_backoffs
    assert isinstance(backoffs, list)
    assert max(backoffs) <= 10
    assert 10 <= sum(backoffs) <= 30


def knowing_the_interview() -> Sightings:
    """Return what has seen one TranscriptionJob that has not ended."""
    sightings = Sightings()
    sightings.see_listed("newsroom", "interview")
    return sightings


def handler_of(registry: kopf.OperatorRegistry, resource: Resource) -> Any:
    """Return the only handler of a resource's events."""
    handlers = [
        each
        for each in registry._watching.get_all_handlers()
        if each.selector is not None and each.selector.check(resource)
    ]
    (handler,) = handlers
    return handler.fn


EVENTS: list[tuple[str, Resource, dict[str, Any], list[Key]]] = [
    (
        "a TranscriptionJob",
        TRANSCRIPTION_JOBS,
        {"namespace": "newsroom", "name": "interview", "labels": {}},
        [Key("newsroom", "interview")],
    ),
    (
        "a TranscriptionJob without a name yet",
        TRANSCRIPTION_JOBS,
        {"namespace": "newsroom", "name": None, "labels": {}},
        [],
    ),
    (
        "our Job",
        JOBS,
        {"namespace": "newsroom", "name": "interview-0f9e8d7c", "labels": OURS},
        [Key("newsroom", "interview")],
    ),
    (
        "the Job of one that has ended",
        JOBS,
        {"namespace": "studio", "name": "interview-0f9e8d7c", "labels": OURS},
        [],
    ),
    (
        "our pod",
        PODS,
        {"namespace": "newsroom", "name": "interview-0f9e8d7c-abcde", "labels": OURS},
        [Key("newsroom", "interview")],
    ),
    ("a Job of others", JOBS, {"namespace": "newsroom", "name": "nightly", "labels": {}}, []),
    ("a pod of others", PODS, {"namespace": "newsroom", "name": "web-1", "labels": {"a": "b"}}, []),
    ("a pod of no namespace", PODS, {"namespace": None, "name": "web-1", "labels": OURS}, []),
]


@pytest.mark.parametrize(
    ("resource", "event", "keys"), [pytest.param(*case[1:], id=case[0]) for case in EVENTS]
)
async def test_an_event_queues_its_key(
    resource: Resource, event: dict[str, Any], keys: list[Key]
) -> None:
    added: list[Key] = []

    def notice(seen: dict[str, Any]) -> None:
        added.append(Key(seen["namespace"], seen["name"]))

    handler = handler_of(build_registry(added.append, notice, knowing_the_interview()), resource)
    result = await handler(**event, type="MODIFIED", body=event, logger=None)

    assert added == keys
    # Kopf would write anything else into the object's status.
    assert result is None


async def test_a_job_that_the_operator_made_is_no_news() -> None:
    added: list[Key] = []
    registry = build_registry(added.append, lambda _: None, knowing_the_interview())
    handler = handler_of(registry, JOBS)
    event = {"namespace": "newsroom", "name": "interview-0f9e8d7c", "labels": OURS, "body": {}}

    await handler(**event, type="ADDED")
    assert added == []
    # What is listed has no type: it may have changed while nobody watched.
    await handler(**event, type=None)
    assert added == [Key("newsroom", "interview")]


FINISHED_JOBS = [
    ("it completed", "MODIFIED", make_job_resource(make_condition("Complete")), True),
    ("it failed", "MODIFIED", make_job_resource(make_condition("Failed")), True),
    ("it was found so", None, make_job_resource(make_condition("Complete")), True),
    ("it is at work", "MODIFIED", make_job_resource(), False),
    ("it is gone", "DELETED", make_job_resource(make_condition("Complete")), False),
]


@pytest.mark.parametrize(
    ("event_type", "job", "is_kept"),
    [pytest.param(*case[1:], id=case[0]) for case in FINISHED_JOBS],
)
async def test_a_finished_job_is_not_asked_for_again(
    event_type: str | None, job: dict[str, Any], is_kept: bool
) -> None:
    sightings = knowing_the_interview()
    handler = handler_of(build_registry(lambda _: None, lambda _: None, sightings), JOBS)

    await handler(namespace="newsroom", labels=OURS, type=event_type, body=job)

    seen = sightings.take_finished_job("newsroom", job["metadata"]["name"])
    assert (seen and observe_job(seen, UID)) == (observe_job(job, UID) if is_kept else None)


async def test_a_finished_job_that_is_gone_is_looked_for() -> None:
    sightings = knowing_the_interview()
    handler = handler_of(build_registry(lambda _: None, lambda _: None, sightings), JOBS)
    job = make_job_resource(make_condition("Complete"))

    for event_type in ("MODIFIED", "DELETED"):
        await handler(namespace="newsroom", labels=OURS, type=event_type, body=job)

    assert sightings.take_finished_job("newsroom", job["metadata"]["name"]) is None


async def test_what_is_deleted_is_looked_at_once_more() -> None:
    added: list[Key] = []
    noticed: list[dict[str, Any]] = []
    sightings = knowing_the_interview()
    registry = build_registry(added.append, noticed.append, sightings)
    handler = handler_of(registry, TRANSCRIPTION_JOBS)

    await handler(namespace="newsroom", name="interview", type="DELETED", body={})

    assert (added, noticed) == ([Key("newsroom", "interview")], [])
    assert not sightings.is_live("newsroom", "interview")


def test_nothing_else_is_watched() -> None:
    registry = build_registry(lambda _: None, lambda _: None, Sightings())

    selectors = {each.selector for each in registry._watching.get_all_handlers()}
    assert selectors == {
        Selector("waas.dev", "v1alpha1", "transcriptionjobs"),
        Selector("batch", "v1", "jobs"),
        Selector("", "v1", "pods"),
    }
    assert not registry._changing.get_all_handlers()
    assert not registry._spawning.get_all_handlers()
    assert not registry._indexing.get_all_handlers()


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
