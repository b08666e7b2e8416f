"""Requests to the API server: what goes wrong, what is tried again, and what is counted."""

from contextlib import nullcontext
from datetime import timedelta

import aiohttp
import pytest
from kubernetes.aio.client.exceptions import ApiException
from kubernetes.aio.config import ConfigException

from support.builders import NOW
from support.scripted_client import Answer, ScriptedClient, answer, refusal
from waas_operator.api_server import ApiServer
from waas_operator.errors import (
    ClusterUnavailable,
    Conflict,
    LeadershipLost,
    OperatorError,
    Refused,
)


async def get_from(*script: Answer | Exception) -> object:
    return await ApiServer(ScriptedClient(*script), pauses_seconds=()).get(PATH)


PATH = "/apis/batch/v1/namespaces/n/jobs/a"
WHAT = f"GET {PATH}"
ERRORS: list[tuple[str, Answer | Exception, type[OperatorError], str]] = [
    ("it is refused", refusal(403), Refused, f"{WHAT}: 403 because"),
    ("it does not fit the schema", refusal(422), Refused, f"{WHAT}: 422 because"),
    ("somebody was faster", refusal(409), Conflict, f"{WHAT}: 409 because"),
    ("who are you", refusal(401), ClusterUnavailable, f"{WHAT}: 401 because"),
    ("too many requests", refusal(429), ClusterUnavailable, f"{WHAT}: 429 because"),
    ("out of order", refusal(500), ClusterUnavailable, f"{WHAT}: 500 because"),
    (
        "a load balancer speaks HTML",
        Answer(503, b"<html>"),
        ClusterUnavailable,
        f"{WHAT}: 503",
    ),
    ("an error that is a list", answer([], 502), ClusterUnavailable, f"{WHAT}: 502"),
    (
        "an error without a word",
        answer({"message": None}, 500),
        ClusterUnavailable,
        f"{WHAT}: 500",
    ),
    (
        "a login page instead of the API server",
        Answer(200, b"<html>"),
        ClusterUnavailable,
        f"{WHAT}: 200 without a JSON object",
    ),
    (
        "bytes that are no text",
        Answer(200, b"\xff\xfe\x00"),
        ClusterUnavailable,
        f"{WHAT}: 200 without a JSON object",
    ),
    (
        "JSON that is no object",
        answer([]),
        ClusterUnavailable,
        f"{WHAT}: 200 without a JSON object",
    ),
    (
        "nobody answers",
        aiohttp.ServerDisconnectedError(),
        ClusterUnavailable,
        f"{WHAT}: ServerDisconnectedError",
    ),
    ("too late", TimeoutError(), ClusterUnavailable, f"{WHAT}: TimeoutError"),
    (
        "the network is gone",
        ConnectionResetError(),
        ClusterUnavailable,
        f"{WHAT}: ConnectionResetError",
    ),
    (
        "the token file is empty for a moment",
        ConfigException("Token file exists but empty."),
        ClusterUnavailable,
        f"{WHAT}: ConfigException",
    ),
    (
        "the client library gives up itself",
        ApiException(status=0),
        ClusterUnavailable,
        f"{WHAT}: ApiException",
    ),
]


@pytest.mark.parametrize(
    ("outcome", "error", "message"), [pytest.param(*case[1:], id=case[0]) for case in ERRORS]
)
async def test_what_goes_wrong_becomes_an_error_of_ours(
    outcome: Answer | Exception, error: type[OperatorError], message: str
) -> None:
    with pytest.raises(error) as caught:
        await get_from(outcome)

    assert type(caught.value) is error
    assert str(caught.value) == message


BUSY: list[tuple[str, list[Answer], bool, int]] = [
    ("busy once", [refusal(429), answer({})], True, 2),
    ("in trouble twice", [refusal(500), refusal(503), answer({})], True, 3),
    ("busy for as long as it is asked", [refusal(503)] * 3, False, 3),
    ("asked to come back much later", [Answer(429, b"{}", **{"Retry-After": "60"})], False, 1),
    ("refused, which will not change", [refusal(403)], False, 1),
]


@pytest.mark.parametrize(
    ("script", "is_done", "sent"), [pytest.param(*case[1:], id=case[0]) for case in BUSY]
)
async def test_a_busy_api_server_is_asked_again(
    script: list[Answer], is_done: bool, sent: int
) -> None:
    client = ScriptedClient(*script)
    api_server = ApiServer(client, pauses_seconds=(0, 0))

    with nullcontext() if is_done else pytest.raises(OperatorError):
        await api_server.submit("PATCH", PATH, {"spec": {"suspend": True}})

    assert len(client.requests) == sent


async def test_one_that_may_not_act_any_more_does_not_ask_again() -> None:
    client = ScriptedClient(refusal(500), answer({}))
    api_server = ApiServer(client, pauses_seconds=(0,))
    guards = iter([None, LeadershipLost("too late")])

    def guard() -> None:
        if error := next(guards):
            raise error

    api_server.guard = guard
    with pytest.raises(LeadershipLost):
        await api_server.request("DELETE", PATH)
    assert len(client.requests) == 1


async def test_a_clock_is_compared_with_the_servers() -> None:
    api_server = ApiServer(ScriptedClient(answer({})))
    assert api_server.explain_distrust(NOW), "nobody has told the time yet"

    await api_server.get(PATH)

    assert api_server.explain_distrust(NOW) is None
    assert api_server.explain_distrust(NOW + timedelta(days=1000))


async def test_each_request_is_counted_answered_or_not() -> None:
    api_server = ApiServer(ScriptedClient(answer({}), refusal(404), TimeoutError()))
    counted: list[tuple[str, str]] = []
    api_server.note_request = lambda verb, code, _: counted.append((verb, code))

    await api_server.request("DELETE", PATH)
    assert await api_server.get(PATH) is None
    with pytest.raises(ClusterUnavailable):
        await api_server.get(PATH)

    assert counted == [("DELETE", "200"), ("GET", "404"), ("GET", "error")]
