"""Kopf as we set it up, and what its events become."""

from typing import Any

import kopf
import pytest
from kopf._cogs.structs.references import Resource, Selector

from support.builders import NOW, UID
from support.kubernetes_objects import (
    make_condition,
    make_job_resource,
    make_pod_resource,
    running,
    terminated,
)
from waas_operator.informer import (
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
    body = {**event, "metadata": {"name": event["name"]}, "spec": {}}
    result = await handler(**event, type="MODIFIED", body=body, logger=None)

    assert added == keys
    # Kopf would write anything else into the object's status.
    assert result is None


async def test_a_job_that_the_operator_made_is_no_news() -> None:
    added: list[Key] = []
    registry = build_registry(added.append, lambda _: None, knowing_the_interview())
    handler = handler_of(registry, JOBS)
    event = {"namespace": "newsroom", "labels": OURS, "body": make_job_resource()}

    for event_type in ("ADDED", "MODIFIED"):
        await handler(**event, type=event_type)

    assert added == []


@pytest.mark.parametrize("event_type", ["MODIFIED", None])
async def test_a_job_is_news_that_was_only_seen_to_appear_suspended(event_type: str | None) -> None:
    added: list[Key] = []
    registry = build_registry(added.append, lambda _: None, knowing_the_interview())
    handler = handler_of(registry, JOBS)
    job = make_job_resource(is_suspended=True)

    await handler(namespace="newsroom", labels=OURS, body=job, type="ADDED")
    assert added == []
    await handler(namespace="newsroom", labels=OURS, body=job, type=event_type)
    assert added == [Key("newsroom", "interview")]


async def test_a_job_that_is_listed_is_news() -> None:
    added: list[Key] = []
    registry = build_registry(added.append, lambda _: None, knowing_the_interview())

    # It has no type, and may have changed while nobody watched.
    await handler_of(registry, JOBS)(
        namespace="newsroom", labels=OURS, body=make_job_resource(), type=None
    )

    assert added == [Key("newsroom", "interview")]


SCHEDULED = make_condition("PodScheduled")
SECOND_EVENTS: list[tuple[str, Resource, dict[str, Any], dict[str, Any], bool]] = [
    ("a pod got a node", PODS, make_pod_resource(), make_pod_resource(SCHEDULED), False),
    (
        "a pod got no node",
        PODS,
        make_pod_resource(),
        make_pod_resource(make_condition("PodScheduled", "False")),
        True,
    ),
    (
        "a pod's container began",
        PODS,
        make_pod_resource(SCHEDULED),
        make_pod_resource(SCHEDULED, phase="Running", state=running()),
        True,
    ),
    (
        "a pod that runs became ready",
        PODS,
        make_pod_resource(SCHEDULED, phase="Running", state=running()),
        make_pod_resource(SCHEDULED, make_condition("Ready"), phase="Running", state=running()),
        False,
    ),
    (
        "a pod ended",
        PODS,
        make_pod_resource(state=running()),
        make_pod_resource(state=terminated(0)),
        True,
    ),
    (
        "another pod came",
        PODS,
        make_pod_resource(name="first"),
        make_pod_resource(name="second"),
        True,
    ),
    (
        "a Job's pods are about to be counted",
        JOBS,
        make_job_resource(),
        make_job_resource(make_condition("SuccessCriteriaMet")),
        False,
    ),
    (
        "a Job completed",
        JOBS,
        make_job_resource(make_condition("SuccessCriteriaMet")),
        make_job_resource(make_condition("SuccessCriteriaMet"), make_condition("Complete")),
        True,
    ),
    (
        "a Job was suspended",
        JOBS,
        make_job_resource(),
        make_job_resource(is_suspended=True),
        True,
    ),
    (
        "a Job is being deleted",
        JOBS,
        make_job_resource(),
        make_job_resource(deletion_time=NOW),
        True,
    ),
]


@pytest.mark.parametrize(
    ("resource", "first", "second", "is_news"),
    [pytest.param(*case[1:], id=case[0]) for case in SECOND_EVENTS],
)
async def test_a_child_is_looked_at_where_a_decision_could_be_another(
    resource: Resource, first: dict[str, Any], second: dict[str, Any], is_news: bool
) -> None:
    added: list[Key] = []
    registry = build_registry(added.append, lambda _: None, knowing_the_interview())
    handler = handler_of(registry, resource)

    for body in (first, second):
        await handler(namespace="newsroom", labels=OURS, type="MODIFIED", body=body)

    assert added == [Key("newsroom", "interview")] * (2 if is_news else 1)


@pytest.mark.parametrize(
    ("resource", "child"), [(PODS, make_pod_resource()), (JOBS, make_job_resource())]
)
async def test_a_child_that_is_gone_is_news_and_so_is_one_that_comes_in_its_place(
    resource: Resource, child: dict[str, Any]
) -> None:
    added: list[Key] = []
    registry = build_registry(added.append, lambda _: None, knowing_the_interview())
    handler = handler_of(registry, resource)

    for event_type in ("MODIFIED", "DELETED", "MODIFIED"):
        await handler(namespace="newsroom", labels=OURS, type=event_type, body=child)

    assert added == [Key("newsroom", "interview")] * 3


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
