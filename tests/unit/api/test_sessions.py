"""The login that a browser keeps: a cookie for players and event streams, and for no other site."""

from pathlib import Path

import httpx
import pytest

from support.api_builders import NAMESPACE
from support.logins import OTHER_NAMESPACE, FakeAccessReviews, GuardedApi, make_key
from waas_api.access.access_reviews import User

SESSION = "/v2/session"
COOKIE = {"Cookie": f"waas-login={make_key('anna')}"}
OWN = {"Sec-Fetch-Site": "same-origin"}
READS = ("get", "list", "watch")


@pytest.fixture
def api(tmp_path: Path) -> GuardedApi:
    return GuardedApi(tmp_path)


async def log_in(api: GuardedApi, query: str = "", **headers: str) -> httpx.Response:
    return await api.request("POST", SESSION + query, owner="anna", headers=headers)


async def test_a_key_is_traded_for_a_cookie(api: GuardedApi) -> None:
    answer = await log_in(api)

    assert answer.status_code == 200
    assert answer.json() == {
        "owner": "anna",
        "namespace": NAMESPACE,
        "permissions": ["read", "create", "change", "delete"],
        "isKept": True,
    }
    assert answer.headers["set-cookie"] == (
        f"waas-login={make_key('anna')}; Path=/; HttpOnly; SameSite=Strict"
    )
    assert answer.headers["cache-control"] == "no-store"


async def test_the_tenant_that_was_chosen_is_kept_with_it(tmp_path: Path) -> None:
    reviews = FakeAccessReviews()
    token = reviews.let("uli", *READS, namespace=NAMESPACE).replace(" ", ".")
    reviews.users[token] = User("uli")
    reviews.let("uli", *READS, namespace=OTHER_NAMESPACE)
    changes = {"authentication": "api-keys,kubernetes"}
    api = GuardedApi(tmp_path, changes=changes, reviews=reviews)
    login = {"Authorization": f"Bearer {token}"}
    named = {"X-Waas-Namespace": OTHER_NAMESPACE}

    first = await api.request("POST", SESSION, headers=login)
    kept = {"Cookie": first.headers["set-cookie"].partition(";")[0], **OWN}
    reached = await api.request("GET", "/v2/namespaces", headers=kept)
    moved = await api.request("POST", SESSION, headers=kept | named)
    kept["Cookie"] = moved.headers["set-cookie"].partition(";")[0]
    now = await api.request("GET", SESSION, headers=kept)
    once = await api.request("GET", SESSION, headers=kept | {"X-Waas-Namespace": NAMESPACE})

    assert first.json()["namespace"] == once.json()["namespace"] == NAMESPACE
    assert reached.json() == {"namespaces": [NAMESPACE, OTHER_NAMESPACE]}
    assert moved.json()["namespace"] == now.json()["namespace"] == OTHER_NAMESPACE


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Waas-Namespace": OTHER_NAMESPACE}, 403),
        ({"X-Waas-Namespace": "elsewhere"}, 403),
        ({"X-Waas-Namespace": NAMESPACE}, 200),
    ],
)
async def test_no_tenant_is_kept_that_the_key_does_not_reach(
    api: GuardedApi, headers: dict[str, str], status: int
) -> None:
    answer = await log_in(api, **headers)
    reached = await api.request("GET", "/v2/namespaces", owner="anna")

    assert (answer.status_code, "set-cookie" in answer.headers) == (status, status == 200)
    assert reached.json() == {"namespaces": [NAMESPACE]}


async def test_it_is_kept_for_longer_where_that_is_asked_for(api: GuardedApi) -> None:
    answer = await log_in(api, "?remember=true")

    assert answer.headers["set-cookie"].endswith("; Max-Age=2592000")


async def test_over_https_it_is_for_https_alone(api: GuardedApi) -> None:
    answer = await log_in(api, Origin="https://waas.example")

    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-waas-login=")
    assert cookie.endswith("; Secure")


async def test_nobody_logs_in_with_a_wrong_key(api: GuardedApi) -> None:
    headers = {"Authorization": "Bearer waas_wrong"}

    answer = await api.request("POST", SESSION, headers=headers)

    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


LETS_IN = [
    ("the page reads", "GET", OWN, True),
    ("the page changes something", "DELETE", OWN, True),
    ("a person types the address", "GET", {"Sec-Fetch-Site": "none"}, True),
    ("a browser without such headers reads", "GET", {}, True),
    ("the page over http in a network", "DELETE", {"Origin": "http://api", "Host": "api"}, True),
    ("another site's page", "GET", {"Sec-Fetch-Site": "cross-site"}, False),
    ("a neighbour below the same domain", "GET", {"Sec-Fetch-Site": "same-site"}, False),
    ("a neighbour that changes something", "DELETE", {"Sec-Fetch-Site": "same-site"}, False),
    ("a typed address that would change something", "DELETE", {"Sec-Fetch-Site": "none"}, False),
    ("another origin over http", "DELETE", {"Origin": "http://evil.example"}, False),
    ("another port of the same host", "DELETE", {"Origin": "http://api:8080"}, False),
    ("an origin that is hidden", "DELETE", {"Origin": "null"}, False),
    ("nobody says where it comes from", "DELETE", {}, False),
]


@pytest.mark.parametrize(
    ("method", "headers", "is_let_in"), [each[1:] for each in LETS_IN], ids=[e[0] for e in LETS_IN]
)
async def test_the_cookie_counts_for_the_own_page_alone(
    api: GuardedApi, method: str, headers: dict[str, str], is_let_in: bool
) -> None:
    answer = await api.request(method, SESSION, headers={**COOKIE, **headers})

    assert answer.status_code == ((200 if method == "GET" else 204) if is_let_in else 401)


async def test_the_secure_cookie_counts_as_well(api: GuardedApi) -> None:
    headers = {"Cookie": f"other=1; __Host-waas-login={make_key('bo')}", **OWN}

    answer = await api.request("GET", SESSION, headers=headers)

    assert answer.json()["owner"] == "bo"


async def test_a_header_counts_before_the_cookie(api: GuardedApi) -> None:
    answer = await api.request("GET", SESSION, owner="bo", headers={**COOKIE, **OWN})

    assert answer.json()["owner"] == "bo"


@pytest.mark.parametrize(
    "cookie", ["waas-login=waas_gone", "waas-login=", "waas-login=a b", "=;;=", "waas-login"]
)
async def test_a_cookie_of_no_use_lets_nobody_in(api: GuardedApi, cookie: str) -> None:
    answer = await api.request("GET", SESSION, headers={"Cookie": cookie, **OWN})

    assert answer.status_code == 401


async def test_a_key_that_is_withdrawn_ends_the_login(api: GuardedApi) -> None:
    assert (await api.request("GET", SESSION, headers={**COOKIE, **OWN})).status_code == 200

    other = GuardedApi(api.folder, entries=())

    assert (await other.request("GET", SESSION, headers={**COOKIE, **OWN})).status_code == 401


async def test_whoever_logs_out_is_out_in_both_forms(api: GuardedApi) -> None:
    answer = await api.request("DELETE", SESSION, headers={**COOKIE, **OWN})

    assert answer.headers.get_list("set-cookie") == [
        "waas-login=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0",
        "__Host-waas-login=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0",
    ]


async def test_the_key_itself_is_never_in_an_answer(api: GuardedApi) -> None:
    for method in ("GET", "POST"):
        answer = await api.request(method, SESSION, owner="anna")
        assert make_key("anna") not in answer.text
