"""GET /v2/jobs/<id>/results/<format>."""

import pytest

from support.api_builders import JOB_ID, TRANSCRIPT, Api, make_spec, make_status
from waas_api.transcripts import word_document
from waas_contract.formats import OutputFormat, render_transcript
from waas_contract.job_status import Phase
from waas_contract.object_keys import manifest_key


@pytest.mark.parametrize("output_format", OutputFormat)
async def test_every_format_of_the_contract_is_what_the_job_would_store(
    output_format: OutputFormat,
) -> None:
    api = Api()
    api.finish(file_name="Blåbær (1).mp3")

    answer = await api.get(f"/v2/jobs/{JOB_ID}/results/{output_format}")

    assert answer.status_code == 200
    assert answer.text == render_transcript(TRANSCRIPT, output_format)
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="Blabaer__1_.{output_format}"; '
        f"filename*=UTF-8''Bl%C3%A5b%C3%A6r%20%281%29.{output_format}"
    )


async def test_the_old_service_s_own_formats_are_there_too() -> None:
    api = Api()
    api.finish(file_name=None)

    timecode = await api.get(f"/v2/jobs/{JOB_ID}/results/timecode_txt")
    jojo = await api.get(f"/v2/jobs/{JOB_ID}/results/jojo")

    assert timecode.text == render_transcript(TRANSCRIPT, OutputFormat.SRT)
    assert timecode.headers["content-disposition"] == (
        "attachment; filename=\"transcript.txt\"; filename*=UTF-8''transcript.txt"
    )
    assert [each["timeEnd"] for each in jojo.json()["segments"]] == [392, 372550]


async def test_a_document_is_there_by_its_name_and_by_its_media_type() -> None:
    api = Api()
    api.finish(file_name="Blåbær.mp3")

    named = await api.get(f"/v2/jobs/{JOB_ID}/results/docx")
    chosen = await api.request(
        "GET", f"/v2/jobs/{JOB_ID}/results", headers={"Accept": word_document.MEDIA_TYPE}
    )

    assert named.headers["content-type"] == word_document.MEDIA_TYPE
    assert named.headers["content-disposition"].endswith("UTF-8''Bl%C3%A5b%C3%A6r.docx")
    assert named.content == chosen.content == word_document.render(TRANSCRIPT, "Blåbær")


async def test_an_unknown_format_is_told_with_those_that_there_are() -> None:
    answer = await Api().get(f"/v2/jobs/{JOB_ID}/results/pdf")

    assert answer.status_code == 404
    assert answer.json()["detail"] == (
        "There is no format 'pdf': choose from json, srt, vtt, txt, tsv, timecode_txt, jojo, docx."
    )


@pytest.mark.parametrize(
    ("phase", "name"),
    [
        (Phase.PENDING, "job-not-done"),
        (Phase.RUNNING, "job-not-done"),
        (Phase.FAILED, "job-failed"),
        (Phase.CANCELLED, "job-cancelled"),
    ],
)
async def test_a_transcript_that_there_is_not_is_a_conflict(phase: Phase, name: str) -> None:
    api = Api()
    api.jobs.put(JOB_ID, make_spec(), make_status(phase))

    answer = await api.get(f"/v2/jobs/{JOB_ID}/results/srt")

    assert (answer.status_code, answer.json()["type"]) == (409, f"tag:waas.dev,2026:{name}")


async def test_a_transcript_that_is_gone_is_gone() -> None:
    api = Api()
    api.finish()
    del api.storage.objects[manifest_key("team-a", JOB_ID)]

    assert (await api.get(f"/v2/jobs/{JOB_ID}/results/srt")).status_code == 410
