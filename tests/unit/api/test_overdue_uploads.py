"""Uploads that nobody went on with: how long they wait, and what goes with them."""

import json
from datetime import timedelta

from support.api_builders import JOB_ID, NAMESPACE
from support.upload_api import KEY, START, UploadApi
from waas_contract.object_keys import upload_state_key

DAY = timedelta(days=1)
AFTER_ALL = DAY + timedelta(hours=6)
"""Also a piece that began in time has ended then."""


async def test_an_upload_waits_a_day_for_its_rest() -> None:
    api = UploadApi()
    await api.begin()

    api.clock.time = START + DAY - timedelta(seconds=1)
    assert (await api.head()).status_code == 200
    api.clock.time = START + DAY
    late = await api.head()

    assert (late.status_code, late.headers["tus-resumable"]) == (410, "1.0.0")
    assert (await api.patch(0, b"sound")).status_code == 410


async def test_only_what_is_over_is_swept() -> None:
    api = UploadApi()
    await api.begin()
    await api.patch(0, b"so")

    api.clock.time = START + AFTER_ALL - timedelta(seconds=1)
    await api.tenant.resumable_uploads.sweep()
    assert list(api.storage.growing) == [f"{NAMESPACE}/{JOB_ID}/audio/audio"]
    api.clock.time = START + AFTER_ALL
    await api.tenant.resumable_uploads.sweep()

    assert (api.storage.objects, api.storage.growing) == ({}, {})


async def test_a_sweep_takes_nothing_of_a_job() -> None:
    api = UploadApi()
    await api.begin(filename="a.mp3")
    await api.patch(0, b"sound")
    result = f"{NAMESPACE}/{JOB_ID}/results/1/transcript.json"
    api.storage.objects[result] = b"{}"

    api.clock.time = START + AFTER_ALL
    await api.tenant.resumable_uploads.sweep()

    assert set(api.storage.objects) == {KEY, result}


async def test_a_sweep_believes_no_note_that_points_elsewhere() -> None:
    api = UploadApi()
    await api.begin()
    note_key = upload_state_key(NAMESPACE, JOB_ID)
    note = json.loads(api.storage.objects[note_key])
    foreign = f"{NAMESPACE}/other/results/1/transcript.json"
    api.storage.objects[foreign] = b"{}"
    api.storage.objects[note_key] = json.dumps({**note, "key": foreign}).encode()

    api.clock.time = START + AFTER_ALL
    await api.tenant.resumable_uploads.sweep()

    assert set(api.storage.objects) == {foreign}


async def test_a_note_that_nobody_can_read_stops_no_sweep() -> None:
    api = UploadApi()
    api.storage.objects[upload_state_key(NAMESPACE, "a-first")] = b"nonsense"
    await api.begin()

    api.clock.time = START + AFTER_ALL
    await api.tenant.resumable_uploads.sweep()

    assert list(api.storage.objects) == [upload_state_key(NAMESPACE, "a-first")]
