"""Whose jobs they are, who else may see them, and how all of one's own are deleted."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from support.api_builders import (
    JOB_ID,
    NAMESPACE,
    TRANSCRIPT,
    Api,
    make_manifest,
    make_spec,
    make_status,
)
from support.fake_object_storage import FakeObjectStorage
from support.fake_transcription_jobs import CREATION_TIME, FakeTranscriptionJobs
from support.logins import LINK_SECRET, GuardedApi, job_path, make_entry
from waas_api.access.callers import SharedJob
from waas_api.access.links import Link, sign_link, verify_link
from waas_api.errors import InvalidLink
from waas_api.jobs.erasure import Erasure, erase_jobs_of
from waas_contract.job_status import Phase
from waas_contract.object_keys import audio_key, manifest_key
from waas_contract.transcription_job import TranscriptionJob


@pytest.fixture
def api(tmp_path: Path) -> GuardedApi:
    return GuardedApi(tmp_path)


def finish(api: GuardedApi, owner: str | None = "anna") -> None:
    """Have a job that succeeded, with its results."""
    spec = make_spec(owner=owner)
    content = TRANSCRIPT.model_dump_json(exclude_none=True).encode()
    manifest = make_manifest(spec, content)
    api.jobs.put(JOB_ID, spec, make_status(Phase.SUCCEEDED))
    api.storage.objects[manifest_key(NAMESPACE, JOB_ID)] = manifest.model_dump_json(
        by_alias=True, exclude_none=True
    ).encode()
    api.storage.objects[manifest.files[0].key] = content


@pytest.mark.parametrize("path", ["/v2/jobs?", "/v1/transcribe?email_callback=&"])
async def test_an_owner_comes_from_the_login_and_never_from_the_request(
    api: GuardedApi, path: str
) -> None:
    await api.request(
        "POST", f"{path}file_name=a.mp3", owner="anna", content=b"sound", headers={"X-Owner": "bo"}
    )

    [job] = api.jobs.jobs.values()
    assert job.spec.owner == "anna"


async def list_ids(api: GuardedApi, owner: str, query: str = "") -> tuple[list[str], str | None]:
    answer = (await api.request("GET", f"/v2/jobs{query}", owner=owner)).json()
    return [job["id"] for job in answer["jobs"]], answer["cursor"]


async def test_people_see_their_own_jobs_and_a_manager_those_of_all(api: GuardedApi) -> None:
    api.jobs.put("annas", make_spec(owner="anna"))
    api.jobs.put("bos", make_spec(owner="bo"))
    api.jobs.put("nobodys", make_spec())

    assert await list_ids(api, "anna") == (["annas"], None)
    assert (await list_ids(api, "boss"))[0] == ["nobodys", "bos", "annas"]
    assert await list_ids(api, "stranger") == ([], None)
    assert (await api.request("GET", job_path("nobodys"), owner="anna")).status_code == 404
    assert (await api.request("GET", job_path("bos"), owner="boss")).status_code == 200


async def test_pages_of_others_alone_are_passed_over(api: GuardedApi) -> None:
    for number in range(30):
        owner = "anna" if number % 10 == 0 else "bo"
        created = CREATION_TIME + timedelta(minutes=number)
        api.jobs.put(f"job-{number:02d}", make_spec(owner=owner), creation_time=created)

    seen: list[str] = []
    pages = 0
    cursor: str | None = ""
    while cursor is not None:
        position = f"&cursor={cursor}" if cursor else ""
        ids, cursor = await list_ids(api, "anna", f"?limit=2{position}")
        seen += ids
        pages += 1

    assert seen == ["job-20", "job-10", "job-00"]
    assert pages == 2


JSON = {"Content-Type": "application/json"}

PERMISSIONS = [
    ("GET", "/v2/jobs", "read"),
    ("GET", "/v2/models", "read"),
    ("GET", job_path(), "read"),
    ("GET", "/v1/queue", "read"),
    ("POST", "/v2/jobs", "create"),
    ("POST", "/v1/transcribe?email_callback=", "create"),
    ("POST", f"{job_path()}/cancel", "change"),
    ("POST", f"{job_path()}/links", "change"),
    ("DELETE", job_path(), "delete"),
    ("DELETE", "/v2/jobs?owner=me", "delete"),
]


@pytest.mark.parametrize(("method", "path", "needed"), PERMISSIONS)
async def test_who_may_not_do_it_is_told_so(
    tmp_path: Path, method: str, path: str, needed: str
) -> None:
    everything = ["read", "create", "change", "delete"]
    without = [each for each in everything if each != needed]
    api = GuardedApi(tmp_path, [make_entry("anna", permissions=without)])
    api.jobs.put(JOB_ID, make_spec(owner="anna"), make_status(Phase.SUCCEEDED))
    before = dict(api.jobs.jobs)

    content = b"sound" if needed == "create" else None
    answer = await api.request(method, path, owner="anna", content=content)

    assert answer.status_code == 403
    assert f"You may not {needed}" in answer.text
    assert api.jobs.jobs == before


# Links


async def make_link(api: GuardedApi, body: bytes | None = None) -> str:
    answer = await api.request(
        "POST", f"{job_path()}/links", owner="anna", content=body, headers=JSON
    )
    assert answer.status_code == 201, answer.text
    link: str = answer.json()["link"]
    return link


async def test_a_link_shows_a_job_and_its_results_to_anybody(api: GuardedApi) -> None:
    finish(api)
    link = await make_link(api)

    job = await api.request("GET", f"{job_path()}?link={link}")
    result = await api.request("GET", f"{job_path()}/results/srt?link={link}")

    assert (job.status_code, result.status_code) == (200, 200)
    assert "Hei." in result.text
    for answer in (job, result):
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"


async def test_a_link_ends_with_its_time(api: GuardedApi) -> None:
    finish(api)
    link = await make_link(api, b'{"lifetimeSeconds": 60}')

    api.now += timedelta(seconds=59)
    before = await api.request("GET", f"{job_path()}?link={link}")
    api.now += timedelta(seconds=1)
    after = await api.request("GET", f"{job_path()}?link={link}")

    assert (before.status_code, after.status_code) == (200, 403)
    assert after.json()["type"] == "tag:waas.dev,2026:invalid-link"


async def test_a_link_ends_with_its_job(api: GuardedApi) -> None:
    finish(api)
    link = await make_link(api)

    created = CREATION_TIME + timedelta(seconds=1)
    api.jobs.put(JOB_ID, make_spec(owner="anna"), creation_time=created)

    assert (await api.request("GET", f"{job_path()}?link={link}")).status_code == 404


async def test_a_link_of_a_tenant_that_is_served_no_longer_leads_nowhere(api: GuardedApi) -> None:
    link = Link("closed-desk", SharedJob(JOB_ID, CREATION_TIME), api.now + timedelta(days=1))

    answer = await api.request("GET", f"{job_path()}?link={sign_link(link, LINK_SECRET)}")

    assert answer.status_code == 404


async def test_a_login_counts_before_a_link(api: GuardedApi) -> None:
    finish(api)
    link = await make_link(api)

    answer = await api.request("GET", f"{job_path()}?link={link}", owner="bo")

    assert answer.status_code == 404


async def test_a_link_lives_no_longer_than_an_administrator_allows(tmp_path: Path) -> None:
    api = GuardedApi(tmp_path, changes={"longest_link_seconds": 3600})
    finish(api)

    too_long = await api.request(
        "POST",
        f"{job_path()}/links",
        owner="anna",
        content=b'{"lifetimeSeconds": 3601}',
        headers=JSON,
    )

    assert too_long.status_code == 400
    assert "at most 3600" in too_long.text


async def test_without_a_secret_there_are_no_links(tmp_path: Path) -> None:
    api = GuardedApi(tmp_path, changes={"link_secret": None})
    finish(api)
    link = Link(NAMESPACE, SharedJob(JOB_ID, CREATION_TIME), api.now + timedelta(days=1))
    foreign = sign_link(link, LINK_SECRET)

    made = await api.request("POST", f"{job_path()}/links", owner="anna")
    followed = await api.request("GET", f"{job_path()}?link={foreign}")

    assert (made.status_code, followed.status_code) == (403, 403)
    assert made.json()["type"] == "tag:waas.dev,2026:links-off"
    assert "WAAS_LINK_SECRET" in made.json()["detail"]


LINK = Link(NAMESPACE, SharedJob(JOB_ID, CREATION_TIME), CREATION_TIME + timedelta(days=1))


def test_a_link_comes_back_as_it_was_signed() -> None:
    assert verify_link(sign_link(LINK, LINK_SECRET), LINK_SECRET, now=CREATION_TIME) == LINK


SIGNED = sign_link(LINK, LINK_SECRET)
PAYLOAD, SIGNATURE = SIGNED.split(".")
FORGED = [
    ("nothing", ""),
    ("a payload alone", PAYLOAD),
    ("no signature", f"{PAYLOAD}."),
    ("a signature alone", f".{SIGNATURE}"),
    ("another payload", f"{PAYLOAD[:-2]}AA.{SIGNATURE}"),
    ("another signature", f"{PAYLOAD}.{'A' * len(SIGNATURE)}"),
    ("another secret", sign_link(LINK, "x" * 40)),
    ("more of it", f"{SIGNED}."),
    ("padding", f"{SIGNED}="),
    ("no base64", f"{PAYLOAD}.{SIGNATURE[:-1]}!"),
    ("letters of elsewhere", f"{PAYLOAD}.{SIGNATURE[:-1]}é"),
    ("a whole book", "a" * 100_000),
]


@pytest.mark.parametrize("text", [pytest.param(each[1], id=each[0]) for each in FORGED])
def test_a_forged_link_is_refused(text: str) -> None:
    with pytest.raises(InvalidLink):
        verify_link(text, LINK_SECRET, now=CREATION_TIME)


# All of one's own


class EndingJobs(FakeTranscriptionJobs):
    """Lets a cancelled job end after some looks."""

    def __init__(self, looks: int) -> None:
        super().__init__(NAMESPACE)
        self._looks = looks

    async def get(self, name: str) -> TranscriptionJob:
        job = await super().get(name)
        if job.spec.cancelled and not job.phase.is_final:
            self._looks -= 1
            if self._looks <= 0:
                return self.put(name, job.spec, make_status(Phase.CANCELLED))
        return job


class Time:
    """Passes while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def erase(jobs: FakeTranscriptionJobs, storage: FakeObjectStorage) -> Erasure:
    time = Time()
    return await erase_jobs_of(
        "anna", storage, jobs, longest_seconds=5, monotonic=time.monotonic, sleep=time.sleep
    )


def put(
    jobs: FakeTranscriptionJobs, storage: FakeObjectStorage, name: str, owner: str, phase: Phase
) -> None:
    jobs.put(name, make_spec(owner=owner), make_status(phase))
    storage.objects[audio_key(NAMESPACE, name, "a.mp3")] = b"sound"


async def test_all_of_ones_own_go_and_nothing_of_others() -> None:
    jobs, storage = EndingJobs(looks=4), FakeObjectStorage()
    put(jobs, storage, "done", "anna", Phase.SUCCEEDED)
    put(jobs, storage, "running", "anna", Phase.RUNNING)
    put(jobs, storage, "bos", "bo", Phase.RUNNING)

    assert await erase(jobs, storage) == Erasure(deleted=2, remaining=0)

    assert list(jobs.jobs) == ["bos"]
    assert not jobs.jobs["bos"].spec.cancelled
    assert list(storage.objects) == [audio_key(NAMESPACE, "bos", "a.mp3")]


async def test_what_does_not_end_in_time_is_cancelled_and_goes_the_next_time() -> None:
    jobs, storage = EndingJobs(looks=14), FakeObjectStorage()
    put(jobs, storage, "done", "anna", Phase.FAILED)
    put(jobs, storage, "running", "anna", Phase.RUNNING)

    assert await erase(jobs, storage) == Erasure(deleted=1, remaining=1)
    assert jobs.jobs["running"].spec.cancelled
    assert await erase(jobs, storage) == Erasure(deleted=1, remaining=0)
    assert await erase(jobs, storage) == Erasure(deleted=0, remaining=0)


async def test_however_many_they_are_they_go() -> None:
    jobs, storage = FakeTranscriptionJobs(NAMESPACE), FakeObjectStorage()
    for number in range(1100):
        jobs.put(f"job-{number:04d}", make_spec(owner="anna"), make_status(Phase.SUCCEEDED))

    assert await erase(jobs, storage) == Erasure(deleted=1100, remaining=0)


class CountingJobs(FakeTranscriptionJobs):
    """Counts how often each job is asked for."""

    def __init__(self) -> None:
        super().__init__(NAMESPACE)
        self.asked: Counter[str] = Counter()

    async def get(self, name: str) -> TranscriptionJob:
        self.asked[name] += 1
        return await super().get(name)


async def test_what_has_ended_is_read_once_and_never_cancelled() -> None:
    jobs, storage = CountingJobs(), FakeObjectStorage()
    for name in ("one", "another"):
        put(jobs, storage, name, "anna", Phase.SUCCEEDED)

    assert await erase(jobs, storage) == Erasure(deleted=2, remaining=0)

    assert jobs.asked == {"one": 1, "another": 1}


async def test_the_route_says_how_many_are_gone(api: GuardedApi) -> None:
    finish(api)
    api.jobs.put("bos", make_spec(owner="bo"))

    answer = await api.request("DELETE", "/v2/jobs?owner=me", owner="anna")

    assert (answer.status_code, answer.json()) == (200, {"deleted": 1, "remaining": 0})
    assert list(api.jobs.jobs) == ["bos"]
    assert api.storage.objects == {}


@pytest.mark.parametrize("query", ["", "?owner=bo", "?owner="])
async def test_nobody_deletes_all_jobs_by_mistake(api: GuardedApi, query: str) -> None:
    api.jobs.put("bos", make_spec(owner="bo"))

    answer = await api.request("DELETE", f"/v2/jobs{query}", owner="boss")

    assert answer.status_code == 400
    assert "bos" in api.jobs.jobs


async def test_where_nobody_logs_in_nothing_is_anybodys_own() -> None:
    api = Api()
    api.jobs.put("somebodys", make_spec())

    answer = await api.request("DELETE", "/v2/jobs?owner=me")

    assert answer.status_code == 400
    assert "Nobody logs in here" in answer.json()["detail"]
    assert "somebodys" in api.jobs.jobs
