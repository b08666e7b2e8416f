"""Whoever loses the cluster loses no transcript: TranscriptionJobs are made of records again."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.desk import Desk, condition
from support.fixtures import CRD_FILE, establish_custom_resource_definition
from support.kubernetes_api import Resource, transcription_jobs_path
from support.pod_runner import PodRunner
from support.quick_job import TRANSCRIPT
from support.service import BUCKET, OperatorProcess, Tenant
from support.waiting import wait_until
from waas_contract.formats import OutputFormat, render_transcript
from waas_contract.names import IMPORTED_ANNOTATION
from waas_contract.object_keys import manifest_key
from waas_contract.transcription_job import GROUP, PLURAL

pytestmark = pytest.mark.integration

IMPORT_RULES: list[Resource] = [
    {"apiGroups": [GROUP], "resources": [PLURAL], "verbs": ["create", "get"]},
    {"apiGroups": [GROUP], "resources": [f"{PLURAL}/status"], "verbs": ["update"]},
]
"""As docs/operations.md grants them for as long as it takes."""

CRD_PATH = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{PLURAL}.{GROUP}"


@pytest.fixture
def quick_pods(tenant: Tenant, tmp_path: Path) -> Iterator[PodRunner]:
    with PodRunner(
        tenant.api, tenant.namespace, tmp_path / "pods", tmp_path, module="support.quick_job"
    ) as runner:
        yield runner


def lose_all_transcription_jobs(tenant: Tenant) -> None:
    """Delete the CustomResourceDefinition, with which every resource goes; then make it anew."""
    assert CRD_FILE.exists()
    tenant.api.delete(CRD_PATH)
    wait_until(lambda: tenant.api.find(CRD_PATH) is None, "the definition is gone")
    establish_custom_resource_definition(tenant.api)
    path = transcription_jobs_path(tenant.namespace)
    wait_until(lambda: tenant.api.items(path) == [], "nothing is there")


def run_import(operator: OperatorProcess, kubeconfig: Path, *options: str) -> tuple[str, str]:
    """Import as a person would; returns what was printed and what was complained of."""
    ended = subprocess.run(
        [sys.executable, "-m", "waas_operator.record_import", *options],
        env={
            "PATH": os.environ["PATH"],
            **operator.variables(health_port=0),
            "KUBECONFIG": str(kubeconfig),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip(), ended.stderr


def create(desk: Desk, name: str, **spec: object) -> None:
    source = {"key": f"{desk.tenant.namespace}/{name}/audio/clip.flac"}
    desk.create(name, source=source, model="tiny.en", **spec)


def test_losing_the_cluster_loses_no_transcript(
    tenant: Tenant,
    desk: Desk,
    operator: OperatorProcess,
    quick_pods: PodRunner,
    rest: httpx.Client,
) -> None:
    program = operator.start()
    for name in ("good", "half", "lost"):
        create(desk, name)
    desk.create("elsewhere", source={"key": f"{tenant.namespace}/by-hand/a.flac"}, profile="huge")
    for name in ("stopped", "removed"):
        create(desk, name, cancelled=True)
    audio_key = f"{tenant.namespace}/stopped/audio/clip.flac"
    desk.store.put_object(BUCKET, audio_key, io.BytesIO(b"audio"), 5)
    names = ("good", "half", "lost", "elsewhere", "stopped", "removed")
    before = {name: desk.wait_for_end(name) for name in names}
    assert {condition(each, "Archived")["status"] for each in before.values()} == {"True"}
    program.stop()
    runs = len(quick_pods.runs)
    desk.store.remove_object(BUCKET, manifest_key(tenant.namespace, "lost"))

    lose_all_transcription_jobs(tenant)
    # Somebody began to import one, and died before its status was there.
    half = {key: before["half"][key] for key in ("apiVersion", "kind", "spec")}
    marked = {"name": "half", "annotations": {IMPORTED_ANNOTATION: "2026-11-26T00:00:00+00:00"}}
    tenant.api.create(transcription_jobs_path(tenant.namespace), {**half, "metadata": marked})
    kubeconfig = tenant.grant("import", IMPORT_RULES)
    counted, _ = run_import(operator, kubeconfig, "--dry-run")
    assert counted == "imported 4, already there 0, left out 2"
    printed, complaints = run_import(operator, kubeconfig)

    assert printed == "imported 4, already there 0, left out 2"
    assert f"left out: {tenant.namespace}/lost: its results are gone\n" in complaints
    assert f"{tenant.namespace}/removed: everything but the record was removed" in complaints
    for name in ("good", "half", "elsewhere", "stopped"):
        after = desk.get(name)
        assert after["status"] == before[name]["status"]
        assert after["spec"] == before[name]["spec"]
    heard = rest.get("/v1/download/good", params={"output": "srt"})
    assert heard.text == render_transcript(TRANSCRIPT, OutputFormat.SRT)
    assert run_import(operator, kubeconfig)[0] == "imported 0, already there 4, left out 2"

    operator.start()
    create(desk, "new")
    desk.wait_for_end("new")
    assert len(quick_pods.runs) == runs + 1, "what was imported runs no more"
