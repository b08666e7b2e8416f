"""API keys: the list, the login, the file that changes, and the command that makes one."""

import json
import logging
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from support.api_builders import NAMESPACE, NOW
from support.logins import GuardedApi, bearer, make_entry, make_key
from waas_api.access.building import BuiltLogins
from waas_api.access.callers import Anonymous, Permission
from waas_api.api_keys.__main__ import main
from waas_api.api_keys.entries import ApiKey, digest_of, new_api_key, parse_api_keys
from waas_api.api_keys.key_file import KeyFile
from waas_api.errors import AccessError, Forbidden, Unauthenticated
from waas_api.readiness import Readiness


def parse(*entries: Mapping[str, object]) -> tuple[ApiKey, ...]:
    return parse_api_keys(json.dumps(entries).encode(), (NAMESPACE,))


def test_a_list_may_be_yaml_with_comments() -> None:
    content = f"""
        # The phone of the news desk.
        - id: phone
          hash: {digest_of("waas_x")}
          namespace: {NAMESPACE}
          owner: anna@example.org
          permissions: [read, create]
          expires: 2027-06-30T00:00:00Z
        """

    [key] = parse_api_keys(content.encode(), (NAMESPACE,))

    assert key.owner == "anna@example.org"
    assert key.permissions == {Permission.READ, Permission.CREATE}
    assert key.expires == datetime(2027, 6, 30, tzinfo=UTC)


UNUSABLE: list[tuple[str, object, str]] = [
    ("no list", {"id": "a"}, "the list: Input should be a valid list"),
    ("an empty file", None, "the list: Input should be a valid list"),
    ("a digest that is none", [make_entry("a", hash="waas_oops")], "0.hash: String should match"),
    ("a field that nobody knows", [make_entry("a", scopes=["read"])], "0.scopes: Extra inputs"),
    ("a permission that is none", [make_entry("a", permissions=["fly"])], "0.permissions.0"),
    ("no permission", [make_entry("a", permissions=[])], "0.permissions: "),
    ("no owner", [{**make_entry("a"), "owner": ""}], "0.owner: "),
    ("an owner that no job may have", [{**make_entry("a"), "owner": "a" * 254}], "0.owner: "),
    ("a time of no zone", [make_entry("a", expires="2027-06-30T00:00:00")], "0.expires: "),
    ("a tenant that is not served", [make_entry("a", namespace="team-x")], "team-x, which is not"),
    ("two of one id", [make_entry("a"), make_entry("b", id="a-0")], "the same id"),
    ("one key twice", [make_entry("a"), make_entry("a", id="again")], "the same hash"),
]


@pytest.mark.parametrize(
    ("content", "words"), [pytest.param(*case[1:], id=case[0]) for case in UNUSABLE]
)
def test_a_list_that_cannot_be_used_is_refused_without_being_quoted(
    content: object, words: str
) -> None:
    with pytest.raises(ValueError, match=r":|is not served|the same") as refused:
        parse_api_keys(json.dumps(content).encode(), (NAMESPACE,))

    assert words in str(refused.value)
    assert "waas_oops" not in str(refused.value)
    assert not re.search("[0-9a-f]{64}", str(refused.value))


def test_what_is_no_yaml_is_told_by_its_line() -> None:
    with pytest.raises(ValueError, match="neither YAML nor JSON") as refused:
        parse_api_keys(b"- id: a\n- hash: [waas_oops\n", (NAMESPACE,))

    assert "line 3" in str(refused.value)
    assert "waas_oops" not in str(refused.value)


def test_keys_are_long_and_no_two_alike() -> None:
    keys = {new_api_key() for _ in range(100)}

    assert len(keys) == 100
    assert all(key.startswith("waas_") and len(key) == 48 for key in keys)


async def ask(
    api: GuardedApi, headers: Mapping[str, str]
) -> tuple[str, str | None, frozenset[Permission]]:
    caller = await api.app.state.services.authenticator.authenticate(headers)
    return caller.namespace, caller.owner, caller.permissions


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {make_key('reader')}"},
        {"authorization": f"bearer  {make_key('reader')} "},
        {"x-api-key": make_key("reader")},
        {"x-api-key": make_key("reader"), "authorization": "Basic cHJveHk6c2VjcmV0"},
        {"x-api-key": make_key("reader"), "x-waas-namespace": NAMESPACE},
    ],
    ids=["OpenAI's way", "in other letters", "its own header", "behind a proxy", "its tenant"],
)
async def test_a_key_says_who_comes(tmp_path: Path, headers: Mapping[str, str]) -> None:
    assert await ask(GuardedApi(tmp_path), headers) == (
        NAMESPACE,
        "reader",
        frozenset({Permission.READ}),
    )


STRANGERS: list[tuple[str, Mapping[str, str], type[AccessError], str]] = [
    ("nothing", {}, Unauthenticated, "Nobody is let in without a login"),
    ("a password", {"authorization": "Basic YTpi"}, Unauthenticated, "of this kind"),
    ("a token", {"authorization": "Bearer eyJh.b.c"}, Unauthenticated, "of this kind"),
    ("no key at all", {"authorization": "Bearer "}, Unauthenticated, "of this kind"),
    ("a key that nobody has", bearer("nobody"), Unauthenticated, "not known"),
    ("a digest", {"x-api-key": digest_of(make_key("anna"))}, Unauthenticated, "not known"),
    ("an endless key", {"x-api-key": "waas_" + "a" * 20000}, Unauthenticated, "of this kind"),
    ("a key that has expired", bearer("gone"), Unauthenticated, "expired"),
    (
        "a key of another tenant",
        {**bearer("anna"), "x-waas-namespace": "team-b"},
        Forbidden,
        "not for the namespace",
    ),
]


@pytest.mark.parametrize(
    ("headers", "error", "words"), [pytest.param(*case[1:], id=case[0]) for case in STRANGERS]
)
async def test_strangers_are_told_why(
    tmp_path: Path, headers: Mapping[str, str], error: type[AccessError], words: str
) -> None:
    api = GuardedApi(tmp_path, [make_entry("anna"), make_entry("gone", expires=NOW.isoformat())])

    with pytest.raises(error, match=words):
        await ask(api, {name.lower(): value for name, value in headers.items()})


async def test_a_key_works_until_its_time(tmp_path: Path) -> None:
    end = NOW + timedelta(hours=1)
    api = GuardedApi(tmp_path, [make_entry("anna", expires=end.isoformat())])

    before = await api.request("GET", "/v2/jobs", owner="anna")
    api.now = end
    after = await api.request("GET", "/v2/jobs", owner="anna")

    assert (before.status_code, after.status_code) == (200, 401)


class Clock:
    """A second is over whenever a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def owners(file: KeyFile) -> list[str]:
    return [key.owner for key in file.current()]


def write(path: Path, *entries: Mapping[str, object]) -> None:
    path.write_text(json.dumps(entries))


def open_file(path: Path, clock: Callable[[], float]) -> KeyFile:
    return KeyFile(path, lambda content: parse_api_keys(content, (NAMESPACE,)), monotonic=clock)


def test_a_file_that_changes_is_read_again(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "keys"
    write(path, make_entry("anna"))
    file = open_file(path, clock)

    write(path, make_entry("anna"), make_entry("bo"))
    assert owners(file) == ["anna"]  # looked at a moment ago
    clock.now += 1

    assert owners(file) == ["anna", "bo"]


def test_a_secret_that_the_kubelet_swaps_is_read_again(tmp_path: Path, clock: Clock) -> None:
    for folder, owner in (("..1", "anna"), ("..2", "bobo")):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "keys", make_entry(owner))
        # Of one age and one length: only the file itself is another.
        os.utime(tmp_path / folder / "keys", (0, 0))
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "keys").symlink_to("..data/keys")
    file = open_file(tmp_path / "keys", clock)

    (tmp_path / "..new").symlink_to("..2")
    (tmp_path / "..new").rename(tmp_path / "..data")
    clock.now += 1

    assert owners(file) == ["bobo"]


@pytest.mark.parametrize("damage", ["", "- id: [", "gone"], ids=["empty", "broken", "gone"])
def test_a_file_that_breaks_keeps_the_keys_of_before(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    path = tmp_path / "keys"
    write(path, make_entry("anna"))
    file = open_file(path, clock)
    assert file.problem() is None

    if damage == "gone":
        path.unlink()
    else:
        path.write_text(damage)
    for _ in range(3):
        clock.now += 1
        assert owners(file) == ["anna"]

    assert str(path) in (file.problem() or "")
    assert [each.levelno for each in caplog.records] == [logging.ERROR]  # once, not each second
    write(path, make_entry("bo"))
    clock.now += 1
    assert owners(file) == ["bo"]
    assert file.problem() is None


def test_an_empty_list_locks_everybody_out(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "keys"
    write(path, make_entry("anna"))
    file = open_file(path, clock)

    write(path)
    clock.now += 1

    assert owners(file) == []


async def test_two_keys_of_one_owner_take_turns(tmp_path: Path) -> None:
    """A rotation: both work for a while and see the same jobs, then the old one goes."""
    new = "waas_the-new-one"
    second = make_entry("anna", id="anna-1", hash=digest_of(new))
    api = GuardedApi(tmp_path, [make_entry("anna"), second])
    made = await api.request("POST", "/v2/jobs", owner="anna", content=b"sound")

    path = made.headers["location"]
    seen = await api.request("GET", path, headers={"X-API-Key": new})

    assert (made.status_code, seen.status_code) == (201, 200)


async def test_readiness_warns_of_a_broken_file_and_stays_ready(
    tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "keys"
    write(path, make_entry("anna"))
    logins = BuiltLogins(Anonymous(NAMESPACE), open_file(path, clock))
    api = GuardedApi(tmp_path)
    services = api.app.state.services
    readiness = Readiness({}, warnings=logins.warnings)
    api.app.state.services = replace(services, readiness=readiness)
    before = await api.request("GET", "/readyz")

    path.write_text("broken: [")
    clock.now += 1
    after = await api.request("GET", "/readyz")

    assert "warnings" not in before.json()
    assert after.status_code == 200
    [warning] = after.json()["warnings"]
    assert "API keys" in warning
    assert str(tmp_path) not in warning  # everybody may read it


async def test_a_key_is_in_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    api = GuardedApi(tmp_path)

    for owner in ("anna", "nobody"):
        await api.request("POST", "/v2/jobs", owner=owner, content=b"sound")
        assert make_key(owner) not in caplog.text
        assert digest_of(make_key(owner)) not in caplog.text

    assert "recording accepted" in caplog.text


def test_the_command_shows_the_key_once_and_an_entry_that_knows_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["--tenant", NAMESPACE, "--owner", "anna", "--scope", "read", "--scope", "create"]

    code = main(["new", *arguments, "--expires", "2027-06-30T00:00:00Z"])

    shown = capsys.readouterr()
    key = shown.err.split()[-1]
    [entry] = parse_api_keys(shown.out.encode(), (NAMESPACE,))
    assert code == 0
    assert key not in shown.out
    assert entry.hash == digest_of(key)
    assert entry.permissions == {Permission.READ, Permission.CREATE}
    assert entry.expires == datetime(2027, 6, 30, tzinfo=UTC)
    assert yaml.safe_load(shown.out)[0]["permissions"] == ["read", "create"]


def test_the_command_refuses_what_no_list_may_hold(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["new", "--tenant", "Team A", "--owner", "anna"])

    shown = capsys.readouterr()
    assert (code, shown.out) == (64, "")
    assert shown.err.startswith("namespace: ")
