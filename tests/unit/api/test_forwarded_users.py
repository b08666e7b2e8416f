"""A login in front of the service: believed from the listed proxies, and from nobody else."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from support.api_builders import JOB_ID, NAMESPACE, make_spec
from support.logins import OTHER_NAMESPACE, GuardedApi, bearer

PROXY = "10.0.3.7"
NAMED = {"X-Forwarded-User": "anna@example.org"}
OWN = {"Sec-Fetch-Site": "same-origin"}
BELIEVED = NAMED | OWN
FORWARDING = {
    "authentication": "api-keys,forwarded-user",
    "trusted_proxies": "10.0.3.0/24, fd00::/64",
}


def guarded(folder: Path, **changes: Any) -> GuardedApi:
    return GuardedApi(folder, changes=FORWARDING | changes)


async def ask(
    api: GuardedApi,
    *headers: tuple[str, str],
    client: str | None = PROXY,
    method: str = "GET",
    path: str = "/v2/session",
) -> httpx.Response:
    """Send a request as it comes from an address."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["client"] = None if client is None else (client, 41000)
        await api.app(scope, receive, send)

    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as asking:
        return await asking.request(method, path, headers=list(headers))


async def test_whoever_a_trusted_proxy_names_is_let_in(tmp_path: Path) -> None:
    answer = await ask(guarded(tmp_path), *BELIEVED.items())

    assert answer.json() == {
        "owner": "anna@example.org",
        "namespace": NAMESPACE,
        "permissions": ["read", "create", "change", "delete"],
        "isKept": False,
    }


LETS_IN = [
    ("a proxy of the second network", "fd00::5", True),
    ("a proxy by its address as IPv6 writes it", "::ffff:10.0.3.7", True),
    ("a neighbour of the proxies", "10.0.4.7", False),
    ("this machine", "127.0.0.1", False),
    ("a public address", "203.0.113.9", False),
    ("a connection without an address", None, False),
    ("a connection that has a name", "testclient", False),
]


@pytest.mark.parametrize(("client", "is_let_in"), [each[1:] for each in LETS_IN])
async def test_only_proxies_that_are_listed_are_believed(
    tmp_path: Path, client: str | None, is_let_in: bool
) -> None:
    answer = await ask(guarded(tmp_path), *BELIEVED.items(), client=client)

    assert answer.status_code == (200 if is_let_in else 401)


async def test_nobody_is_believed_unless_the_settings_say_so(tmp_path: Path) -> None:
    answer = await ask(GuardedApi(tmp_path), *BELIEVED.items())

    assert answer.status_code == 401


CLAIMS = [
    ("the address is claimed in a header", [("X-Forwarded-For", PROXY), *BELIEVED.items()]),
    (
        "the address is claimed as RFC 7239 has it",
        [("Forwarded", f"for={PROXY}"), *BELIEVED.items()],
    ),
    ("the name that the gate itself uses", [("believed-user", "anna"), ("believed_user", "anna")]),
]


@pytest.mark.parametrize("headers", [each[1] for each in CLAIMS])
async def test_what_a_stranger_claims_is_passed_over(
    tmp_path: Path, headers: list[tuple[str, str]]
) -> None:
    answer = await ask(guarded(tmp_path), *headers, client="203.0.113.9")

    assert answer.status_code == 401


UNNAMED = [
    ("no name", [], 401),
    ("an empty one", [("X-Forwarded-User", " ")], 401),
    ("another header", [("X-Forwarded-Email", "anna@example.org")], 401),
    ("two names, one of which the client sent", [*NAMED.items(), ("x-forwarded-user", "bo")], 401),
]


@pytest.mark.parametrize(("headers", "status"), [each[1:] for each in UNNAMED])
async def test_a_proxy_names_exactly_one(
    tmp_path: Path, headers: list[tuple[str, str]], status: int
) -> None:
    answer = await ask(guarded(tmp_path), *OWN.items(), *headers)

    assert answer.status_code == status


async def test_the_header_is_the_one_of_the_settings(tmp_path: Path) -> None:
    api = guarded(tmp_path, forwarded_user_header="X-Auth-Request-Email")

    named = await ask(api, *OWN.items(), ("x-auth-request-email", "bo@example.org"))
    other = await ask(api, *BELIEVED.items())

    assert named.json()["owner"] == "bo@example.org"
    assert other.status_code == 401


FROM_ELSEWHERE = [
    ("another site's page changes something", "DELETE", {"Sec-Fetch-Site": "cross-site"}),
    ("a neighbour's page changes something", "DELETE", {"Sec-Fetch-Site": "same-site"}),
    ("another origin", "DELETE", {"Origin": "https://evil.example", "Host": "api"}),
    ("nobody says where it comes from", "DELETE", {}),
]


@pytest.mark.parametrize(("method", "headers"), [each[1:] for each in FROM_ELSEWHERE])
async def test_no_other_page_acts_for_whom_the_proxy_knows(
    tmp_path: Path, method: str, headers: dict[str, str]
) -> None:
    api = guarded(tmp_path)
    api.jobs.put(JOB_ID, make_spec(owner="anna@example.org"))

    answer = await ask(
        api, *(NAMED | headers).items(), method=method, path=f"/v2/jobs/{JOB_ID}?force=true"
    )

    assert answer.status_code == 401
    assert JOB_ID in api.jobs.jobs


async def test_a_key_of_ones_own_counts_first(tmp_path: Path) -> None:
    answer = await ask(guarded(tmp_path), *(BELIEVED | bearer("bo")).items())

    assert answer.json()["owner"] == "bo"


async def test_a_password_for_the_proxy_is_none_of_ours(tmp_path: Path) -> None:
    answer = await ask(guarded(tmp_path), *BELIEVED.items(), ("Authorization", "Basic YW5uYTo="))

    assert answer.json()["owner"] == "anna@example.org"


async def test_users_see_their_own_in_one_tenant_and_nothing_else(tmp_path: Path) -> None:
    api = guarded(tmp_path)
    api.jobs.put(JOB_ID, make_spec(owner="bo@example.org"))

    others = await ask(api, *BELIEVED.items(), path=f"/v2/jobs/{JOB_ID}")
    elsewhere = await ask(api, *BELIEVED.items(), ("X-Waas-Namespace", OTHER_NAMESPACE))

    assert others.status_code == 404
    assert elsewhere.status_code == 403


async def test_a_name_that_no_field_has_room_for_is_its_digest(tmp_path: Path) -> None:
    answer = await ask(guarded(tmp_path), *OWN.items(), ("X-Forwarded-User", "a" * 300))

    assert answer.json()["owner"].startswith("sha256-")


async def test_a_user_sees_what_their_own_key_has_made(tmp_path: Path) -> None:
    api = guarded(tmp_path)
    api.jobs.put(JOB_ID, make_spec(owner="anna"))

    answer = await ask(api, *OWN.items(), ("X-Forwarded-User", "anna"), path=f"/v2/jobs/{JOB_ID}")

    assert answer.status_code == 200
