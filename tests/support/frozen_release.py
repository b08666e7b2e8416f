"""Objects as a release left them in a cluster: kept as files, and brought back for a later one.

    PYTHONPATH=tests python -m support.frozen_release 0.1.0

has the operator of this checkout take TranscriptionJobs into the states in which an upgrade may
find them, and writes what is in the cluster then to `tests/data/releases/0.1.0`.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from support.bare_servers import running_servers
from support.completed_jobs import build_manifest, completed_status
from support.desk import Desk
from support.kubernetes_api import (
    KubernetesApi,
    Resource,
    jobs_path,
    pods_path,
    transcription_jobs_path,
)
from support.service import BUCKET, Tenant, running_operator
from waas_contract.job_environment import JobEnvironment, JobItem
from waas_contract.names import CONTAINER_NAME
from waas_contract.object_keys import manifest_key

RELEASES = Path(__file__).parents[1] / "data" / "releases"
NAMESPACE = "frozen-release"
"""Always the same, for the digests of specs hang on it."""

_OF_THE_SERVER = ("managedFields", "resourceVersion", "creationTimestamp", "generation")
_OF_THE_CONTROLLER = ("controller-uid", "job-name")

_SPEC: Resource = {
    "source": {"key": f"{NAMESPACE}/by-hand/clip.flac", "fileName": "clip.flac"},
    "model": "tiny.en",
    "language": "en",
    "wordTimestamps": True,
    "decoding": {"beamSize": 5, "hotwords": "Waas"},
    "subtitles": {"maxLineWidth": 42},
    "ttlSecondsAfterFinished": 31_536_000,
}


@dataclass(frozen=True)
class Frozen:
    """One TranscriptionJob with its Job, and its pod where it has one."""

    state: str
    transcription_job: Resource
    job: Resource
    pod: Resource | None = None

    @property
    def name(self) -> str:
        name: str = self.transcription_job["metadata"]["name"]
        return name

    @property
    def item(self) -> JobItem:
        """What the pod of that release was told."""
        variables = self.job["spec"]["template"]["spec"]["containers"][0]["env"]
        [item] = JobEnvironment.from_variables(
            {each["name"]: each["value"].replace("$$", "$") for each in variables}
        ).items
        return item


def read_release(version: str) -> list[Frozen]:
    """Return what a release left, by state."""
    return [
        Frozen(path.stem, **json.loads(path.read_text()))
        for path in sorted((RELEASES / version).glob("*.json"))
    ]


def thaw(frozen: Frozen, api: KubernetesApi) -> Frozen:
    """Bring objects back, under the uid that the resource gets anew."""
    old: Resource = frozen.transcription_job
    made = api.create(
        transcription_jobs_path(NAMESPACE),
        {**old, "metadata": {"name": frozen.name}},
    )
    before, now = old["metadata"]["uid"], made["metadata"]["uid"]

    def renamed(resource: Resource) -> Resource:
        text = json.dumps(resource).replace(before, now).replace(before[:8], now[:8])
        again: Resource = json.loads(text)
        return again

    status = {**made, "status": old["status"]}
    path = transcription_jobs_path(NAMESPACE, frozen.name)
    transcription_job = api.request("PUT", f"{path}/status", status)
    job = _bring_back(api, jobs_path, renamed(frozen.job))
    pod = None
    if frozen.pod:
        owner = {"uid": job["metadata"]["uid"]}
        pod = renamed(frozen.pod)
        pod["metadata"]["ownerReferences"] = [pod["metadata"]["ownerReferences"][0] | owner]
        pod = _bring_back(api, pods_path, pod)
    return Frozen(frozen.state, transcription_job, job, pod)


def _bring_back(api: KubernetesApi, path: Callable[..., str], resource: Resource) -> Resource:
    made = api.create(path(NAMESPACE), resource)
    if "status" not in resource:
        return made
    own_path = f"{path(NAMESPACE, made['metadata']['name'])}/status"
    return api.request("PUT", own_path, {**made, "status": resource["status"]})


def complete(frozen: Frozen, desk: Desk) -> None:
    """Do what the release's own pod and the Job controller would: store the results, and close."""
    content = build_manifest(NAMESPACE, frozen.name, frozen.item.spec_digest)
    key = manifest_key(NAMESPACE, frozen.name)
    desk.store.put_object(BUCKET, key, BytesIO(content), len(content))
    path = jobs_path(NAMESPACE, frozen.job["metadata"]["name"])
    job = desk.tenant.api.get(path)
    desk.tenant.api.request("PUT", f"{path}/status", {**job, "status": completed_status()})


def make_namespace(tenant: Tenant) -> Tenant:
    """Make the namespace, with what a pod needs in it where no controller runs."""
    tenant.api.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    accounts = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts"
    if tenant.api.find(f"{accounts}/default") is None:
        tenant.api.create(accounts, {"metadata": {"name": "default"}})
    return replace(tenant, namespace=NAMESPACE)


def freeze(desk: Desk) -> list[Frozen]:
    """Take TranscriptionJobs into each state; returns what there is then."""
    states = ("ended", "running", "suspended", "waiting")
    for state in states:
        desk.create(state, **_SPEC, suspend=state == "suspended")
    phases = {"suspended": "Suspended"}
    for state in states:
        desk.wait_for_phase(state, phases.get(state, "Queued"))
    _run_pod(desk, "running")
    complete(_look(desk, "ended"), desk)
    desk.wait_for_phase("running", "Running")
    desk.wait_for_phase("ended", "Succeeded")
    return [_look(desk, state) for state in states]


def _look(desk: Desk, name: str) -> Frozen:
    [job] = [each for each in desk.jobs() if each["metadata"]["name"].startswith(f"{name}-")]
    pod = next(iter(desk.pods(name)), None)
    return Frozen(name, _strip(desk.get(name)), _strip(job), _strip(pod) if pod else None)


def _run_pod(desk: Desk, name: str) -> None:
    """Make the pod that the Job controller would make, and have it run."""
    job = _look(desk, name).job
    template, now = job["spec"]["template"], datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    reference = {"apiVersion": "batch/v1", "kind": "Job", "controller": True}
    own = {key: job["metadata"][key] for key in ("name", "uid")}
    metadata = {"name": f"{own['name']}-abcde", "ownerReferences": [{**reference, **own}]}
    running = {"running": {"startedAt": now}}
    container = {"name": CONTAINER_NAME, "image": "", "imageID": "", "ready": True}
    status = {
        "phase": "Running",
        "containerStatuses": [{**container, "restartCount": 0, "state": running}],
    }
    pod = {"metadata": {**template["metadata"], **metadata}, "spec": template["spec"]}
    _bring_back(desk.tenant.api, pods_path, {**pod, "status": status})


def _strip(resource: Resource) -> Resource:
    """Return it without what the servers will make anew."""
    again: Resource = json.loads(json.dumps(resource))
    for key in _OF_THE_SERVER:
        again["metadata"].pop(key, None)
    again["spec"].pop("selector", None)
    for metadata in (again["metadata"], again["spec"].get("template", {}).get("metadata", {})):
        for label in [*metadata.get("labels", {})]:
            if label.rpartition("/")[2] in _OF_THE_CONTROLLER:
                del metadata["labels"][label]
    return again


def main() -> None:
    folder = RELEASES / sys.argv[1]
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as log, running_servers() as (tenant, store):
        tenant = make_namespace(tenant)
        with running_operator(tenant, Path(log)) as operator:
            operator.start()
            operator.wait_until_ready()
            for each in freeze(Desk(tenant, store)):
                content = {"transcription_job": each.transcription_job, "job": each.job}
                if each.pod:
                    content["pod"] = each.pod
                path = folder / f"{each.state}.json"
                path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
