"""How models come to the pods of jobs: pulled once into a claim, or as an image."""

import re

import pytest

from support.desk import Desk
from support.file_server import FileServer
from support.kubernetes_api import Resource, jobs_path, pods_path
from support.node_pods import create_pod, pod_spec
from support.release import JOB_NAMESPACE, JOB_NAMESPACES, Release
from support.speech import librivox_clip
from support.spoken_words import words_of
from support.waiting import wait_until

pytestmark = pytest.mark.e2e

CLIP = librivox_clip("0870")
MODELS = ("tiny.en", "base")
# The first containerd that hands the kubelet an image as a volume.
KNOWS_IMAGE_VOLUMES = (2, 1)


def pulls(release: Release, path: str) -> list[Resource]:
    return release.api.items(path, labelSelector="app.kubernetes.io/component=models")


def test_models_were_pulled_by_one_pod_in_each_namespace(
    release: Release, mirror: FileServer
) -> None:
    for namespace in JOB_NAMESPACES:
        [job] = pulls(release, jobs_path(namespace))
        assert job["status"]["succeeded"] == 1
        [pod] = pulls(release, pods_path(namespace))
        assert pod["spec"]["containers"][0]["args"] == list(MODELS)
    # The second one found them in the folder that both have here.
    assert [len(mirror.gets(f"/{model}.pt")) for model in MODELS] == [1, 1]


def test_a_job_transcribes_with_what_was_pulled_and_can_not_change_it(
    desk: Desk, transcribed: Resource
) -> None:
    files = transcribed["status"]["results"]["files"]
    text = next(each for each in files if each["format"] == "txt")
    assert words_of(desk.read(text["key"]).decode()) == words_of(CLIP.text)
    [pod] = desk.pods(transcribed["metadata"]["name"])
    [volume] = [each for each in pod["spec"]["volumes"] if "persistentVolumeClaim" in each]
    mounts = pod["spec"]["containers"][0]["volumeMounts"]
    [mount] = [each for each in mounts if each["name"] == volume["name"]]
    assert mount["readOnly"] is True


def test_an_image_is_a_volume_where_the_node_can(release: Release) -> None:
    [node] = release.api.items("/api/v1/nodes")
    runtime = node["status"]["nodeInfo"]["containerRuntimeVersion"]
    found = re.match(r"containerd://(\d+)\.(\d+)", runtime)
    assert found is not None, runtime
    if (int(found[1]), int(found[2])) < KNOWS_IMAGE_VOLUMES:
        pytest.skip(f"{runtime} has no image volumes, which began with containerd 2.1")
    spec = pod_spec(release.images["job"], "import os; os.stat('/models/etc/os-release')")
    spec["volumes"] = [{"name": "models", "image": {"reference": release.images["api"]}}]
    spec["containers"][0]["volumeMounts"] = [{"name": "models", "mountPath": "/models"}]
    create_pod(release.api, JOB_NAMESPACE, "reads-image", spec)
    path = pods_path(JOB_NAMESPACE, "reads-image")
    wait_until(
        lambda: release.api.get(path)["status"]["phase"] == "Succeeded", "it finds the other image"
    )
    release.api.delete(path)
