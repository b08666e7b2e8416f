"""What a job's pod may and may not do, asked of the running pod itself."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from support.desk import Desk
from support.kubernetes_api import Refusal, Resource, pods_path, secrets_path
from support.media import write_audio
from support.reading import make_reading
from support.release import JOB_NAMESPACE, NAMESPACE, Release
from support.service import BUCKET

pytestmark = pytest.mark.e2e

# Printed by the pod's own interpreter, as the user and with the rights of the job program.
SELF_REPORT = """
import errno, json, os, pathlib
status = dict(
    line.split(":\\t", 1)
    for line in open("/proc/self/status").read().splitlines()
    if ":\\t" in line
)
def why_not_written(folder):
    try:
        pathlib.Path(folder, "probe").write_text("x")
    except OSError as error:
        return errno.errorcode[error.errno]
    pathlib.Path(folder, "probe").unlink()
    return ""
print(json.dumps({
    "uid": os.getuid(),
    "groups": sorted(os.getgroups()),
    "capabilities": status["CapEff"].strip(),
    "no_new_privileges": status["NoNewPrivs"].strip(),
    "seccomp": status["Seccomp"].strip(),
    "not_written": {
        folder: why_not_written(folder)
        for folder in ("/", "/tmp", "/home", "/var/cache/waas/models", "/var/run/waas/urls",
                       "/var/run/waas/scratch")
    },
    "service_account": os.path.exists("/var/run/secrets/kubernetes.io"),
    "environment": dict(os.environ),
}))
"""


@pytest.fixture(scope="module")
def long_job(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A job that is at work for long enough to be looked at; its pod's container runs."""
    path = tmp_path_factory.mktemp("audio") / "reading.m4a"
    write_audio(path, make_reading(40), codec="aac")
    key = f"{JOB_NAMESPACE}/by-hand/{path.name}"
    desk.store.fput_object(BUCKET, key, str(path))
    desk.create("long", source={"key": key}, model="base", wordTimestamps=True)
    desk.wait_for_phase("long", "Running")
    yield "long"
    desk.change("long", cancelled=True)
    desk.wait_for_end("long")


@pytest.fixture(scope="module")
def report(release: Release, desk: Desk, long_job: str) -> dict[str, Any]:
    """What the pod says of itself."""
    [pod] = desk.pods(long_job)
    output = release.run_kubectl(
        "exec", "-n", JOB_NAMESPACE, pod["metadata"]["name"], "--", "python3", "-c", SELF_REPORT
    )
    found: dict[str, Any] = json.loads(output)
    return found


def test_it_runs_as_nobody_without_any_right(report: dict[str, Any]) -> None:
    assert report["uid"] == 65532
    assert 0 not in report["groups"]
    assert int(report["capabilities"], 16) == 0
    assert report["no_new_privileges"] == "1"
    assert report["seccomp"] == "2", "system calls are filtered"


def test_only_scratch_can_be_written_to(report: dict[str, Any]) -> None:
    writable = {folder for folder, reason in report["not_written"].items() if not reason}

    assert writable == {"/var/run/waas/scratch"}
    assert report["not_written"]["/"] in ("EROFS", "EACCES")
    assert report["not_written"]["/var/cache/waas/models"] == "EROFS"
    assert report["not_written"]["/var/run/waas/urls"] == "EROFS"


def test_the_root_is_read_only_for_the_kubelet_too(desk: Desk, long_job: str) -> None:
    [pod] = desk.pods(long_job)
    [container] = pod["spec"]["containers"]

    assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_it_holds_no_credentials_but_its_urls(
    report: dict[str, Any], release: Release, desk: Desk, long_job: str
) -> None:
    [pod] = desk.pods(long_job)
    held = json.dumps(report["environment"]) + json.dumps(pod)

    assert report["service_account"] is False
    assert "X-Amz" not in held
    assert release.storage_password() not in held
    secrets = desk.tenant.api.items(secrets_path(JOB_NAMESPACE))
    mounted = {each["secret"]["secretName"] for each in pod["spec"]["volumes"] if "secret" in each}
    assert mounted <= {secret["metadata"]["name"] for secret in secrets}
    [urls] = [each for each in secrets if each["metadata"]["name"] in mounted]
    assert list(urls["data"]) == [f"{long_job}.json"]


def test_no_log_holds_a_signature_or_a_password(
    release: Release, desk: Desk, transcribed: Resource
) -> None:
    [job_pod] = desk.pods(transcribed["metadata"]["name"])
    pods = [*release.pods("api"), *release.pods("operator"), job_pod]

    logs = [release.logs(pod["metadata"]["namespace"], pod["metadata"]["name"]) for pod in pods]

    for text in logs:
        assert text, "each program says something"
        assert "X-Amz" not in text
        assert "Signature" not in text
        assert release.storage_password() not in text


UNSAFE = [
    ("root", {"runAsUser": 0, "runAsNonRoot": False}),
    ("privileged", {"privileged": True, "allowPrivilegeEscalation": True}),
    ("more rights than its parent", {"allowPrivilegeEscalation": True}),
    ("a capability", {"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}}),
    ("no filter of system calls", {"seccompProfile": {"type": "Unconfined"}}),
]


@pytest.mark.parametrize("namespace", [JOB_NAMESPACE, NAMESPACE])
@pytest.mark.parametrize("change", [pytest.param(case[1], id=case[0]) for case in UNSAFE])
def test_the_namespaces_refuse_a_pod_with(
    release: Release, namespace: str, change: dict[str, Any]
) -> None:
    pod = build_restricted_pod(release.images["job"])
    pod["spec"]["containers"][0]["securityContext"] |= change

    with pytest.raises(Refusal, match='violates PodSecurity "restricted') as refusal:
        release.api.request("POST", pods_path(namespace), pod, query={"dryRun": "All"})

    assert refusal.value.status == 403


def test_the_namespaces_take_a_pod_without_such_wishes(release: Release) -> None:
    pod = build_restricted_pod(release.images["job"])

    for namespace in (JOB_NAMESPACE, NAMESPACE):
        release.api.request("POST", pods_path(namespace), pod, query={"dryRun": "All"})


def build_restricted_pod(image: str) -> Resource:
    return {
        "metadata": {"name": "probe"},
        "spec": {
            "containers": [
                {
                    "name": "probe",
                    "image": image,
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"]},
                        "runAsNonRoot": True,
                        "runAsUser": 65532,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                }
            ]
        },
    }
