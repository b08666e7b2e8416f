"""Whom the client tells its key, and what it says where a server wants one."""

import asyncio
from collections.abc import Callable

import httpx
import pytest

from support.command import Command
from waas_client import AsyncClient, Client, errors
from waas_client.command_line.exit_codes import ExitCode

SERVER = "http://waas.example:3000"
KEY = "waas_a-key-that-is-nobodys"
IDENTITY = {"service": "waas", "version": "0"}
MODELS = {"models": [], "default": "tiny"}

Handler = Callable[[httpx.Request], httpx.Response]


class Server:
    """Notes what it was sent, and answers as a test wants."""

    def __init__(self, answer: Handler | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self._answer = answer or (lambda _: httpx.Response(200, json=MODELS))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path == "/v2":
            return httpx.Response(200, json=IDENTITY)
        return self._answer(request)

    def keys(self) -> list[str | None]:
        return [each.headers.get("authorization") for each in self.requests]


def problem(status: int, name: str, detail: str) -> httpx.Response:
    return httpx.Response(
        status,
        headers={"content-type": "application/problem+json"},
        json={"type": f"tag:waas.dev,2026:{name}", "detail": detail},
    )


def ask(server: Server, address: str = SERVER, key: str | None = KEY) -> None:
    with Client(address, api_key=key, transport=httpx.MockTransport(server)) as client:
        client.models()


def test_a_key_is_sent_to_a_server_that_says_that_it_is_one_of_ours() -> None:
    server = Server()

    ask(server)

    assert [each.url.path for each in server.requests] == ["/v2", "/v2/models"]
    assert server.keys() == [None, f"Bearer {KEY}"]


async def test_the_async_client_sends_it_as_well() -> None:
    server = Server()
    async with AsyncClient(SERVER, api_key=KEY, transport=httpx.MockTransport(server)) as client:
        await client.models()

    assert server.keys() == [None, f"Bearer {KEY}"]


def test_without_a_key_none_is_sent() -> None:
    server = Server()

    ask(server, key=None)

    assert server.keys() == [None, None]


def test_a_stranger_gets_no_key() -> None:
    seen: list[str | None] = []

    def greet(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("authorization"))
        return httpx.Response(200, json={"service": "other"})

    client = Client(SERVER, api_key=KEY, transport=httpx.MockTransport(greet))
    with client, pytest.raises(errors.NotAWaasServer):
        client.models()

    assert seen == [None]


def test_a_redirect_takes_the_key_nowhere() -> None:
    server = Server(lambda _: httpx.Response(307, headers={"location": "https://evil.example/"}))

    with pytest.raises(errors.WaasError):
        ask(server)

    assert {each.url.host for each in server.requests} == {"waas.example"}


def test_a_proxys_password_and_a_key_go_side_by_side() -> None:
    server = Server()

    ask(server, "http://proxy:secret@waas.example:3000")

    assert server.requests[-1].headers["x-api-key"] == KEY
    assert server.requests[-1].headers["authorization"].startswith("Basic ")


def test_space_around_a_key_is_nobodys_intention() -> None:
    server = Server()

    ask(server, key=f"{KEY}\n")

    assert server.keys()[-1] == f"Bearer {KEY}"


@pytest.mark.parametrize("key", ["", " ", "two words", "a\nb: c", "nøkkel"])
def test_what_no_header_can_hold_is_no_key(key: str) -> None:
    with pytest.raises(errors.InvalidKey) as refused:
        Client(SERVER, api_key=key)

    assert key.strip() == "" or key not in str(refused.value)


REFUSALS: list[tuple[str, str | None, httpx.Response, type[errors.Refused], str]] = [
    (
        "no key",
        None,
        problem(401, "unauthenticated", "Nobody is let in."),
        errors.Unauthenticated,
        "Put yours into WAAS_API_KEY",
    ),
    (
        "a wrong key",
        KEY,
        problem(401, "unauthenticated", "This API key is not known."),
        errors.Unauthenticated,
        "This API key is not known.",
    ),
    (
        "no permission",
        KEY,
        problem(403, "forbidden", "You may not create jobs here."),
        errors.Forbidden,
        "You may not create jobs here.",
    ),
]


@pytest.mark.parametrize(
    ("key", "answer", "error", "words"), [pytest.param(*case[1:], id=case[0]) for case in REFUSALS]
)
def test_a_refusal_says_what_to_do(
    key: str | None, answer: httpx.Response, error: type[errors.Refused], words: str
) -> None:
    with pytest.raises(error, match=words):
        ask(Server(lambda _: answer), key=key)


def run(server: Server, monkeypatch: pytest.MonkeyPatch, *, address: str | None) -> tuple[int, str]:
    monkeypatch.setenv("WAAS_API_KEY", KEY)
    command = Command()
    command.change(
        connect=lambda each, key: AsyncClient(
            each, api_key=key, transport=httpx.MockTransport(server)
        )
    )
    result = command.run("jobs", server=address)
    return result.exit_code, result.stderr


def test_the_command_sends_its_key_to_the_server_that_was_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Server(lambda _: httpx.Response(200, json={"jobs": [], "cursor": None}))

    code, _ = run(server, monkeypatch, address=SERVER)

    assert code == 0
    assert server.keys()[-1] == f"Bearer {KEY}"


def test_whoever_listens_on_the_usual_port_gets_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(lambda _: problem(401, "unauthenticated", "Nobody is let in."))

    code, said = run(server, monkeypatch, address=None)

    assert code == ExitCode.NO_PERMISSION
    assert "name the server by --server or WAAS_SERVER" in said
    assert set(server.keys()) == {None}


def test_the_command_ends_with_its_own_code_where_a_key_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Server(lambda _: problem(401, "unauthenticated", "This API key is not known."))

    code, said = run(server, monkeypatch, address=SERVER)

    assert (code, said) == (77, "waas: This API key is not known.\n")
    assert KEY not in said


def test_both_clients_refuse_the_same_keys() -> None:
    with pytest.raises(errors.InvalidKey):
        asyncio.run(AsyncClient(SERVER, api_key="two words").close())
