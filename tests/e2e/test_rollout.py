"""A new release of the operator takes over while jobs run, wait and arrive."""

import threading
import time
from collections.abc import Iterator

import pytest

from cluster.node import Node
from images.building import ensure_variant
from support.desk import Desk, condition
from support.release import Release
from support.speech import librivox_clips
from support.waiting import wait_until

pytestmark = pytest.mark.e2e


@pytest.fixture
def _own_operator_again(release: Release) -> Iterator[None]:
    """Give the release its own operator again afterwards."""
    yield
    release.install()


@pytest.mark.usefixtures("_own_operator_again")
def test_a_new_operator_takes_over_running_jobs_and_none_is_lost_or_doubled(
    release: Release, node: Node, desk: Desk
) -> None:
    old_pods = {pod["metadata"]["uid"] for pod in release.pods("operator")}
    next_image = ensure_variant("operator", "rollout")
    node.load([release.images["operator"], next_image])
    keys = [desk.put_audio(f"rollout-{clip.name.lower()}", clip) for clip in librivox_clips()]
    stopped = threading.Event()
    names: list[str] = []

    def keep_sending() -> None:
        while not stopped.is_set() and len(names) < 8:
            name = f"rollout-{len(names)}"
            desk.create(name, source={"key": keys[len(names) % len(keys)]}, model="tiny.en")
            names.append(name)
            time.sleep(1.5)

    sender = threading.Thread(target=keep_sending)
    sender.start()
    wait_until(lambda: names, "the first job is sent")
    try:
        desk.wait_for_phase("rollout-0", "Running")
        release.install(operator_image=next_image)
        under_way = [name for name in names if not is_final(desk, name)]
    finally:
        stopped.set()
        sender.join()
    assert under_way, "the new operator found jobs that the old one had begun"
    new_pods = release.pods("operator")
    sent_after = f"rollout-{len(names)}"
    desk.create(sent_after, source={"key": keys[0]}, model="tiny.en")
    names.append(sent_after)

    assert len(new_pods) == len(old_pods) == 2
    for pod in new_pods:
        assert pod["metadata"]["uid"] not in old_pods
        assert pod["spec"]["containers"][0]["image"] == next_image
    assert len(names) > 3
    for name in names:
        ended = desk.wait_for_end(name)
        assert condition(ended, "Succeeded")["reason"] == "Completed", name
        assert ended["status"]["attempts"] == 1, name
        assert len(desk.pods(name)) == 1, f"{name}: one pod"
        assert len([job for job in desk.jobs() if name_of_job(job) == name]) == 1, name
        assert desk.manifest(name).attempt == 1, name


def is_final(desk: Desk, name: str) -> bool:
    return desk.get(name).get("status", {}).get("phase") in ("Succeeded", "Failed", "Cancelled")


def name_of_job(job: dict[str, object]) -> object:
    metadata = job["metadata"]
    assert isinstance(metadata, dict)
    [owner] = metadata["ownerReferences"]
    return owner["name"]
