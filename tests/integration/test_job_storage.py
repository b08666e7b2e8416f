"""The job program against a store over HTTP, whole and broken; nothing secret is ever said."""

import hashlib
import io
import os
import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import av
import pytest
from minio import Minio

from support.job_items import NAMESPACE, make_item, make_urls
from support.job_program import JobProgram
from support.object_server import SIGNATURE_PARAMETER, ObjectServer, running_object_server
from support.service import BUCKET
from support.speech import librivox_clip
from support.waiting import wait_until
from waas_contract.exit_codes import FailureReason
from waas_contract.job_environment import (
    ItemOutcome,
    ItemUrls,
    JobItem,
)
from waas_contract.manifest import Manifest
from waas_contract.object_keys import preview_key
from waas_job.storage.http_transport import HttpTransport
from waas_job.storage.transport import Body

pytestmark = pytest.mark.integration

CLIP = librivox_clip("0930")
SECRET_WORDS = (SIGNATURE_PARAMETER, "X-Amz-", "http://", "5ca1ab1e", "audio/recording")


@dataclass
class StoredItem:
    """An item whose objects lie in a store that speaks HTTP."""

    item: JobItem
    urls: ItemUrls

    def key(self, name: str) -> str:
        return f"{NAMESPACE}/{self.item.name}/{name}"


def add_stored_item(
    program: JobProgram, store: ObjectServer, *, signature: str | None = None
) -> StoredItem:
    """Lay out an item with presigned URLs, its recording stored."""
    item = make_item()
    urls = make_urls(item.name, lambda key: store.url(key, signature=signature))
    stored_item = StoredItem(program.put(item, urls), urls)
    store.objects[stored_item.key("audio/recording")] = CLIP.path.read_bytes()
    return stored_item


def assert_nothing_secret_was_said(program: JobProgram) -> None:
    said = program.output + (program.folder / "termination-log").read_text()
    assert [word for word in SECRET_WORDS if word in said] == []


def test_objects_over_http_are_read_and_written(program: JobProgram, store: ObjectServer) -> None:
    stored = add_stored_item(program, store)
    assert program.run(stored.item) == (ItemOutcome(name=stored.item.name),)
    manifest = Manifest.model_validate_json(store.objects[stored.key("manifest.json")])
    for file in manifest.files:
        assert hashlib.sha256(store.objects[file.key]).hexdigest() == file.sha256
    assert store.requests[0] == ("GET", stored.key("manifest.json"), None)
    assert store.requests[-1] == ("PUT", stored.key("manifest.json"), None)
    assert_nothing_secret_was_said(program)


def test_preview_is_put_over_http_with_its_length(program: JobProgram, store: ObjectServer) -> None:
    stored = add_stored_item(program, store)
    program.run(stored.item)
    sound = store.objects[preview_key(NAMESPACE, stored.item.name)]
    with av.open(io.BytesIO(sound), mode="r") as container:
        assert container.duration is not None
        assert container.duration / av.time_base == pytest.approx(CLIP.duration_seconds, abs=0.5)


def test_file_is_put_into_a_bucket(object_store: Minio, tmp_path: Path) -> None:
    source, key = tmp_path / "preview.webm", f"job-storage/{uuid.uuid4()}"
    source.write_bytes(os.urandom(3_000_000))
    url = object_store.presigned_put_object(BUCKET, key, timedelta(minutes=5))
    transport = HttpTransport()
    answer = transport.put(url, Body(source, "audio/webm"))
    transport.close()
    assert answer.is_success
    stored = object_store.get_object(BUCKET, key)
    assert stored.read() == source.read_bytes()
    stored.close()


def test_store_without_conditional_writes_will_do(program: JobProgram, store: ObjectServer) -> None:
    store.knows_conditions = False
    stored = add_stored_item(program, store)
    program.run(stored.item)
    assert program.exit_code == 0
    assert stored.key("manifest.json") in store.objects


def test_ended_urls_are_read_again_when_they_are_renewed(
    program: JobProgram, store: ObjectServer
) -> None:
    stored = add_stored_item(program, store, signature="ended")
    process = program.start(program.environment([stored.item], patience_seconds=60).to_variables())
    wait_until(lambda: len(store.requests) >= 2, "the old URL was tried")
    program.put(stored.item, make_urls(stored.item.name, store.url))
    assert program.finish(process) == 0
    assert stored.key("manifest.json") in store.objects
    assert_nothing_secret_was_said(program)


def test_urls_that_are_never_renewed_leave_the_store_unavailable(
    program: JobProgram, store: ObjectServer
) -> None:
    stored = add_stored_item(program, store, signature="ended")
    (outcome,) = program.run(stored.item, patience_seconds=1)
    assert (program.exit_code, outcome.reason) == (75, FailureReason.STORAGE_UNAVAILABLE)
    assert "HTTP 403" in outcome.message
    assert_nothing_secret_was_said(program)


def test_recording_that_was_deleted_is_source_not_found(
    program: JobProgram, store: ObjectServer
) -> None:
    stored = add_stored_item(program, store)
    del store.objects[stored.key("audio/recording")]
    (outcome,) = program.run(stored.item)
    assert (program.exit_code, outcome.reason) == (66, FailureReason.SOURCE_NOT_FOUND)
    assert_nothing_secret_was_said(program)


def test_broken_store_is_given_up_when_patience_is_over(
    program: JobProgram, store: ObjectServer
) -> None:
    stored = add_stored_item(program, store)
    store.failing[stored.key("audio/recording")] = 503
    began = time.monotonic()
    (outcome,) = program.run(stored.item, patience_seconds=2)
    assert (program.exit_code, outcome.reason) == (75, FailureReason.STORAGE_UNAVAILABLE)
    assert time.monotonic() - began > 2
    tries = [each for each in store.requests if each[1] == stored.key("audio/recording")]
    assert len(tries) >= 3
    assert_nothing_secret_was_said(program)


def test_store_that_is_not_there_is_given_up_when_patience_is_over(program: JobProgram) -> None:
    with running_object_server() as store:
        stored = add_stored_item(program, store)
    (outcome,) = program.run(stored.item, patience_seconds=1)
    assert (program.exit_code, outcome.reason) == (75, FailureReason.STORAGE_UNAVAILABLE)
    assert "Connection refused" in outcome.message
    assert_nothing_secret_was_said(program)


def test_broken_download_goes_on_where_it_stopped(program: JobProgram, store: ObjectServer) -> None:
    stored = add_stored_item(program, store)
    key = stored.key("audio/recording")
    store.cuts[key] = [10_000, 20_000]
    assert program.run(stored.item, patience_seconds=30) == (ItemOutcome(name=stored.item.name),)
    ranges = [each[2] for each in store.requests if each[1] == key]
    assert ranges == [None, "bytes=10000-", "bytes=30000-"]
    manifest = Manifest.model_validate_json(store.objects[stored.key("manifest.json")])
    assert manifest.audio.sha256 == hashlib.sha256(CLIP.path.read_bytes()).hexdigest()
    assert_nothing_secret_was_said(program)


def test_progress_that_cannot_be_noted_fails_nothing(
    program: JobProgram, store: ObjectServer
) -> None:
    stored = add_stored_item(program, store)
    store.failing[stored.key("state/progress.json")] = 500
    program.run(stored.item)
    assert program.exit_code == 0
    assert "the progress note could not be written" in program.output
    assert_nothing_secret_was_said(program)
