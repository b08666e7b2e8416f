"""GET /v1/download/<id>: the codes, and the very bytes of every format."""

import json
import re

import pytest

from support.api_builders import (
    JOB_ID,
    NAMESPACE,
    TRANSCRIPT,
    Api,
    make_settings,
    make_spec,
    make_status,
)
from support.old_service import JOJO, JSON, PLAIN, SRT, TXT, VTT
from waas_contract.formats import OutputFormat
from waas_contract.job_status import Phase
from waas_contract.object_keys import manifest_key, result_key


@pytest.mark.parametrize(
    ("query", "media_type", "extension", "body"),
    [
        ("", PLAIN, "srt", SRT),
        ("?output=srt", PLAIN, "srt", SRT),
        ("?output=timecode_txt", PLAIN, "txt", SRT),
        ("?output=txt", PLAIN, "txt", TXT),
        ("?output=vtt", "text/vtt; charset=utf-8", "vtt", VTT),
        ("?output=tsv", "text/tab-separated-values; charset=utf-8", "tsv",
         "start\tend\ttext\n0\t3920\tHei.\n3920\t3725500\tA --> B\n"),
        ("?output=json", "application/json", None, JSON),
    ],
)  # fmt: skip
async def test_a_transcript_is_sent_in_the_bytes_of_its_format(
    query: str, media_type: str, extension: str | None, body: str
) -> None:
    api = Api()
    api.finish()

    answer = await api.get(f"/v1/download/{JOB_ID}{query}")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    disposition = extension and f'attachment; filename="Blabaer__1_.{extension}"'
    assert answer.headers.get("content-disposition") == disposition
    assert answer.content == body.encode()


async def test_a_jojo_document_has_new_ids_at_every_download() -> None:
    api = Api(ids=[f"id{number}" for number in range(10)])
    api.finish()

    answer = await api.get(f"/v1/download/{JOB_ID}?output=jojo")

    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == 'attachment; filename="Blabaer__1_.jojo"'
    assert re.sub(r'"id\d"', '"ID"', answer.text) == JOJO
    assert len(set(re.findall(r"id\d", answer.text))) == 4


async def test_silence_is_an_empty_transcript_in_every_format() -> None:
    api = Api()
    api.finish(TRANSCRIPT.model_copy(update={"segments": (), "text": ""}))

    bodies = {
        output: (await api.get(f"/v1/download/{JOB_ID}?output={output}")).text
        for output in ("srt", "txt", "vtt", "json")
    }

    assert bodies == {
        "srt": "",
        "txt": "",
        "vtt": "WEBVTT\n",
        "json": '{"language":"no","segments":[],"text":""}\n',
    }


async def test_letters_beyond_ascii_are_escaped_in_json_only() -> None:
    api = Api()
    first = TRANSCRIPT.segments[0].model_copy(update={"text": " Blåbær"})
    api.finish(TRANSCRIPT.model_copy(update={"segments": (first,), "text": " Blåbær"}))

    assert "Blåbær" in (await api.get(f"/v1/download/{JOB_ID}")).text
    assert (
        r'"text":" Bl\u00e5b\u00e6r"' in (await api.get(f"/v1/download/{JOB_ID}?output=json")).text
    )


async def test_words_are_no_part_of_the_old_json() -> None:
    api = Api()
    transcript = json.loads(TRANSCRIPT.model_dump_json())
    for segment in transcript["segments"]:
        segment["words"] = [{"word": " a", "start": 0, "end": 1, "probability": 1}]
    api.finish(type(TRANSCRIPT).model_validate(transcript))

    assert (await api.get(f"/v1/download/{JOB_ID}?output=json")).text == JSON


@pytest.mark.parametrize(
    ("file_name", "expected"),
    [(None, "untitled_transcription.srt"), ("тест", ".srt"), ("talk.mp3", "talk_mp3.srt")],
)
async def test_a_download_is_named_after_the_recording(
    file_name: str | None, expected: str
) -> None:
    api = Api()
    api.finish(file_name=file_name)

    answer = await api.get(f"/v1/download/{JOB_ID}")

    assert answer.headers["content-disposition"] == f'attachment; filename="{expected}"'


@pytest.mark.parametrize(
    ("phase", "status", "text"),
    [
        (Phase.PENDING, 425, "Job not done yet"),
        (Phase.QUEUED, 425, "Job not done yet"),
        (Phase.SUSPENDED, 425, "Job not done yet"),
        (Phase.RUNNING, 425, "Job not done yet"),
        (Phase.FAILED, 500, "Job failed"),
        (Phase.CANCELLED, 400, "Job canceled"),
    ],
)
async def test_a_job_without_a_transcript_says_so(phase: Phase, status: int, text: str) -> None:
    api = Api()
    api.jobs.put(JOB_ID, make_spec(), make_status(phase))

    answer = await api.get(f"/v1/download/{JOB_ID}?output=nonsense")

    assert (answer.status_code, answer.text) == (status, text)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_a_new_job_has_no_status_and_no_transcript() -> None:
    api = Api()
    api.jobs.put(JOB_ID, make_spec())

    assert (await api.get(f"/v1/download/{JOB_ID}")).status_code == 425


@pytest.mark.parametrize("output", ["nonsense", "", "SRT"])
async def test_an_unknown_output_of_a_finished_job_is_refused(output: str) -> None:
    api = Api()
    api.finish()

    answer = await api.get(f"/v1/download/{JOB_ID}?output={output}")

    assert (answer.status_code, answer.text) == (400, "Output not supported")


async def test_of_two_outputs_the_first_counts() -> None:
    api = Api()
    api.finish()

    assert (await api.get(f"/v1/download/{JOB_ID}?output=txt&output=vtt")).text == TXT


@pytest.mark.parametrize("job_id", ["unknown", "Not-A-Name", "a" * 64])
async def test_an_unknown_job_is_a_404(job_id: str) -> None:
    answer = await Api().get(f"/v1/download/{job_id}")

    assert (answer.status_code, answer.text) == (404, "No such job")


MANIFEST = manifest_key(NAMESPACE, JOB_ID)
TRANSCRIPT_KEY = result_key(NAMESPACE, JOB_ID, 1, OutputFormat.JSON)


@pytest.mark.parametrize("key", [MANIFEST, TRANSCRIPT_KEY])
async def test_results_that_are_gone_are_a_clear_500(key: str) -> None:
    api = Api()
    api.finish()
    del api.storage.objects[key]

    answer = await api.get(f"/v1/download/{JOB_ID}")

    assert answer.status_code == 500
    assert answer.text == "The transcript is not in object storage any more"


async def test_results_of_another_request_are_not_sent() -> None:
    api = Api()
    api.finish()
    api.jobs.put(JOB_ID, make_spec(model="base"), make_status(Phase.SUCCEEDED))

    assert (await api.get(f"/v1/download/{JOB_ID}")).status_code == 500


async def test_a_store_that_is_away_is_a_503() -> None:
    api = Api()
    api.finish()
    api.storage.is_away = True

    answer = await api.get(f"/v1/download/{JOB_ID}")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")


async def test_a_transcript_too_large_for_memory_is_not_read() -> None:
    api = Api(settings=make_settings(largest_transcript_bytes=10))
    api.finish()

    answer = await api.get(f"/v1/download/{JOB_ID}")

    assert (answer.status_code, answer.text) == (500, "The transcript is too large to be shown")


async def test_a_head_request_is_answered() -> None:
    api = Api()
    api.finish()
    async with api.client() as client:
        answer = await client.head(f"/v1/download/{JOB_ID}")

    assert answer.status_code == 200
    assert answer.headers["content-length"] == str(len(SRT))
