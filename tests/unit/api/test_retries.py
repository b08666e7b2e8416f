"""A job that has ended is done again under /v2, as a new one of the same recording."""

from typing import Any

import pytest

from support.api_builders import JOB_ID, NAMESPACE, Api, make_spec, make_status
from waas_contract.job_status import Phase
from waas_contract.object_keys import audio_key
from waas_contract.transcription_job import Source

JSON = {"content-type": "application/json"}


def put_failed(api: Api, **changes: Any) -> str:
    """Have a job that failed and its recording; returns the recording's key."""
    spec = make_spec("Blåbær.mp3", owner="ada", language="no", word_timestamps=True, **changes)
    api.jobs.put(JOB_ID, spec, make_status(Phase.FAILED), labels={"project": "news"})
    api.storage.objects[spec.source.key] = b"sound"
    return spec.source.key


async def test_a_retry_is_a_new_job_of_the_same_recording() -> None:
    api = Api(ids=["second"])
    old_key = put_failed(api)

    answer = await api.request("POST", f"/v2/jobs/{JOB_ID}/retry")

    assert (answer.status_code, answer.headers["location"]) == (201, "/v2/jobs/second")
    assert (answer.json()["retryOf"], answer.json()["owner"]) == (JOB_ID, "ada")
    job = api.jobs.jobs["second"]
    key = audio_key(NAMESPACE, "second", "Blåbær.mp3")
    assert job.spec == api.jobs.jobs[JOB_ID].spec.model_copy(
        update={"retry_of": JOB_ID, "source": Source(key=key, file_name="Blåbær.mp3")}
    )
    assert job.metadata.labels == {"project": "news"}
    await api.request("DELETE", f"/v2/jobs/{JOB_ID}")
    assert old_key not in api.storage.objects
    assert api.storage.objects[key] == b"sound"


async def test_a_retry_may_ask_for_something_else() -> None:
    api = Api(ids=["second"])
    put_failed(api, cancelled=True, suspend=True)
    changes = b'{"model":"base","language":null,"decoding":{"beamSize":5}}'

    await api.request("POST", f"/v2/jobs/{JOB_ID}/retry", changes, JSON)

    spec = api.jobs.jobs["second"].spec
    assert (spec.model, spec.language, spec.word_timestamps) == ("base", None, True)
    assert spec.decoding is not None
    assert spec.decoding.beam_size == 5
    assert (spec.cancelled, spec.suspend) == (False, False)


@pytest.mark.parametrize(
    ("body", "status", "name"),
    [
        (b'{"model":"huge"}', 400, "unknown-model"),
        (b'{"model":"tiny.en"}', 400, "english-only-model"),
        (b'{"owner":"eve"}', 400, "invalid-request"),
        (b'{"language":"elvish"}', 400, "invalid-request"),
        (b'{"source":{"key":"other/a"}}', 400, "invalid-request"),
    ],
)
async def test_a_retry_that_does_not_fit_makes_nothing(body: bytes, status: int, name: str) -> None:
    api = Api(ids=["second"])
    key = put_failed(api)

    answer = await api.request("POST", f"/v2/jobs/{JOB_ID}/retry", body, JSON)

    assert (answer.status_code, answer.json()["type"]) == (status, f"tag:waas.dev,2026:{name}")
    assert set(api.jobs.jobs) == {JOB_ID}
    assert set(api.storage.objects) == {key}


async def test_a_job_that_has_not_ended_is_not_retried() -> None:
    api = Api()
    api.jobs.put(JOB_ID, make_spec(), make_status(Phase.RUNNING))

    answer = await api.request("POST", f"/v2/jobs/{JOB_ID}/retry")

    assert (answer.status_code, answer.json()["title"]) == (409, "The job has not ended")


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("it is gone", None),
        ("it is another tenant's", Source(key="team-b/x/audio/a")),
        ("it lies elsewhere", Source(bucket="archive", key="a")),
    ],
)
async def test_a_retry_needs_a_recording_of_the_tenants_own(
    sentence: str, source: Source | None
) -> None:
    api = Api(ids=["second"])
    spec = make_spec() if source is None else make_spec(source=source)
    api.jobs.put(JOB_ID, spec, make_status(Phase.FAILED))
    api.storage.objects["team-b/x/audio/a"] = b"another's"

    for method, path in (("POST", "retry"), ("GET", "audio")):
        answer = await api.request(method, f"/v2/jobs/{JOB_ID}/{path}")

        assert answer.status_code == 410, sentence
        assert answer.json()["type"] == "tag:waas.dev,2026:audio-missing"
    assert set(api.jobs.jobs) == {JOB_ID}
