"""The operator against a real API server, Job controller and store, with real speech."""

import json
from collections.abc import Callable

import pytest
from minio import Minio
from support.kubernetes_api import (
    Resource,
    jobs_path,
    secrets_path,
    transcription_job_resource,
    transcription_jobs_path,
)
from support.pod_runner import PodRunner
from support.service import BUCKET, OperatorProcess, Tenant
from support.speech import librivox_clip
from support.waiting import wait_until
from waas_contract.manifest import Manifest
from waas_contract.object_keys import manifest_key

pytestmark = pytest.mark.integration

CLIP = librivox_clip("0870")


def put_clip(store: Minio, tenant: Tenant, name: str) -> str:
    key = f"{tenant.namespace}/by-hand/{name}.flac"
    store.fput_object(BUCKET, key, str(CLIP.path))
    return key


def create(tenant: Tenant, name: str, **spec: object) -> None:
    tenant.api.create(
        transcription_jobs_path(tenant.namespace), transcription_job_resource(name, **spec)
    )


def wait_for_end(get: Callable[[str], Resource], name: str) -> Resource:
    def is_over() -> Resource | None:
        found = get(name)
        phase = found.get("status", {}).get("phase")
        return found if phase in ("Succeeded", "Failed", "Cancelled") else None

    return wait_until(is_over, f"{name} is over")


def succeeded(resource: Resource) -> Resource:
    conditions = resource["status"]["conditions"]
    condition: Resource = next(each for each in conditions if each["type"] == "Succeeded")
    return condition


def test_audio_put_by_hand_is_transcribed_when_a_resource_names_it(
    tenant: Tenant,
    operator: OperatorProcess,
    pod_runner: PodRunner,
    object_store: Minio,
    get_transcription_job: Callable[[str], Resource],
) -> None:
    operator.start()
    key = put_clip(object_store, tenant, "clip")
    create(tenant, "by-hand", source={"key": key}, model="tiny.en")

    resource = wait_for_end(get_transcription_job, "by-hand")

    assert succeeded(resource)["status"] == "True", pod_runner.runs
    assert resource["status"]["progress"]["percent"] == 100
    manifest = Manifest.model_validate_json(
        object_store.get_object(BUCKET, manifest_key(tenant.namespace, "by-hand")).read()
    )
    formats = {str(file.format) for file in manifest.files}
    assert formats == {"json", "srt", "vtt", "txt", "tsv"}
    for file in manifest.files:
        assert object_store.stat_object(BUCKET, file.key).size == file.bytes
    assert len(tenant.api.items(jobs_path(tenant.namespace))) == 1
    assert tenant.api.items(secrets_path(tenant.namespace)) == []
    assert "X-Amz-Signature" not in json.dumps([run.output for run in pod_runner.runs])
