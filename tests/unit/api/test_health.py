"""GET /healthz and GET /readyz."""

import asyncio

from support.api_builders import Api
from waas_api.errors import ClusterUnavailable
from waas_api.readiness import Readiness


async def test_health_asks_nobody() -> None:
    api = Api()
    api.storage.is_away = True
    api.jobs.read_error = ClusterUnavailable("away")

    answer = await api.get("/healthz")

    assert (answer.status_code, answer.text) == (200, '{"status":"ok"}\n')


async def test_readiness_is_fine_when_both_answer() -> None:
    answer = await Api().get("/readyz")

    assert (answer.status_code, answer.text) == (200, '{"notReady":[],"status":"ok"}\n')


async def test_readiness_names_what_does_not_answer() -> None:
    api = Api()
    api.storage.is_away = True
    api.jobs.read_error = ClusterUnavailable("away")

    answer = await api.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "notReady": ["object storage", "kubernetes"]}


async def test_readiness_is_remembered_for_a_while() -> None:
    clock = [0.0]
    answers = [True, False]

    async def check() -> bool:
        return answers.pop(0)

    readiness = Readiness({"it": check}, longest_age_seconds=3, monotonic=lambda: clock[0])

    assert await readiness.failing() == ()
    clock[0] = 2.9
    assert await readiness.failing() == ()
    clock[0] = 3.0
    assert await readiness.failing() == ("it",)


async def test_a_dependency_that_hangs_is_not_ready() -> None:
    async def hang() -> bool:
        await asyncio.Event().wait()
        return True

    readiness = Readiness({"it": hang}, longest_check_seconds=0.01)

    assert await readiness.failing() == ("it",)
