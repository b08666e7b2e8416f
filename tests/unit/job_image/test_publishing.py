from datetime import UTC, datetime

import pytest

from support.in_memory_objects import MANIFEST, InMemoryObjects
from support.job_items import make_item
from support.manifest_parts import NO_TIME
from waas_contract.formats import OutputFormat
from waas_contract.manifest import AudioFacts, EngineFacts, Manifest, Outcome
from waas_contract.transcript import Segment, Transcript
from waas_job.errors import StorageUnavailable
from waas_job.publishing import is_published, publish_manifest, store_results

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

TRANSCRIPT = Transcript(
    language="en",
    duration=2,
    text=" Good morning.",
    segments=(Segment(id=0, start=0, end=1.5, text=" Good morning."),),
)


def make_manifest(*, spec_digest: str = "sha256:asked-for", name: str = "interview") -> Manifest:
    return Manifest(
        namespace="newsroom",
        name=name,
        spec_digest=spec_digest,
        outcome=Outcome.COMPLETE,
        attempt=1,
        files=(),
        audio=AudioFacts(duration_seconds=2, language="en"),
        engine=EngineFacts(name="fake", version="1", model="base", device="cpu"),
        timing=NO_TIME,
        start_time=NOW,
        completion_time=NOW,
    )


def stored_manifest(manifest: Manifest) -> bytes:
    return manifest.model_dump_json(by_alias=True).encode()


def test_transcript_json_is_stored_first_whatever_was_asked_for() -> None:
    objects = InMemoryObjects()
    item = make_item(formats=(OutputFormat.SRT, OutputFormat.TXT, OutputFormat.SRT))
    attempt, files = store_results(objects, item, TRANSCRIPT)
    assert attempt == 1
    assert objects.written == [
        (1, OutputFormat.JSON),
        (1, OutputFormat.SRT),
        (1, OutputFormat.TXT),
    ]
    assert [file.key for file in files] == [
        "newsroom/interview/results/1/transcript.json",
        "newsroom/interview/results/1/transcript.srt",
        "newsroom/interview/results/1/transcript.txt",
    ]


def test_results_that_are_there_are_left_alone() -> None:
    objects = InMemoryObjects(stored={(1, OutputFormat.JSON): b"another pod's"})
    attempt, files = store_results(objects, make_item(), TRANSCRIPT)
    assert attempt == 2
    assert objects.stored[1, OutputFormat.JSON] == b"another pod's"
    assert all("/results/2/" in file.key for file in files)


def test_no_attempt_is_left_when_all_are_written() -> None:
    objects = InMemoryObjects(
        stored={(number, OutputFormat.JSON): b"" for number in (1, 2)}, attempt_numbers=(1, 2)
    )
    with pytest.raises(StorageUnavailable, match="all 2 attempts are written"):
        store_results(objects, make_item(), TRANSCRIPT)
    assert objects.written == []


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (None, False),
        (stored_manifest(make_manifest()), True),
        (stored_manifest(make_manifest(spec_digest="sha256:other")), False),
        (stored_manifest(make_manifest(name="other")), False),
        (b"half a manif", False),
    ],
    ids=["none", "its own", "of another spec", "of another name", "unreadable"],
)
def test_item_is_published_when_a_manifest_answers_it(stored: bytes | None, expected: bool) -> None:
    objects = InMemoryObjects(stored={MANIFEST: stored} if stored is not None else {})
    assert is_published(objects, make_item()) is expected


def test_manifest_of_another_attempt_stays() -> None:
    theirs = stored_manifest(make_manifest())
    objects = InMemoryObjects(stored={MANIFEST: theirs})
    publish_manifest(objects, make_item(), make_manifest())
    assert objects.stored[MANIFEST] == theirs
    assert objects.written == []


def test_stale_manifest_is_replaced() -> None:
    stale = stored_manifest(make_manifest(spec_digest="sha256:other"))
    objects = InMemoryObjects(stored={MANIFEST: stale})
    publish_manifest(objects, make_item(), make_manifest())
    assert is_published(objects, make_item())
