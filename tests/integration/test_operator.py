"""The operator against a real API server, Job controller and store, with real speech."""

import json
import subprocess
from pathlib import Path

import pytest

from support.desk import Desk, condition
from support.kubernetes_api import (
    jobs_path,
    pods_path,
    secrets_path,
    transcription_job_resource,
    transcription_jobs_path,
)
from support.pod_runner import PodRunner
from support.service import BUCKET, OperatorProcess, Tenant
from support.speech import librivox_clip
from support.spoken_words import words_of
from support.waiting import wait_until
from waas_contract.object_keys import result_key

pytestmark = pytest.mark.integration

CLIP = librivox_clip("0870")
OK = ("True", "Completed")


def end_of(resource: dict[str, object]) -> tuple[str, str]:
    succeeded = condition(resource, "Succeeded")
    return succeeded.get("status", ""), succeeded.get("reason", "")


def test_audio_put_by_hand_is_transcribed_when_a_resource_names_it(
    desk: Desk, operator: OperatorProcess, pod_runner: PodRunner, kubectl: list[str]
) -> None:
    operator.start()
    source = {"key": desk.put_audio("clip", CLIP)}
    resource = transcription_job_resource("a", source=source, model="base", language="en")
    apply = [*kubectl, "-n", desk.tenant.namespace, "apply", "-f", "-"]
    subprocess.run(apply, input=json.dumps(resource), text=True, check=True)

    resource = desk.wait_for_end("a")

    assert end_of(resource) == OK, pod_runner.runs
    text = next(each for each in resource["status"]["results"]["files"] if each["format"] == "txt")
    assert words_of(desk.read(text["key"]).decode()) == words_of(CLIP.text)
    manifest = desk.manifest("a")
    assert {str(file.format) for file in manifest.files} == {"json", "srt", "vtt", "txt", "tsv"}
    for file in manifest.files:
        assert len(desk.read(file.key)) == file.bytes
    assert [run.exit_code for run in pod_runner.runs] == [0]
    assert len(desk.jobs()) == 1
    command = [*kubectl, "-n", desk.tenant.namespace, "get", "tj", "a", "--no-headers"]
    row = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert row[:5] == ["a", "Succeeded", "100", "base", "Completed"]


def test_the_urls_are_gone_when_the_job_is_over_and_were_never_logged(
    desk: Desk, tenant: Tenant, operator: OperatorProcess, pod_runner: PodRunner
) -> None:
    program = operator.start()
    desk.create("a", source={"key": desk.put_audio("clip", CLIP)}, model="tiny.en")

    resource = desk.wait_for_end("a")

    assert desk.tenant.api.items(secrets_path(desk.tenant.namespace)) == []
    said = json.dumps(resource) + program.output() + "".join(r.output for r in pod_runner.runs)
    assert "X-Amz" not in said
    assert tenant.minio_server.secret_key not in said


def test_the_pod_gets_no_credentials_but_its_urls(
    desk: Desk, tenant: Tenant, operator: OperatorProcess
) -> None:
    operator.start()
    desk.create("a", source={"key": desk.put_audio("clip", CLIP)})

    pods = wait_until(
        lambda: desk.tenant.api.items(pods_path(desk.tenant.namespace)), "there is a pod"
    )

    spec = pods[0]["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert [volume["name"] for volume in spec["volumes"]] == ["urls", "scratch", "models"]
    assert tenant.minio_server.secret_key not in json.dumps(pods)


PERMANENT_FAILURES = [
    ("a text file", b"This is no recording.", "tiny.en", "BadAudio"),
    ("an object that is not there", None, "tiny.en", "SourceNotFound"),
    ("a model that is not in the cache", b"any", "small", "ModelNotFound"),
]


@pytest.mark.parametrize(
    ("content", "model", "reason"),
    [pytest.param(*case[1:], id=case[0]) for case in PERMANENT_FAILURES],
)
def test_a_permanent_failure_ends_the_job_at_once(
    desk: Desk,
    operator: OperatorProcess,
    pod_runner: PodRunner,
    tmp_path: Path,
    content: bytes | None,
    model: str,
    reason: str,
) -> None:
    operator.start()
    key = f"{desk.tenant.namespace}/by-hand/file.mp3"
    if content is not None:
        file = tmp_path / "file.mp3"
        file.write_bytes(content)
        desk.store.fput_object(BUCKET, key, str(file))
    desk.create("a", source={"key": key, "fileName": "file.mp3"}, model=model)

    resource = desk.wait_for_end("a")

    assert resource["status"]["phase"] == "Failed"
    assert end_of(resource) == ("False", reason)
    message = condition(resource, "Succeeded")["message"]
    assert len(message.split()) > 3
    assert "Traceback" not in message
    assert len(pod_runner.runs) == 1
    assert resource["status"]["lastFailure"]["podName"] == pod_runner.runs[0].pod_name


REFUSALS = [
    ("another namespace's object", {"source": {"key": "other/a/audio/x.mp3"}}, "SourceForbidden"),
    ("a namespace that begins alike", {"source": {"key": "{ns}x/a.mp3"}}, "SourceForbidden"),
    (
        "a bucket that nobody listed",
        {"source": {"bucket": "payroll", "key": "{ns}/a.mp3"}},
        "SourceForbidden",
    ),
    (
        "a profile that nobody made",
        {"source": {"key": "{ns}/a.mp3"}, "profile": "huge"},
        "ProfileNotFound",
    ),
]


@pytest.mark.parametrize(
    ("spec", "reason"), [pytest.param(*case[1:], id=case[0]) for case in REFUSALS]
)
def test_what_is_not_allowed_is_refused_before_any_job(
    desk: Desk, operator: OperatorProcess, spec: dict[str, object], reason: str
) -> None:
    operator.start()
    desk.create("a", **json.loads(json.dumps(spec).replace("{ns}", desk.tenant.namespace)))

    resource = desk.wait_for_end("a")

    accepted = condition(resource, "Accepted")
    assert (accepted["status"], accepted["reason"]) == ("False", reason)
    assert accepted["message"].startswith("spec.")
    assert end_of(resource) == ("False", reason)
    assert desk.jobs() == []
    assert desk.tenant.api.items(secrets_path(desk.tenant.namespace)) == []


def test_a_job_without_a_node_says_why_it_waits(desk: Desk, operator: OperatorProcess) -> None:
    operator.start()
    desk.create("a", source={"key": desk.put_audio("clip", CLIP)})

    resource = desk.wait_for(
        "a",
        "is unschedulable",
        lambda found: condition(found, "Started").get("reason") == "Unschedulable",
    )

    assert resource["status"]["phase"] == "Queued"
    assert "node" in condition(resource, "Started")["message"]


def test_a_suspended_job_starts_when_it_is_resumed(
    desk: Desk, operator: OperatorProcess, pod_runner: PodRunner
) -> None:
    operator.start()
    desk.create("a", source={"key": desk.put_audio("clip", CLIP)}, model="tiny.en", suspend=True)
    desk.wait_for_phase("a", "Suspended")
    wait_until(desk.jobs, "the Job is there")
    assert pod_runner.runs == []

    desk.change("a", suspend=False)

    assert end_of(desk.wait_for_end("a")) == OK


def test_a_cancelled_job_ends_and_its_job_is_gone(desk: Desk, operator: OperatorProcess) -> None:
    operator.start()
    desk.create("a", source={"key": desk.put_audio("clip", CLIP)})
    desk.wait_for_phase("a", "Queued")

    desk.change("a", cancelled=True)

    resource = desk.wait_for_end("a")
    assert resource["status"]["phase"] == "Cancelled"
    assert end_of(resource) == ("False", "Cancelled")
    assert desk.jobs() == []
    assert desk.tenant.api.items(pods_path(desk.tenant.namespace)) == []


def test_a_job_that_somebody_deletes_is_made_anew(
    desk: Desk, operator: OperatorProcess, pod_runner: PodRunner
) -> None:
    operator.start()
    desk.create("a", source={"key": desk.put_audio("clip", CLIP)}, model="tiny.en", suspend=True)
    first = wait_until(desk.jobs, "the Job is there")[0]

    desk.tenant.api.delete(jobs_path(desk.tenant.namespace, first["metadata"]["name"]))
    desk.change("a", suspend=False)

    assert end_of(desk.wait_for_end("a")) == OK
    assert [run.exit_code for run in pod_runner.runs] == [0]
    assert [job["metadata"]["uid"] for job in desk.jobs()] != [first["metadata"]["uid"]]


def test_a_restored_resource_is_done_by_its_manifest(
    desk: Desk, operator: OperatorProcess, pod_runner: PodRunner
) -> None:
    operator.start()
    spec = {"source": {"key": desk.put_audio("clip", CLIP)}, "model": "tiny.en"}
    desk.create("a", **spec)
    desk.wait_for_end("a")
    path = transcription_jobs_path(desk.tenant.namespace, "a")
    desk.tenant.api.delete(path)
    wait_until(lambda: desk.tenant.api.find(path) is None, "the resource is gone")

    desk.create("a", **spec)

    assert end_of(desk.wait_for_end("a")) == OK
    assert len(pod_runner.runs) == 1


def test_a_manifest_of_another_request_does_not_count(
    desk: Desk, operator: OperatorProcess, pod_runner: PodRunner
) -> None:
    operator.start()
    source = {"key": desk.put_audio("clip", CLIP)}
    desk.create("a", source=source, model="tiny.en")
    desk.wait_for_end("a")
    path = transcription_jobs_path(desk.tenant.namespace, "a")
    desk.tenant.api.delete(path)
    wait_until(lambda: desk.tenant.api.find(path) is None, "the resource is gone")

    desk.create("a", source=source, model="tiny.en", formats=["srt"])

    assert end_of(desk.wait_for_end("a")) == OK
    manifest = desk.manifest("a")
    assert {str(file.format) for file in manifest.files} == {"json", "srt"}
    assert manifest.attempt == 2
    assert len(pod_runner.runs) == 2
    for attempt in (1, 2):  # what was published once is never overwritten
        assert desk.read(result_key(desk.tenant.namespace, "a", attempt, manifest.files[1].format))


def test_a_foreign_job_of_the_same_name_is_left_alone(
    desk: Desk, operator: OperatorProcess, tenant: Tenant
) -> None:
    desk.create("a", source={"key": desk.put_audio("clip", CLIP)})
    uid = desk.get("a")["metadata"]["uid"]
    template = {
        "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]},
    }
    foreign = {"metadata": {"name": f"a-{uid[:8]}"}, "spec": {"template": template}}
    tenant.api.create(jobs_path(tenant.namespace), foreign)

    operator.start()

    assert end_of(desk.wait_for_end("a")) == ("False", "NameConflict")
    assert len(desk.jobs()) == 1
