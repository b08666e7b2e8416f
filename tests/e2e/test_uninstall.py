"""`helm uninstall` takes the programs, and leaves what people made. It is the last test of all."""

import pytest

from support.desk import Desk
from support.release import JOB_NAMESPACE, NAMESPACE, Release
from support.waiting import wait_until

pytestmark = pytest.mark.e2e

# What Kubernetes itself puts into each namespace, and what tells of the past.
EVERYWHERE = {"configmap/kube-root-ca.crt", "serviceaccount/default"}
PASSING = ("event/", "event.events.k8s.io/", "pod/", "lease.coordination.k8s.io/helm")


def left(release: Release, namespace: str) -> set[str]:
    """Return everything in a namespace by kind and name."""
    kinds = release.run_kubectl(
        "api-resources", "--namespaced", "--verbs=list", "--output=name"
    ).split()
    names = release.run_kubectl(
        "get", ",".join(kinds), "--namespace", namespace, "--output=name", "--ignore-not-found"
    ).split()
    return {each for each in names if not each.startswith(PASSING)} - EVERYWHERE


def test_it_leaves_nothing_but_what_people_made(release: Release, desk: Desk) -> None:
    recordings = {each["metadata"]["name"] for each in desk.transcription_jobs()}
    assert recordings, "the tests before this one made some"
    # Until then, each has a Secret with its URLs.
    for name in recordings:
        desk.wait_for_end(name)

    release.uninstall()

    wait_until(lambda: not left(release, NAMESPACE), "nothing of the release is left")
    wait_until(lambda: not release.pods("api"), "its pods are gone")
    assert {each["metadata"]["name"] for each in desk.transcription_jobs()} == recordings
    kinds = {each.partition("/")[0] for each in left(release, JOB_NAMESPACE)}
    assert kinds == {"persistentvolumeclaim", "transcriptionjob.waas.dev", "job.batch"}
    whole = release.run_kubectl(
        "get", "clusterroles,clusterrolebindings,crd", "--output=name",
        "--selector=app.kubernetes.io/part-of=waas",
    )  # fmt: skip
    assert whole.split() == []
    assert "transcriptionjobs.waas.dev" in release.run_kubectl("get", "crd", "--output=name")
