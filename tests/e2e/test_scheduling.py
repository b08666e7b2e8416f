"""A GPU that is asked for is waited for, and the person who waits is told so."""

from collections.abc import Iterator

import pytest

from cluster.node import Node
from support.desk import Desk, condition
from support.release import JOB_NAMESPACE, Release
from support.speech import librivox_clip

pytestmark = pytest.mark.e2e

CLIP = librivox_clip("0870")


@pytest.fixture
def gpus(node: Node) -> Iterator[Node]:
    """A node that has no GPU at first, and none afterwards."""
    node.advertise_gpus(0)
    yield node
    node.advertise_gpus(0)


def test_a_job_for_a_gpu_waits_with_a_reason_until_a_node_has_one(
    gpus: Node, desk: Desk, release: Release
) -> None:
    source = {"key": desk.put_audio("clip", CLIP)}
    desk.create("on-gpu", source=source, model="tiny.en", profile="gpu")

    waiting = desk.wait_for(
        "on-gpu",
        "has the reason Unschedulable",
        lambda found: condition(found, "Succeeded").get("reason") == "Unschedulable",
    )

    assert waiting["status"]["phase"] == "Queued"
    assert "Insufficient nvidia.com/gpu" in condition(waiting, "Succeeded")["message"]
    assert condition(waiting, "Started")["reason"] == "Unschedulable"
    row = release.run_kubectl("-n", JOB_NAMESPACE, "get", "tj", "on-gpu", "--no-headers")
    assert "Unschedulable" in row
    [pod] = desk.pods("on-gpu")
    assert pod["status"]["phase"] == "Pending"

    gpus.advertise_gpus(1)
    ended = desk.wait_for_end("on-gpu")

    assert condition(ended, "Succeeded")["reason"] == "Completed"
    [pod] = desk.pods("on-gpu")
    assert pod["spec"]["nodeName"] == gpus.name
    assert pod["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "1"


def test_two_jobs_share_one_gpu_one_after_the_other(gpus: Node, desk: Desk) -> None:
    gpus.advertise_gpus(1)
    source = {"key": desk.put_audio("clip", CLIP)}
    names = ["gpu-a", "gpu-b"]
    for name in names:
        desk.create(name, source=source, model="tiny.en", profile="gpu")

    for name in names:
        assert desk.wait_for_end(name)["status"]["phase"] == "Succeeded"

    spans = sorted(
        (state["startedAt"], state["finishedAt"])
        for name in names
        for pod in desk.pods(name)
        for state in [pod["status"]["containerStatuses"][0]["state"]["terminated"]]
    )
    assert len(spans) == 2
    assert spans[0][1] <= spans[1][0], "never two at a time on one GPU"
