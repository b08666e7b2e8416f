"""Every route, those of tomorrow among them: closed to strangers, silent on others' jobs."""

import re
import tempfile
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount, Route

from support.api_builders import JOB_ID, NAMESPACE
from support.furnished_api import FILE_NAME, GROWING_KEY, furnish_api
from support.logins import GuardedApi
from waas_api.access.gate import PUBLIC_PATHS
from waas_api.intake import tus
from waas_contract.job_status import Phase
from waas_contract.object_keys import job_prefix, upload_prefix

ABSENT_ID = "99999999-2222-4333-8444-555555555555"
PUBLIC = {
    ("GET", "/"),
    ("HEAD", "/"),
    ("GET", "/web/{version}/{path:path}"),
    ("HEAD", "/web/{version}/{path:path}"),
    ("GET", "/healthz"),
    ("HEAD", "/healthz"),
    ("GET", "/readyz"),
    ("HEAD", "/readyz"),
    ("GET", "/v2"),
    ("HEAD", "/v2"),
    ("GET", "/openapi.json"),
    ("HEAD", "/openapi.json"),
}
"""What may be asked for without a login: nothing of it is a tenant's."""

FILLINGS = {"output": "srt", "model_id": "tiny", "version": "1", "path": "main.js"}
"""What stands for path parameters that are no job's; every other one may be a job's."""

# With these, every route comes as far as it can.
QUERY = "?email_callback=&owner=me&lifetimeSeconds=60"
BODY = b"sound"
BODIES = {
    "PATCH": b'{"priority": "high", "suspend": true}',
    "PUT": b'{"segments": [{"start": 0, "end": 1, "text": "Bo was here."}]}',
}
HEADERS = {"If-Match": "*", "Last-Event-ID": "1"}

STRICT = {
    ("GET", "/v2/jobs"),
    ("HEAD", "/v2/jobs"),
    ("GET", "/v2/jobs/{job_id}/results"),
    ("HEAD", "/v2/jobs/{job_id}/results"),
    ("GET", "/v2/jobs/{job_id}/results/{output}"),
    ("HEAD", "/v2/jobs/{job_id}/results/{output}"),
}
"""What refuses parameters that it does not know, and needs none."""

HEADERS_OF_UPLOADS = {
    "Tus-Resumable": tus.VERSION,
    "Content-Type": tus.PIECE_TYPE,
    "Upload-Length": "5",
    "Upload-Offset": "2",
    "X-HTTP-Method-Override": "DELETE",
}


def list_routes(routes: list[BaseRoute]) -> Iterator[tuple[str, str]]:
    for route in routes:
        assert not isinstance(route, Mount), "a mounted app needs a test like this of its own"
        nested = getattr(route, "original_router", None)
        if nested is not None:
            yield from list_routes(nested.routes)
            continue
        assert isinstance(route, Route | APIRoute), f"nobody knows how to ask {route!r}"
        for method in sorted(route.methods or ()):
            yield method, route.path


def all_routes() -> list[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        return sorted(set(list_routes(GuardedApi(Path(folder)).app.routes)))


ROUTES = all_routes()
GUARDED = [each for each in ROUTES if each not in PUBLIC and each[0] != "OPTIONS"]
OF_A_JOB = [each for each in GUARDED if set(re.findall(r"{(\w+)", each[1])) - set(FILLINGS)]


def fill(path: str, job_id: str) -> str:
    return re.sub(r"{(\w+)(?::\w+)?}", lambda match: FILLINGS.get(match[1], job_id), path)


async def ask(
    api: GuardedApi, method: str, path: str, job_id: str = JOB_ID, *, owner: str | None = None
) -> httpx.Response:
    """Ask a route for a job with all that it wants to know."""
    query = "" if (method, path) in STRICT else QUERY
    content = BODIES.get(method, None if "{" in path else BODY)
    headers = HEADERS | ({"Content-Type": "application/json"} if method in BODIES else {})
    if path.startswith("/v2/uploads"):
        headers, content = HEADERS_OF_UPLOADS, b"nna"
    return await api.request(
        method, fill(path, job_id) + query, owner=owner, content=content, headers=headers
    )


@pytest.fixture(params=[Phase.SUCCEEDED, Phase.RUNNING])
def api(request: pytest.FixtureRequest, tmp_path: Path) -> GuardedApi:
    return furnish_api(tmp_path, request.param)


def state_of(api: GuardedApi) -> tuple[object, ...]:
    """Return Anna's job and all that is stored of it and of her upload."""
    stored = {
        key: value
        for key, value in api.storage.objects.items()
        if key.startswith((job_prefix(NAMESPACE, JOB_ID), upload_prefix(NAMESPACE, JOB_ID)))
    }
    return api.jobs.jobs.get(JOB_ID), stored, api.storage.growing.get(GROWING_KEY)


def test_the_routes_are_found() -> None:
    assert ("GET", "/v2/jobs/{job_id}") in OF_A_JOB
    assert ("POST", "/v1/transcribe") in GUARDED
    assert {path for _, path in PUBLIC} == PUBLIC_PATHS | {"/web/{version}/{path:path}"}


async def test_whoever_sends_an_upload_finds_it(api: GuardedApi) -> None:
    answer = await ask(api, "HEAD", "/v2/uploads/{job_id}", owner="anna")

    assert (answer.status_code, answer.headers["upload-offset"]) == (200, "2")


async def test_a_way_that_nobody_has_made_yet_is_closed(api: GuardedApi) -> None:
    said: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "websocket.connect"}

    scope = {"type": "websocket", "path": "/v2/jobs", "headers": [], "query_string": b""}
    await api.app(scope, receive, send)

    assert [each["type"] for each in said] == ["websocket.close"]
    assert (await api.request("GET", "/v3/jobs")).status_code == 401
    assert (await api.request("GET", "/v3/jobs", owner="anna")).status_code == 404


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_nobody_is_let_in_without_a_login(api: GuardedApi, method: str, path: str) -> None:
    before = state_of(api)

    answer = await ask(api, method, path)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="waas"'
    assert state_of(api) == before


# The document says twice what a route does that has two methods.
@pytest.mark.filterwarnings("ignore:Duplicate Operation ID")
@pytest.mark.parametrize(("method", "path"), sorted(PUBLIC & set(ROUTES)))
async def test_what_everybody_may_read_tells_of_no_job(
    api: GuardedApi, method: str, path: str
) -> None:
    answer = await api.request(method, fill(path, JOB_ID))

    assert answer.status_code == 200
    assert JOB_ID not in answer.text
    assert FILE_NAME not in answer.text


@pytest.mark.parametrize("path", sorted({path for _, path in ROUTES}))
async def test_a_preflight_tells_of_no_job(api: GuardedApi, path: str) -> None:
    found = await api.request("OPTIONS", fill(path, JOB_ID))
    absent = await api.request("OPTIONS", fill(path, ABSENT_ID))

    assert found.status_code == absent.status_code
    assert found.text.replace(JOB_ID, ABSENT_ID) == absent.text


@pytest.mark.parametrize(
    ("method", "path"), [each for each in GUARDED if each[0] not in ("POST", "DELETE")]
)
async def test_the_owner_is_served(api: GuardedApi, method: str, path: str) -> None:
    """So that the refusals below are not for the way in which we ask."""
    answer = await ask(api, method, path, owner="anna")

    assert answer.status_code < 300 or answer.status_code in (409, 412, 425)  # in its time
    if (method, path) in (("GET", "/v2/jobs"), ("GET", "/v2/events")):
        assert JOB_ID in answer.text


@pytest.mark.parametrize("owner", ["bo", "stranger"], ids=["a colleague", "another tenant"])
@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_others_learn_nothing_of_a_job_and_change_nothing(
    api: GuardedApi, method: str, path: str, owner: str
) -> None:
    before = state_of(api)

    answer = await ask(api, method, path, owner=owner)

    shown = f"{answer.text}{dict(answer.headers)}".replace(fill(path, JOB_ID), "")
    assert FILE_NAME not in shown
    assert JOB_ID not in shown
    assert "Hei." not in shown
    assert state_of(api) == before


@pytest.mark.parametrize("owner", ["bo", "stranger"], ids=["a colleague", "another tenant"])
@pytest.mark.parametrize(("method", "path"), OF_A_JOB)
async def test_a_job_of_others_is_like_one_that_is_not_there(
    api: GuardedApi, method: str, path: str, owner: str
) -> None:
    found = await ask(api, method, path, owner=owner)
    absent = await ask(api, method, path, ABSENT_ID, owner=owner)

    assert found.status_code == absent.status_code
    assert found.status_code >= 400
    assert found.text.replace(JOB_ID, ABSENT_ID) == absent.text


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_a_link_opens_its_own_job_for_reading_and_nothing_else(
    api: GuardedApi, method: str, path: str
) -> None:
    made = await api.request("POST", f"/v2/jobs/{JOB_ID}/links", owner="anna")
    link = made.json()["link"]
    before = state_of(api)
    opened = {"/v2/jobs/{job_id}", "/v2/jobs/{job_id}/results/{output}"}

    own = await api.request(method, f"{fill(path, JOB_ID)}?link={link}", content=BODY)
    other = await api.request(method, f"{fill(path, ABSENT_ID)}?link={link}", content=BODY)

    if path in opened and method in ("GET", "HEAD"):
        assert own.status_code in (200, 409)  # 409: there is no transcript yet
        assert other.status_code == 404
    else:
        assert own.status_code == other.status_code == 401
    assert state_of(api) == before
