"""The API server refuses what the rules of the CustomResourceDefinition forbid."""

import subprocess
from typing import Any

import pytest

from support.kubernetes_api import (
    Refusal,
    Resource,
    transcription_job_resource,
    transcription_jobs_path,
)
from support.service import Tenant
from waas_contract.transcription_job import (
    MUTABLE_SPEC_FIELDS,
    TranscriptionJob,
    TranscriptionJobSpec,
)

pytestmark = pytest.mark.integration

SOURCE = {"key": "tenant/job/audio/clip.flac"}

REFUSED_AT_CREATION: list[tuple[str, str, dict[str, Any], str]] = [
    ("a name that is longer than a label's value", "n" * 64, {}, "metadata.name must be"),
    ("a name with a dot", "a.b", {}, "metadata.name must be"),
    ("a key from the root", "a", {"source": {"key": "/etc/passwd"}}, "spec.source.key"),
    ("a key with a way up", "a", {"source": {"key": "t/../o/a"}}, "spec.source.key"),
    ("a key that ends in a way up", "a", {"source": {"key": "t/.."}}, "spec.source.key"),
    ("a key with an empty part", "a", {"source": {"key": "t//a"}}, "spec.source.key"),
    ("a key that names a folder", "a", {"source": {"key": "t/a/"}}, "spec.source.key"),
    ("a key with a line end", "a", {"source": {"key": "t/a\nb"}}, "spec.source.key"),
    ("no source", "a", {"source": None}, "spec.source"),
    ("a source without a key", "a", {"source": {}}, "spec.source.key"),
    ("translation by an English model", "a", {"task": "translate", "model": "base.en"}, "task"),
    ("Norwegian for an English model", "a", {"language": "no", "model": "base.en"}, "language"),
    ("detection by an English model", "a", {"task": "detect", "model": "base.en"}, "task"),
    ("patience without beams", "a", {"decoding": {"patience": 1}}, "spec.decoding"),
    (
        "no candidate to look at",
        "a",
        {"decoding": {"beamSize": 1, "patience": 0.5}},
        "spec.decoding",
    ),
    (
        "temperatures without end",
        "a",
        {"decoding": {"temperatureIncrementOnFallback": 0.001}},
        "spec.decoding",
    ),
    ("a token that is none", "a", {"decoding": {"suppressTokens": [-2]}}, "suppressTokens"),
    ("an unknown task", "a", {"task": "summarise"}, "spec.task"),
    ("an unknown language", "a", {"language": "xx"}, "spec.language"),
    ("a model that is a path", "a", {"model": "../base"}, "spec.model"),
    ("an unknown format", "a", {"formats": ["docx"]}, "spec.formats"),
    ("a format twice", "a", {"formats": ["srt", "srt"]}, "spec.formats"),
    ("too many attempts", "a", {"backoffLimit": 11}, "spec.backoffLimit"),
    ("no time at all", "a", {"activeDeadlineSeconds": 0}, "spec.activeDeadlineSeconds"),
    ("a temperature of steam", "a", {"decoding": {"temperature": 100}}, "decoding.temperature"),
    ("a step of nothing", "a", {"decoding": {"patience": 0}}, "decoding.patience"),
    ("a line without room", "a", {"subtitles": {"maxLineWidth": 1}}, "subtitles.maxLineWidth"),
    ("a time to live below nothing", "a", {"ttlSecondsAfterFinished": -1}, "ttlSecondsAfter"),
    ("a retry of what cannot be a name", "a", {"retryOf": "A/b"}, "spec.retryOf"),
    ("an unknown priority", "a", {"priority": "urgent"}, "spec.priority"),
    ("a queue that cannot be a name", "a", {"queueName": "team/gpus"}, "spec.queueName"),
    ("a queue that is too long for a label", "a", {"queueName": "q" * 64}, "spec.queueName"),
    ("a prompt without end", "a", {"initialPrompt": "x" * 2001}, "spec.initialPrompt"),
]


@pytest.mark.parametrize(
    ("name", "spec", "field"),
    [pytest.param(*case[1:], id=case[0]) for case in REFUSED_AT_CREATION],
)
def test_creation_is_refused_with_the_name_of_the_field(
    tenant: Tenant, name: str, spec: Resource, field: str
) -> None:
    body = transcription_job_resource(name, **{"source": SOURCE, **spec})

    with pytest.raises(Refusal) as refusal:
        tenant.api.create(transcription_jobs_path(tenant.namespace), body)

    assert refusal.value.status == 422
    assert field in refusal.value.message


CHANGES: dict[str, Any] = {
    "source": {"key": "tenant/job/audio/other.flac"},
    "model": "small",
    "task": "translate",
    "language": "de",
    "initialPrompt": "Other names.",
    "wordTimestamps": True,
    "speakersByChannel": True,
    "decoding": {"beamSize": 5},
    "voiceActivity": {"enabled": False},
    "subtitles": {"maxLineWidth": 42},
    "formats": ["srt"],
    "profile": "large",
    "backoffLimit": 3,
    "activeDeadlineSeconds": 60,
    "queueDeadlineSeconds": 60,
    "owner": "kari",
    "retryOf": "earlier",
    "notifications": {"email": "b@example.org"},
}


def test_every_immutable_field_has_a_case() -> None:
    fields = {
        field.alias or name for name, field in TranscriptionJobSpec.model_fields.items()
    } - set(MUTABLE_SPEC_FIELDS)
    assert set(CHANGES) == fields


@pytest.mark.parametrize("field", CHANGES)
def test_a_field_cannot_be_changed_or_taken_away(tenant: Tenant, field: str) -> None:
    path = transcription_jobs_path(tenant.namespace)
    full = {
        "source": SOURCE,
        "model": "base",
        "language": "en",
        "initialPrompt": "Names.",
        "activeDeadlineSeconds": 30,
        "decoding": {"temperature": 0.5},
        "owner": "ola",
        "notifications": {"email": "a@example.org"},
    }
    tenant.api.create(path, transcription_job_resource("full", **full))
    tenant.api.create(path, transcription_job_resource("bare", source=SOURCE))

    for name, change in (("full", CHANGES[field]), ("bare", CHANGES[field])):
        with pytest.raises(Refusal, match=rf"spec\.{field}.*cannot be changed"):
            tenant.api.merge(f"{path}/{name}", {"spec": {field: change}})
    if field in full and field not in ("source", "model"):
        with pytest.raises(Refusal, match=rf"spec\.{field}.*cannot be changed"):
            tenant.api.merge(f"{path}/full", {"spec": {field: None}})


def test_what_hangs_on_no_result_can_be_changed_and_taken_away(tenant: Tenant) -> None:
    path = transcription_jobs_path(tenant.namespace)
    tenant.api.create(path, transcription_job_resource("a", source=SOURCE))

    for spec in (
        {
            "priority": "high",
            "queueName": "team.gpus",
            "ttlSecondsAfterFinished": 60,
            "ttlSecondsAfterFailure": 30,
        },
        {
            "priority": "low",
            "queueName": None,
            "ttlSecondsAfterFinished": None,
            "ttlSecondsAfterFailure": None,
        },
    ):
        changed = tenant.api.merge(f"{path}/a", {"spec": spec})["spec"]
        assert {name: changed.get(name) for name in spec} == spec


def test_defaults_that_the_api_server_adds_leave_the_digest_as_it_is(tenant: Tenant) -> None:
    spec = {"source": SOURCE, "decoding": {"beamSize": 5}, "voiceActivity": {}, "subtitles": {}}
    asked = TranscriptionJobSpec.model_validate(spec)

    kept = tenant.api.create(
        transcription_jobs_path(tenant.namespace), transcription_job_resource("a", **spec)
    )

    assert TranscriptionJobSpec.model_validate(kept["spec"]).digest() == asked.digest()


def test_suspension_changes_both_ways_and_cancellation_one_way(tenant: Tenant) -> None:
    path = transcription_jobs_path(tenant.namespace)
    tenant.api.create(path, transcription_job_resource("a", source=SOURCE))

    for is_suspended in (True, False):
        tenant.api.merge(f"{path}/a", {"spec": {"suspend": is_suspended}})
    tenant.api.merge(f"{path}/a", {"spec": {"cancelled": True}})

    with pytest.raises(Refusal, match=r"spec\.cancelled.*cannot be taken back"):
        tenant.api.merge(f"{path}/a", {"spec": {"cancelled": False}})


def test_the_defaults_of_the_server_are_those_of_the_models(tenant: Tenant) -> None:
    path = transcription_jobs_path(tenant.namespace)
    created = tenant.api.create(path, transcription_job_resource("a", source=SOURCE))

    stored = TranscriptionJob.model_validate(created)

    assert stored.spec == TranscriptionJobSpec.model_validate({"source": SOURCE})
    assert created["spec"]["model"] == "tiny"


def test_resources_are_selected_by_model_on_the_server(tenant: Tenant) -> None:
    path = transcription_jobs_path(tenant.namespace)
    for name, model in (("a", "base"), ("b", "small")):
        tenant.api.create(path, transcription_job_resource(name, source=SOURCE, model=model))

    found = tenant.api.items(path, fieldSelector="spec.model=small")

    assert [each["metadata"]["name"] for each in found] == ["b"]


def test_kubectl_knows_the_short_name_and_the_columns(tenant: Tenant, kubectl: list[str]) -> None:
    path = transcription_jobs_path(tenant.namespace)
    tenant.api.create(path, transcription_job_resource("a", source=SOURCE, model="base"))

    def run(*arguments: str) -> str:
        command = [*kubectl, "-n", tenant.namespace, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    header = run("get", "tj").splitlines()[0].split()
    assert header == ["NAME", "PHASE", "PROGRESS", "MODEL", "REASON", "AGE"]
    assert "transcriptionjob.waas.dev/a" in run("get", "waas", "-o", "name")
    assert "Code of the spoken language" in run("explain", "tj.spec.language")
