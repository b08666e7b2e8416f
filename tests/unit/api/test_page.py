"""GET / and its files: cached as far as can be, and of no use to anybody's script."""

from pathlib import Path

import httpx
import pytest

from support.logins import GuardedApi


@pytest.fixture
def api(tmp_path: Path) -> GuardedApi:
    return GuardedApi(tmp_path, changes={"disclaimer": "Only for interviews"})


async def ask(
    api: GuardedApi, path: str = "/", method: str = "GET", **headers: str
) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.request(method, path, headers=named)


async def file_path(api: GuardedApi, name: str = "main.js") -> str:
    version = api.app.state.services.page_files.version
    return f"/web/{version}/{name}"


async def test_the_page_is_asked_about_each_time(api: GuardedApi) -> None:
    answer = await ask(api)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert "Only for interviews" in answer.text
    assert f'src="{await file_path(api)}"' in answer.text


async def test_whoever_has_the_page_is_told_so(api: GuardedApi) -> None:
    first = await ask(api, accept_encoding="identity")

    again = await ask(api, accept_encoding="identity", if_none_match=first.headers["etag"])
    packed = await ask(api, accept_encoding="gzip", if_none_match=first.headers["etag"])

    assert (again.status_code, again.content) == (304, b"")
    assert packed.status_code == 200


async def test_files_are_kept_for_ever_under_their_version(api: GuardedApi) -> None:
    now = await ask(api, await file_path(api))
    earlier = await ask(api, "/web/0123456789abcdef/main.js")

    assert now.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert now.headers["content-type"] == "text/javascript; charset=utf-8"
    assert (earlier.status_code, earlier.headers["cache-control"]) == (200, "no-cache")
    assert earlier.content == now.content


async def test_files_are_packed_for_those_who_unpack_them(api: GuardedApi) -> None:
    packed = await ask(api, await file_path(api), accept_encoding="gzip, br")
    plain = await ask(api, await file_path(api), accept_encoding="identity")

    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in plain.headers
    length = int(packed.headers["content-length"])
    assert length < len(plain.content)
    assert packed.content == plain.content


async def test_head_has_no_content(api: GuardedApi) -> None:
    answer = await ask(api, method="HEAD")

    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    "path", ["/web/1/nothing.js", "/web/1/../settings.py", "/web/1/%2e%2e/settings.py", "/web/1/"]
)
async def test_only_the_pages_own_files_are_sent(api: GuardedApi, path: str) -> None:
    assert (await ask(api, path)).status_code == 404


async def test_nothing_else_is_loaded_and_no_text_runs(api: GuardedApi) -> None:
    for path in ("/", await file_path(api), "/web/1/nothing.js"):
        answer = await ask(api, path)

        policy = answer.headers["content-security-policy"].split("; ")
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "style-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "require-trusted-types-for 'script'" in policy
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
