"""Long transcripts are read beside the event loop, on every way to them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

from support.api_builders import JOB_ID, NAMESPACE, Api
from support.openai_forms import OpenAIApi
from waas_api.transcripts.edits import TranscriptEdit
from waas_api.transcripts.partial_segments import PartialReaders
from waas_contract.object_keys import partial_key
from waas_contract.transcript import PartialTranscript, Segment, Transcript, give_way

SEGMENTS = tuple(
    Segment(id=number, start=number, end=number + 1, text=" Mer enn tusen ord.")
    for number in range(2000)
)
LONG = Transcript(language="no", duration=2000, text="", segments=SEGMENTS)
JOB = f"/v2/jobs/{JOB_ID}"


@contextmanager
def counting_segments() -> Iterator[list[int]]:
    """Count the segments that this thread validates, in the one number that is given."""
    counted = [0]

    def count(frame: FrameType, event: str, _: object) -> None:
        counted[0] += event == "call" and frame.f_code is give_way.__code__

    sys.setprofile(count)
    try:
        yield counted
    finally:
        sys.setprofile(None)


async def edit(api: Api) -> None:
    etag = (await api.get(f"{JOB}/transcript")).headers["etag"]
    changed = TranscriptEdit.model_validate({"segments": [each.model_dump() for each in SEGMENTS]})
    content = changed.model_dump_json().encode()
    with counting_segments() as counted:
        answer = await api.request("PUT", f"{JOB}/transcript", content, {"if-match": etag})
    assert (answer.status_code, counted[0]) == (200, 0)


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/download/{JOB_ID}",
        f"{JOB}/results",
        f"{JOB}/results/vtt",
        f"{JOB}/transcript",
        f"{JOB}/transcript?revision=1",
        f"{JOB}/transcript/revisions",
    ],
)
async def test_no_answer_reads_a_long_transcript_in_the_event_loop(path: str) -> None:
    api = Api()
    api.finish(LONG)
    await edit(api)

    with counting_segments() as counted:
        answer = await api.get(path)

    assert (answer.status_code, counted[0]) == (200, 0)


@pytest.mark.parametrize("stream", ["false", "true"])
async def test_whoever_waits_for_a_long_transcript_keeps_nobody_waiting(stream: str) -> None:
    api = OpenAIApi(transcript=LONG)

    with counting_segments() as counted:
        answer = await api.ask(stream=stream)

    assert (answer.status_code, counted[0]) == (200, 0)


async def test_what_was_heard_of_a_long_recording_is_read_beside_the_event_loop() -> None:
    api = Api()
    heard = PartialTranscript(language="no", segments=SEGMENTS)
    content = heard.model_dump_json(exclude_defaults=True).encode()
    api.storage.objects[partial_key(NAMESPACE, JOB_ID)] = content
    readers = PartialReaders(api.storage, largest_bytes=len(content))

    with counting_segments() as counted, readers.reader(NAMESPACE, JOB_ID) as reader:
        found = await reader.read("begun")

    assert found is not None
    assert (len(found.segments), counted[0]) == (len(SEGMENTS), 0)


async def test_this_test_would_notice() -> None:
    with counting_segments() as counted:
        Transcript.model_validate_json(LONG.model_dump_json())

    assert counted == [len(SEGMENTS)]
