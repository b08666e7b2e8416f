"""Results, the recording and edits of a transcript under /v2."""

import json

import httpx
import pytest

from support.api_builders import (
    JOB_ID,
    NAMESPACE,
    TRANSCRIPT,
    Api,
    make_manifest,
    make_settings,
    make_spec,
    make_status,
)
from waas_contract.formats import OutputFormat, render_transcript
from waas_contract.job_status import Phase
from waas_contract.manifest import Outcome
from waas_contract.object_keys import edit_key, manifest_key
from waas_contract.transcript import Segment, Transcript
from waas_contract.transcription_options import SubtitleOptions

PATH = f"/v2/jobs/{JOB_ID}"
EDIT = {"segments": [{"start": 0, "end": 3.5, "text": " Hallo."}]}


def make_finished() -> Api:
    api = Api()
    api.finish()
    return api


async def put(api: Api, etag: str | None, edit: object = EDIT) -> httpx.Response:
    headers = {} if etag is None else {"if-match": etag}
    return await api.request("PUT", f"{PATH}/transcript", json.dumps(edit).encode(), headers)


async def etag_of(api: Api) -> str:
    return (await api.get(f"{PATH}/transcript")).headers["etag"]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("text/vtt", "text/vtt; charset=utf-8"),
        ("application/x-subrip", "text/plain; charset=utf-8"),
        ("text/html;q=0.1, text/plain", "text/plain; charset=utf-8"),
        ("text/tab-separated-values", "text/tab-separated-values; charset=utf-8"),
        ("application/json", "application/json"),
        ("*/*", "application/json"),
    ],
)
async def test_a_format_is_chosen_by_accept(accept: str, content_type: str) -> None:
    answer = await make_finished().request("GET", f"{PATH}/results", headers={"accept": accept})

    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)
    assert answer.headers["vary"] == "Accept"


async def test_the_formats_are_listed() -> None:
    answer = (await make_finished().get(f"{PATH}/results")).json()

    assert (answer["outcome"], answer["revision"]) == ("complete", 0)
    assert answer["unsupportedOptions"] == []
    found = {each["format"]: each for each in answer["results"]}
    assert set(OutputFormat) <= set(found)
    assert (found["json"]["stored"], found["srt"]["stored"]) == (True, False)
    assert found["srt"]["href"] == f"{PATH}/results/srt"


async def test_no_media_type_that_there_is_is_a_406() -> None:
    answer = await make_finished().request(
        "GET", f"{PATH}/results", headers={"accept": "image/png"}
    )

    assert (answer.status_code, answer.json()["title"]) == (
        406,
        "None of these media types is there",
    )


async def test_a_result_is_kept_by_its_tag_and_read_in_parts() -> None:
    api = make_finished()
    whole = await api.get(f"{PATH}/results/srt")
    etag = whole.headers["etag"]

    kept = await api.request("GET", f"{PATH}/results/srt", headers={"if-none-match": etag})
    part = await api.request(
        "GET", f"{PATH}/results/srt", headers={"range": "bytes=2-9", "if-range": etag}
    )
    stale = await api.request(
        "GET", f"{PATH}/results/srt", headers={"range": "bytes=2-9", "if-range": '"old"'}
    )
    behind = await api.request("GET", f"{PATH}/results/srt", headers={"range": "bytes=9999-"})
    other = await api.request("GET", f"{PATH}/results/srt", headers={"if-match": '"old"'})
    head = await api.request("HEAD", f"{PATH}/results/srt")

    assert whole.headers["accept-ranges"] == "bytes"
    assert (kept.status_code, kept.content, kept.headers["etag"]) == (304, b"", etag)
    assert (part.status_code, part.content) == (206, whole.content[2:10])
    assert part.headers["content-range"] == f"bytes 2-9/{len(whole.content)}"
    assert (stale.status_code, stale.content) == (200, whole.content)
    assert (behind.status_code, behind.headers["content-range"]) == (
        416,
        f"bytes */{len(whole.content)}",
    )
    assert other.status_code == 412
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(whole.content)))


async def test_every_format_is_the_same_each_time() -> None:
    api = make_finished()
    names = [each["format"] for each in (await api.get(f"{PATH}/results")).json()["results"]]

    for name in names:
        first, second = [await api.get(f"{PATH}/results/{name}") for _ in range(2)]
        assert first.headers["etag"] == second.headers["etag"], name
        assert first.content == second.content, name


async def test_subtitles_are_cut_as_asked_for_else_as_for_the_job() -> None:
    text = " " + "word " * 40
    transcript = Transcript(
        language="no", duration=60, text=text, segments=(Segment(id=0, start=0, end=60, text=text),)
    )
    api = Api()
    api.finish(transcript)

    narrow = await api.get(f"{PATH}/results/srt?maxLineWidth=20&maxLineCount=2")
    plain = await api.get(f"{PATH}/results/srt")

    options = SubtitleOptions(max_line_width=20, max_line_count=2)
    assert narrow.text == render_transcript(transcript, OutputFormat.SRT, options)
    assert narrow.text != plain.text
    assert (await api.get(f"{PATH}/results/srt?maxLineWidth=0")).status_code == 400


@pytest.mark.parametrize(
    ("phase", "outcome", "status"),
    [
        (Phase.CANCELLED, Outcome.PARTIAL, 200),
        (Phase.FAILED, Outcome.PARTIAL, 200),
        (Phase.CANCELLED, Outcome.COMPLETE, 409),
        (Phase.CANCELLED, None, 409),
        (Phase.FAILED, None, 409),
        (Phase.SUCCEEDED, None, 410),
        (Phase.RUNNING, Outcome.PARTIAL, 409),
    ],
)
async def test_what_was_heard_before_the_end_is_a_result(
    phase: Phase, outcome: Outcome | None, status: int
) -> None:
    api = make_finished()
    api.jobs.put(JOB_ID, make_spec(), make_status(phase))
    if outcome is None:
        del api.storage.objects[manifest_key(NAMESPACE, JOB_ID)]
    else:
        content = TRANSCRIPT.model_dump_json(exclude_none=True).encode()
        manifest = make_manifest(make_spec(), content).model_copy(update={"outcome": outcome})
        wire = json.dumps(manifest.to_wire()).encode()
        api.storage.objects[manifest_key(NAMESPACE, JOB_ID)] = wire

    answer = await api.get(f"{PATH}/results")

    assert answer.status_code == status
    if status == 200:
        assert answer.json()["outcome"] == "partial"


async def test_a_recording_is_played_from_anywhere() -> None:
    api = Api()
    spec = make_spec("Blåbær.mp3")
    api.jobs.put(JOB_ID, spec, make_status(Phase.RUNNING))
    api.storage.objects[spec.source.key] = b"0123456789"

    whole = await api.get(f"{PATH}/audio")
    part = await api.request("GET", f"{PATH}/audio", headers={"range": "bytes=3-8"})
    head = await api.request("HEAD", f"{PATH}/audio")
    again = await api.request(
        "GET", f"{PATH}/audio", headers={"if-none-match": whole.headers["etag"]}
    )

    assert (whole.content, whole.headers["content-type"]) == (b"0123456789", "audio/mpeg")
    assert whole.headers["content-disposition"].startswith('inline; filename="Blabaer.mp3"')
    assert (part.status_code, part.content) == (206, b"345678")
    assert part.headers["content-range"] == "bytes 3-8/10"
    assert (head.content, head.headers["content-length"]) == (b"", "10")
    assert again.status_code == 304


@pytest.mark.parametrize("name", ["page.html", "evil.svg", "noname", None])
async def test_a_recording_is_never_shown_as_a_page(name: str | None) -> None:
    api = Api()
    spec = make_spec(name)
    api.jobs.put(JOB_ID, spec, make_status(Phase.RUNNING))
    api.storage.objects[spec.source.key] = b"<script>"

    answer = await api.get(f"{PATH}/audio")

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_an_edit_is_a_revision_and_the_original_stays() -> None:
    api = make_finished()
    before = dict(api.storage.objects)

    saved = await put(api, await etag_of(api))
    shown = await api.get(f"{PATH}/transcript")

    assert (saved.status_code, saved.headers["waas-revision"]) == (200, "1")
    assert saved.headers["etag"] == shown.headers["etag"]
    assert (shown.json()["text"], shown.json()["language"]) == (" Hallo.", "no")
    assert (await api.get(f"{PATH}/results/txt")).text == "Hallo.\n"
    assert (await api.get(f"{PATH}/results/txt?original=true")).text == "Hei.\nA -> B\n"
    original = await api.get(f"{PATH}/transcript?original=true")
    assert original.json()["text"] == TRANSCRIPT.text
    assert {key: api.storage.objects[key] for key in before} == before
    assert (await api.get(f"{PATH}/results")).json()["revision"] == 1
    revisions = (await api.get(f"{PATH}/transcript/revisions")).json()
    assert [each["revision"] for each in revisions] == [0, 1]
    assert (await api.get(revisions[0]["href"])).json() == original.json()


async def test_of_two_who_save_at_once_the_second_learns_of_the_first() -> None:
    api = make_finished()
    seen = await etag_of(api)

    first = await put(api, seen)
    second = await put(api, seen, {"segments": []})
    third = await put(api, first.headers["etag"], {"segments": []})

    assert [each.status_code for each in (first, second, third)] == [200, 412, 200]
    assert second.json()["type"] == "tag:waas.dev,2026:precondition-failed"
    assert third.headers["waas-revision"] == "2"


async def test_a_save_between_the_look_and_the_write_is_not_overwritten() -> None:
    api = make_finished()
    seen = await etag_of(api)
    key = edit_key(NAMESPACE, JOB_ID, 1)
    listed = api.storage.list_keys

    async def list_then_lose_the_race(prefix: str) -> list[str]:
        found = await listed(prefix)
        api.storage.objects[key] = b"another's"
        return found

    api.storage.list_keys = list_then_lose_the_race  # type: ignore[method-assign]

    answer = await put(api, seen)

    assert answer.status_code == 412
    assert api.storage.objects[key] == b"another's"


async def test_an_edit_says_what_it_has_seen() -> None:
    answer = await put(make_finished(), None)

    assert (answer.status_code, answer.json()["title"]) == (428, "Say what you have seen")


@pytest.mark.parametrize(
    ("segments", "detail"),
    [
        ([{"start": 2, "end": 1, "text": ""}], "segments[0] ends before it starts."),
        ([{"start": 0, "end": 9999, "text": ""}], "segments[0] ends after the recording, which is"),
        ([{"start": 5, "end": 6, "text": ""}, {"start": 1, "end": 2, "text": ""}],
         "The segments are not in the order of their starts."),
        ([{"start": 0, "end": 6, "text": "", "words": [{"word": "", "start": 2, "end": 1}]}],
         "segments[0] has words that are not in their order."),
        ([{"start": -1, "end": 6, "text": ""}], "segments.0.start: "),
        ([{"start": 0, "end": 1}], "segments.0.text: Field required."),
        ([{"start": 0, "end": 1, "text": "x" * 10_001}], "segments.0.text: "),
        ("none", "segments: "),
    ],
)  # fmt: skip
async def test_an_edit_that_cannot_be_is_told_where(segments: object, detail: str) -> None:
    api = make_finished()

    answer = await put(api, await etag_of(api), {"segments": segments})

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(detail)
    assert not [key for key in api.storage.objects if "/edits/" in key]


async def test_an_edit_that_is_too_long_is_told_and_not_kept() -> None:
    api = Api(settings=make_settings(largest_transcript_bytes=2000))
    api.finish()
    edit = {"segments": [{"start": 0, "end": 1, "text": "x" * 3000}]}

    answer = await put(api, await etag_of(api), edit)

    assert (answer.status_code, answer.json()["title"]) == (413, "Upload too large")


async def test_a_revision_that_there_is_not_is_a_410() -> None:
    assert (await make_finished().get(f"{PATH}/transcript?revision=7")).status_code == 410
