"""A page of another site cannot use a server on loopback."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from waas_standalone.errors import UnsafeAddress
from waas_standalone.loopback import LoopbackOnly, require_loopback

OWN = "http://127.0.0.1:3000"

REQUESTS: list[tuple[str, dict[str, str], int]] = [
    ("a program", {}, 200),
    ("a program that says localhost", {"Host": "localhost:3000"}, 200),
    ("IPv6", {"Host": "[::1]:3000"}, 200),
    ("IPv6 at length", {"Host": "[0:0:0:0:0:0:0:1]:3000"}, 200),
    ("capitals", {"Host": "LocalHost:3000"}, 200),
    ("the server's own page", {"Origin": OWN, "Sec-Fetch-Site": "same-origin"}, 200),
    ("a person who types the address", {"Sec-Fetch-Site": "none"}, 200),
    (
        "a link on another site is followed",
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
        200,
    ),
    ("DNS rebinding", {"Host": "evil.example:3000"}, 421),
    ("DNS rebinding with its own origin", {"Host": "evil.example", "Origin": OWN}, 421),
    ("a name that only begins well", {"Host": "localhost.evil.example"}, 421),
    ("no name at all", {"Host": ""}, 421),
    ("nonsense for a name", {"Host": "[::1"}, 421),
    ("another site", {"Origin": "https://evil.example"}, 403),
    ("a page from a file or a sandbox", {"Origin": "null"}, 403),
    ("another server on this machine", {"Origin": "http://127.0.0.1:8080"}, 403),
    ("the same name, another protocol", {"Origin": "https://127.0.0.1:3000"}, 403),
    (
        "an image on another site",
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        403,
    ),
    (
        "a page of another server on this machine",
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
        403,
    ),
]


def make_client() -> httpx.AsyncClient:
    inner = Starlette(
        routes=[
            Route("/v2/jobs", lambda _: PlainTextResponse("the jobs")),
            Route("/", lambda _: PlainTextResponse("the transcript"), methods=["GET", "POST"]),
        ]
    )
    app = LoopbackOnly(inner)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=OWN)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("headers", "status"), [pytest.param(*case[1:], id=case[0]) for case in REQUESTS]
)
async def test_request(method: str, headers: dict[str, str], status: int) -> None:
    async with make_client() as client:
        response = await client.request(method, "/", headers=headers)

    assert response.status_code == status
    assert ("the transcript" in response.text) == (status == 200)


@pytest.mark.parametrize(
    ("headers", "status", "name"),
    [
        ({"Host": "evil.example"}, 421, "wrong-host"),
        ({"Origin": "https://evil.example"}, 403, "other-site"),
    ],
)
async def test_a_refusal_is_a_problem_where_problems_are_told(
    headers: dict[str, str], status: int, name: str
) -> None:
    async with make_client() as client:
        native = await client.get("/v2/jobs", headers=headers)
        other = await client.get("/", headers=headers)

    assert native.headers["content-type"] == "application/problem+json"
    problem = native.json()
    assert (problem["status"], problem["type"]) == (status, f"tag:waas.dev,2026:{name}")
    assert other.headers["content-type"].startswith("text/plain")
    assert other.text == f"{problem['detail']}\n"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_may_be_listened_on(host: str) -> None:
    require_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.org", ""])
def test_anything_else_is_refused_as_long_as_there_are_no_keys(host: str) -> None:
    with pytest.raises(UnsafeAddress, match="no API keys"):
        require_loopback(host)
