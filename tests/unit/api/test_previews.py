"""GET /v2/jobs/<id>/preview and /peaks."""

from pathlib import Path

import pytest

from support.api_builders import JOB_ID, NAMESPACE
from support.furnished_api import furnish_api
from support.logins import GuardedApi
from waas_contract.job_status import Phase
from waas_contract.object_keys import job_prefix

PATHS = ("preview", "peaks")


@pytest.fixture
def api(tmp_path: Path) -> GuardedApi:
    return furnish_api(tmp_path, Phase.SUCCEEDED)


async def test_a_part_of_the_preview_is_played(api: GuardedApi) -> None:
    path = f"/v2/jobs/{JOB_ID}/preview"
    answer = await api.request("GET", path, owner="anna", headers={"Range": "bytes=0-3"})

    assert (answer.status_code, answer.content) == (206, b"Anna")
    assert answer.headers["content-type"] == "audio/webm"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_peaks_are_told(api: GuardedApi) -> None:
    answer = await api.request("GET", f"/v2/jobs/{JOB_ID}/peaks", owner="anna")

    assert answer.json() == {"durationSeconds": 0.1, "peaks": [5]}
    assert "etag" in answer.headers


@pytest.mark.parametrize("what", PATHS)
async def test_where_there_is_none_that_is_said(api: GuardedApi, what: str) -> None:
    prefix = f"{job_prefix(NAMESPACE, JOB_ID)}preview/"
    for key in [each for each in api.storage.objects if each.startswith(prefix)]:
        del api.storage.objects[key]

    answer = await api.request("GET", f"/v2/jobs/{JOB_ID}/{what}", owner="anna")

    assert answer.status_code == 404
    assert answer.json()["type"] == "tag:waas.dev,2026:preview-missing"
