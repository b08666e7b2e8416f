"""/v2/uploads: recordings in pieces, by the protocol tus 1.0."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from support.api_builders import JOB_ID, chunked, make_settings
from support.fake_transcription_jobs import Failure
from support.named_callers import NamedCallers
from support.upload_api import KEY, PIECE, TUS, UPLOAD, UploadApi, metadata
from waas_api.errors import ClusterUnavailable
from waas_contract.transcription_job import (
    Priority,
    Source,
    TranscriptionJobSpec,
)


async def test_the_protocol_is_told() -> None:
    answer = await UploadApi(settings=make_settings(largest_upload_bytes=100)).request(
        "OPTIONS", "/v2/uploads"
    )

    assert answer.status_code == 204
    assert {name: answer.headers[name] for name in ("tus-version", "tus-resumable")} == {
        "tus-version": "1.0.0",
        "tus-resumable": "1.0.0",
    }
    assert answer.headers["tus-extension"] == (
        "creation,creation-with-upload,termination,expiration"
    )
    assert answer.headers["tus-max-size"] == "100"


async def test_pieces_become_a_job_with_the_last_one() -> None:
    api = UploadApi()

    begun = await api.begin(
        filename="a.mp3", filetype="audio/mpeg", model="base", request='{"priority": "high"}'
    )
    first = await api.patch(0, b"so")
    between = await api.head()
    assert (api.jobs.jobs, list(api.storage.growing)) == ({}, [KEY])
    last = await api.patch(2, b"und")
    after = await api.head()

    assert (begun.status_code, begun.headers["location"]) == (201, UPLOAD)
    assert begun.headers["upload-expires"] == "Mon, 23 Nov 2026 18:00:00 GMT"
    assert (first.status_code, first.headers["upload-offset"]) == (204, "2")
    assert "location" not in first.headers
    assert (between.headers["upload-offset"], between.headers["upload-length"]) == ("2", "5")
    assert between.headers["cache-control"] == "no-store"
    assert between.headers["upload-metadata"].startswith("filename YS5tcDM=,")
    assert (last.status_code, last.headers["upload-offset"]) == (204, "5")
    assert last.headers["location"] == f"/v2/jobs/{JOB_ID}"
    assert (after.status_code, after.headers["upload-offset"]) == (200, "5")
    assert api.storage.objects[KEY] == b"sound"
    assert api.jobs.jobs[JOB_ID].spec == TranscriptionJobSpec(
        source=Source(key=KEY, file_name="a.mp3"),
        model="base",
        priority=Priority.HIGH,
        owner=None,
    )
    for answer in (begun, first, between, last, after):
        assert answer.headers["tus-resumable"] == "1.0.0"


async def test_an_upload_may_begin_with_its_first_piece() -> None:
    api = UploadApi()
    headers = PIECE | {"upload-length": "5", "upload-metadata": metadata(filename="a.mp3")}

    answer = await api.request("POST", "/v2/uploads", b"sound", headers)

    assert (answer.status_code, answer.headers["location"]) == (201, UPLOAD)
    assert answer.headers["upload-offset"] == "5"
    assert JOB_ID in api.jobs.jobs


BAD_BEGINNINGS = [
    ("no length", "", {}, 400, "Upload-Length"),
    ("a length that is none", "many", {}, 400, "Upload-Length"),
    ("no byte", "0", {}, 400, "Upload-Length"),
    ("too long", "101", {}, 413, None),
    ("an unknown model", "5", {"model": "huge"}, 400, "model"),
    ("an unknown name", "5", {"modle": "base"}, 400, "modle"),
    ("a bad field", "5", {"beam_size": "99"}, 400, "beam_size"),
    ("a source", "5", {"request": '{"source": {"key": "a"}}'}, 400, "source"),
    ("a bad label", "5", {"label": "waas.dev/a=b"}, 400, "labels.waas.dev/a"),
]


@pytest.mark.parametrize(
    ("length", "fields", "status", "field"),
    [pytest.param(*case[1:], id=case[0]) for case in BAD_BEGINNINGS],
)
async def test_what_does_not_fit_is_told_before_the_recording_is_sent(
    length: str, fields: dict[str, str], status: int, field: str | None
) -> None:
    api = UploadApi(settings=make_settings(largest_upload_bytes=100))

    answer = await api.begin(length, **fields)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    if field:
        assert answer.json()["errors"][0]["field"] == field
    assert (api.storage.objects, api.storage.growing) == ({}, {})


async def test_metadata_that_is_no_base64_is_refused() -> None:
    headers = TUS | {"upload-length": "5", "upload-metadata": "filename %%%"}

    answer = await UploadApi().request("POST", "/v2/uploads", headers=headers)

    assert answer.json()["errors"] == [{"field": "filename", "detail": "UTF-8 in Base64"}]


BAD_PIECES: list[tuple[str, int, dict[str, str], int, str]] = [
    ("too early", 1, {}, 409, "wrong-offset"),
    ("too late", 3, {}, 409, "wrong-offset"),
    ("at the end of what is not there", 5, {}, 409, "wrong-offset"),
    ("no offset", 2, {"upload-offset": ""}, 400, "invalid-request"),
    ("another kind of body", 2, {"content-type": "audio/mpeg"}, 415, "unsupported-piece"),
    ("another protocol", 2, {"tus-resumable": "0.2.2"}, 412, "protocol-mismatch"),
    ("another's", 2, {"x-user": "bob"}, 404, "upload-not-found"),
]


@pytest.mark.parametrize(
    ("offset", "changes", "status", "name"),
    [pytest.param(*case[1:], id=case[0]) for case in BAD_PIECES],
)
async def test_a_piece_that_does_not_fit_is_refused(
    offset: int, changes: dict[str, str], status: int, name: str
) -> None:
    api = UploadApi(authenticator=NamedCallers())
    await api.begin()
    await api.patch(0, b"so")

    answer = await api.patch(offset, b"und", **changes)

    assert (answer.status_code, answer.json()["type"]) == (status, f"tag:waas.dev,2026:{name}")
    assert answer.headers["tus-resumable"] == "1.0.0"
    if name == "protocol-mismatch":
        assert answer.headers["tus-version"] == "1.0.0"
    if name == "wrong-offset":
        assert answer.headers["upload-offset"] == "2"
    assert (await api.head()).headers["upload-offset"] == "2"
    assert (await api.patch(2, b"und")).headers["location"] == f"/v2/jobs/{JOB_ID}"


async def test_more_than_was_announced_is_refused() -> None:
    api = UploadApi()
    await api.begin(5)

    answer = await api.patch(0, b"sound and more")

    assert answer.status_code == 413
    assert api.jobs.jobs == {}


async def test_what_is_plainly_no_recording_ends_the_upload() -> None:
    api = UploadApi()
    await api.begin(600)

    answer = await api.patch(0, b"<!doctype html>" + b" " * 585)

    assert answer.status_code == 415
    assert (await api.head()).status_code == 404
    assert (api.storage.objects, api.storage.growing) == ({}, {})


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
async def test_of_others_uploads_nobody_learns(method: str) -> None:
    api = UploadApi(authenticator=NamedCallers())
    await api.begin(user="alice")

    theirs = await api.request(method, UPLOAD, b"", PIECE | {"upload-offset": "0", "x-user": "bob"})
    none = await api.request(
        method, "/v2/uploads/none", b"", PIECE | {"upload-offset": "0", "x-user": "bob"}
    )

    assert theirs.status_code == none.status_code == 404
    assert theirs.content == none.content


async def test_an_upload_is_its_owners_job() -> None:
    api = UploadApi(authenticator=NamedCallers())
    await api.begin(user="alice", filename="a.mp3")
    await api.patch(0, b"sound", user="alice")

    assert api.jobs.jobs[JOB_ID].spec.owner == "alice"


async def test_one_of_two_pieces_at_once_wins() -> None:
    api = UploadApi()
    await api.begin()
    gate = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"so" * 300
        await gate.wait()
        yield b"und"

    await api.request("DELETE", UPLOAD, headers=TUS)
    await api.begin(603)
    first = asyncio.create_task(api.patch(0, slow()))
    await asyncio.sleep(0.01)
    second = await api.patch(0, b"x" * 600)
    gate.set()

    assert second.status_code == 423
    assert second.headers["retry-after"] == "1"
    assert (await first).headers["upload-offset"] == "603"
    assert len(api.jobs.jobs) == 1


async def test_a_piece_that_is_cut_off_keeps_what_came() -> None:
    api = UploadApi()
    await api.begin(603)

    answer = await api.patch(0, chunked(b"x" * 600), **{"content-length": "603"})

    assert answer.status_code == 400
    assert (await api.head()).headers["upload-offset"] == "600"
    assert (await api.patch(600, b"end")).headers["location"] == f"/v2/jobs/{JOB_ID}"


async def test_a_job_that_could_not_be_made_is_made_at_the_next_question() -> None:
    api = UploadApi()
    await api.begin(filename="a.mp3")
    api.jobs.create_failures = [Failure(ClusterUnavailable("busy"))] * 3

    failed = await api.patch(0, b"sound")
    assert (failed.status_code, api.jobs.jobs) == (503, {})
    asked = await api.head()

    assert (asked.status_code, asked.headers["upload-offset"]) == (200, "5")
    assert api.jobs.jobs[JOB_ID].spec.source.key == KEY
    assert (await api.patch(5, b"")).headers["location"] == f"/v2/jobs/{JOB_ID}"
    assert len(api.jobs.jobs) == 1


async def test_a_restarted_api_goes_on_with_an_upload() -> None:
    api = UploadApi()
    await api.begin(filename="a.mp3")
    await api.patch(0, b"so")

    other = UploadApi(storage=api.storage, jobs=api.jobs)
    assert (await other.head()).headers["upload-offset"] == "2"
    await other.patch(2, b"und")

    assert api.storage.objects[KEY] == b"sound"
    assert JOB_ID in api.jobs.jobs


async def test_an_upload_is_given_up_by_its_owner() -> None:
    api = UploadApi()
    await api.begin()
    await api.patch(0, b"so")

    answer = await api.request("DELETE", UPLOAD, headers=TUS)

    assert answer.status_code == 204
    assert (await api.head()).status_code == 404
    assert (api.storage.objects, api.storage.growing) == ({}, {})


async def test_an_upload_that_is_a_job_is_removed_as_a_job() -> None:
    api = UploadApi()
    await api.begin(filename="a.mp3")
    await api.patch(0, b"sound")

    answer = await api.request("DELETE", UPLOAD, headers=TUS)

    assert (answer.status_code, answer.json()["type"]) == (409, "tag:waas.dev,2026:upload-complete")
    assert api.storage.objects[KEY] == b"sound"


async def test_a_client_without_patch_says_so_in_a_header() -> None:
    api = UploadApi()
    await api.begin()
    headers = PIECE | {"upload-offset": "0", "x-http-method-override": "PATCH"}

    answer = await api.request("POST", UPLOAD, b"sound", headers)

    assert (answer.status_code, answer.headers["upload-offset"]) == (204, "5")
    assert (await api.request("POST", UPLOAD, headers=TUS)).status_code == 400
