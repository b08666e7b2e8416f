"""What a client can rely on, whichever back end it speaks to: each test runs on both."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.back_ends import MODEL, BackEnd, in_new_namespace, on_one_machine
from support.calls import SPEAKERS, said_by, write_call
from support.speech import librivox_clip
from support.spoken_words import count_word_errors, words_of, words_of_captions

pytestmark = pytest.mark.integration

CLIP = librivox_clip("0870")


@pytest.fixture(scope="module", params=["kubernetes", "one machine"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, weights: Path
) -> Iterator[BackEnd]:
    folder = tmp_path_factory.mktemp("service") / "folder"
    if request.param == "one machine":
        with on_one_machine(folder, weights) as back_end:
            yield back_end
    else:
        with in_new_namespace(request, folder, weights) as back_end:
            yield back_end


@pytest.fixture(scope="module")
def finished(service: BackEnd) -> str:
    """The id of a job that has succeeded."""
    job_id = service.upload(CLIP.path, "Blåbær (1).flac", word_timestamps="true")
    assert service.wait_for_end(job_id)["phase"] == "Succeeded"
    return job_id


def test_it_says_what_it_is_and_what_it_can(service: BackEnd) -> None:
    assert service.rest.get("/v2").json()["service"] == "waas"
    models = service.rest.get("/v2/models").json()
    assert MODEL in [model["name"] for model in models["models"]]
    for path in ("/healthz", "/readyz"):
        assert service.rest.get(path).status_code == 200


def test_a_job_is_shown_with_all_that_was_asked_and_learnt(service: BackEnd, finished: str) -> None:
    job = service.job(finished)

    assert job["fileName"] == "Blåbær (1).flac"
    assert (job["phase"], job["progress"], job["attempts"]) == ("Succeeded", 100, 1)
    assert job["wordTimestamps"] is True
    assert job["audio"]["durationSeconds"] == pytest.approx(CLIP.duration_seconds, abs=0.1)
    assert job["creationTime"] <= job["startTime"] <= job["completionTime"]


def _spoken_in(output: str, answer: httpx.Response) -> str:
    if output == "json":
        return str(answer.json()["text"])
    if output == "jojo":
        return " ".join(segment["text"] for segment in answer.json()["segments"])
    if output == "tsv":
        return " ".join(line.split("\t")[2] for line in answer.text.splitlines()[1:])
    return " ".join(words_of_captions(answer.text))


@pytest.mark.parametrize("output", ["txt", "srt", "vtt", "tsv", "json", "jojo", "timecode_txt"])
def test_a_result_says_what_was_spoken(service: BackEnd, finished: str, output: str) -> None:
    answer = service.rest.get(f"/v2/jobs/{finished}/results/{output}")

    assert answer.status_code == 200
    assert "UTF-8''Bl%C3%A5b%C3%A6r%20%281%29" in answer.headers["content-disposition"]
    spoken = _spoken_in(output, answer)
    assert count_word_errors(spoken, CLIP.text) <= len(words_of(CLIP.text)) // 5


def test_speakers_are_told_by_channel_and_by_the_names_that_people_give_them(
    service: BackEnd, tmp_path: Path
) -> None:
    call = write_call(tmp_path / "call.mp3")
    job_id = service.upload(call, "call.mp3", speakers_by_channel="true")
    assert service.wait_for_end(job_id)["speakersByChannel"] is True
    answer = service.rest.get(f"/v2/jobs/{job_id}/transcript")
    segments = answer.json()["segments"]
    for speaker in SPEAKERS:
        heard = " ".join(each["text"] for each in segments if each["speaker"] == speaker)
        assert count_word_errors(heard, said_by(speaker)) <= len(words_of(said_by(speaker))) // 5

    named = [{**each, "speaker": each["speaker"].replace("Speaker 2", "Åse")} for each in segments]
    saved = service.rest.put(
        f"/v2/jobs/{job_id}/transcript",
        json={"segments": named},
        headers={"If-Match": answer.headers["etag"]},
    )
    assert saved.status_code == 200, saved.text
    texts = {
        output: service.rest.get(f"/v2/jobs/{job_id}/results/{output}").text
        for output in ("srt", "vtt", "txt", "tsv")
    }
    assert texts["txt"].startswith("Speaker 1: And")
    assert "\nÅse: " in texts["txt"]
    assert "\nÅse: " in texts["srt"]
    assert "\n<v Åse>" in texts["vtt"]
    assert texts["tsv"].splitlines()[0].endswith("\tspeaker")
    assert texts["tsv"].count("\tÅse\n") == texts["txt"].count("Åse: ")


def test_the_old_routes_know_the_same_job(service: BackEnd, finished: str) -> None:
    job = service.rest.get(f"/v1/jobs/{finished}").json()
    subtitles = service.rest.get(f"/v1/download/{finished}")

    assert (job["status"], job["progress"]) == ("finished", 100)
    assert subtitles.headers["content-disposition"] == 'attachment; filename="Blabaer__1__flac.srt"'
    assert subtitles.text.startswith("1\n00:00:0")


def test_what_is_no_audio_fails_with_a_reason(service: BackEnd) -> None:
    job_id = service.upload(b"\0This is no sound.", "notes.mp3")

    job = service.wait_for_end(job_id)

    assert (job["phase"], job["reason"]) == ("Failed", "BadAudio")
    refusal = service.rest.get(f"/v2/jobs/{job_id}/results/srt")
    assert (refusal.status_code, refusal.headers["content-type"]) == (
        409,
        "application/problem+json",
    )
    assert service.rest.get(f"/v1/download/{job_id}").status_code == 500


REFUSALS = [
    ("no model of that name", "POST", "/v2/jobs?model=huge", 400, "unknown-model"),
    ("no language of that name", "POST", "/v2/jobs?language=klingon", 400, "unknown-language"),
    ("an English model cannot translate", "POST", f"/v2/jobs?model={MODEL}&task=translate", 400,
     "english-only-model"),
    ("an empty body", "POST", "/v2/jobs", 400, "no-recording"),
    ("no job of that id", "GET", "/v2/jobs/nobody", 404, "job-not-found"),
    ("an id that can be none", "GET", "/v2/jobs/Nobody%20at%20all", 404, "job-not-found"),
    ("no such job to cancel", "POST", "/v2/jobs/nobody/cancel", 404, "job-not-found"),
    ("no such job to delete", "DELETE", "/v2/jobs/nobody", 404, "job-not-found"),
    ("no page begins there", "GET", "/v2/jobs?cursor=nowhere", 400, "invalid-cursor"),
    ("a page without end", "GET", "/v2/jobs?limit=100000", 400, "invalid-request"),
    ("no such route", "GET", "/v2/nothing", 404, "not-found"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "status", "name"),
    [pytest.param(*case[1:], id=case[0]) for case in REFUSALS],
)
def test_a_refusal_is_told_in_the_same_words(
    service: BackEnd, method: str, path: str, status: int, name: str
) -> None:
    answer = service.rest.request(method, path, headers={"Content-Type": "audio/flac"})

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"].endswith(f":{name}")
    assert problem["detail"]


def test_jobs_are_listed_page_by_page_and_each_once(service: BackEnd, finished: str) -> None:
    others = {service.upload(CLIP.path) for _ in range(2)}

    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": "1"} | ({"cursor": cursor} if cursor else {})
        page = service.rest.get("/v2/jobs", params=query).json()
        seen += [job["id"] for job in page["jobs"]]
        cursor = page["cursor"]
        if cursor is None:
            break

    assert others | {finished} <= set(seen)
    assert len(seen) == len(set(seen))
    for job_id in others:
        service.wait_for_end(job_id)


def test_a_cancelled_job_ends_and_a_deleted_one_is_gone(service: BackEnd) -> None:
    ids = [service.upload(CLIP.path) for _ in range(3)]

    assert service.rest.post(f"/v2/jobs/{ids[2]}/cancel").json()["cancelled"] is True

    assert service.wait_for_end(ids[2])["phase"] == "Cancelled"
    assert service.rest.get(f"/v2/jobs/{ids[2]}/results/srt").status_code == 409
    assert service.rest.delete(f"/v2/jobs/{ids[2]}").status_code == 204
    assert service.rest.get(f"/v2/jobs/{ids[2]}").status_code == 404
    for job_id in ids[:2]:
        assert service.wait_for_end(job_id)["phase"] == "Succeeded"
