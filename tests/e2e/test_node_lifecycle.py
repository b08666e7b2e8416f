"""A node leaves nothing on its machine, and comes up again, whatever ended it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import psutil
import pytest

from cluster import lifecycle, processes
from cluster.binaries.machine import ARCHITECTURE
from cluster.errors import ImageNotLoaded, NodeUnavailable
from cluster.fixtures import NodeParts
from cluster.node import claim, programs, running
from cluster.node.cgroups import hierarchies
from cluster.node.image_store import ImageStore, image_folder
from cluster.node.node_servers import COVERED_FOLDERS
from cluster.node.places import (
    BRIDGE,
    CGROUP,
    CLUSTER_ADDRESSES,
    FIREWALL,
    SERVICE_ADDRESSES,
    STATE,
)
from cluster.run_folder import RunFolder
from support.kubernetes_api import KubernetesApi, pods_path
from support.waiting import wait_until

pytestmark = pytest.mark.e2e

TESTS = Path(__file__).parents[1]

Traces = dict[str, set[str]]
LeftSince = Callable[[], Traces]


def unheard(_: str) -> None:
    pass


def lines_of(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def naming(names: Iterable[str], lines: Iterable[str]) -> set[str]:
    return {line for line in lines if any(name in line for name in names)}


def links() -> set[str]:
    """The bridge and pods' links; one of a pod that outlived the bridge has lost its master."""
    return {
        link["ifname"]
        for link in filter(None, json.loads("".join(lines_of("ip", "-j", "-details", "link"))))
        if link["ifname"] == BRIDGE
        or link.get("master") == BRIDGE
        or (link.get("linkinfo", {}).get("info_kind") == "veth" and "master" not in link)
    }


def traces(folder: Path) -> Traces:
    """What a node whose run is in this folder could leave behind, as this machine shows it.

    By name, since other programs come and go meanwhile, with all that is theirs.
    """
    places = [str(each) for each in (folder, STATE, image_folder(), *COVERED_FOLDERS, "/run/netns")]
    mounts = Path("/proc/mounts").read_text()
    cgroups = (path for each in hierarchies(mounts) for path, _, _ in os.walk(each))
    ranges = [each.removesuffix("0.0/16") for each in (CLUSTER_ADDRESSES, SERVICE_ADDRESSES)]
    network = (BRIDGE, *ranges)
    # The kubelet's chains have names in capitals.
    tables = (FIREWALL, "kube-proxy", "KUBE-")
    settings = (
        "vm/overcommit_memory",
        "kernel/panic",
        "kernel/panic_on_oops",
        "net/ipv4/ip_forward",
    )
    return {
        "processes": {
            command
            for process in psutil.process_iter(["cmdline", "status"])
            if process.info["status"] != psutil.STATUS_ZOMBIE
            and (command := " ".join(process.info["cmdline"] or ()))
            and (command == "/pause" or any(place in command for place in places))
        },
        "mounts": naming(places, mounts.splitlines()),
        "files": {place for place in places[1:] if Path(place).exists()},
        "links": links(),
        "addresses": naming(network, lines_of("ip", "-oneline", "address")),
        "routes": naming(network, lines_of("ip", "route")),
        "rules": naming((*network, *tables), lines_of("nft", "list", "ruleset")),
        "sets of addresses": naming(("KUBE-",), lines_of("ipset", "list", "-name")),
        "network namespaces": naming(
            ("/pause", "/netns/cni-"), lines_of("lsns", "-t", "net", "-n", "-o", "NS,NSFS,COMMAND")
        ),
        "cgroups": naming((CGROUP, "kubepods"), cgroups),
        "kernel settings": {f"{each}={Path('/proc/sys', each).read_text()}" for each in settings},
    }


@pytest.fixture
def left(parts_without_node: NodeParts, tmp_path: Path) -> LeftSince:
    """Tells what is there that was not there before the test."""
    assert parts_without_node
    image_folder().mkdir(parents=True, exist_ok=True)
    before = traces(tmp_path)

    def left() -> Traces:
        after = traces(tmp_path)
        return {kind: new for kind in before if (new := after[kind] - before[kind])}

    return left


@pytest.fixture
def run(tmp_path: Path, left: LeftSince) -> Iterator[RunFolder]:
    assert left() == {}
    run = RunFolder(tmp_path / "run")
    yield run
    lifecycle.down(run)


def up(run: RunFolder, parts: NodeParts) -> KubernetesApi:
    """Starts a node and a pod on it."""
    lifecycle.up(run, parts.binaries, unheard, parts.pause)
    api = KubernetesApi(run.kubeconfig)
    run_pod(api, parts)
    return api


def run_pod(api: KubernetesApi, parts: NodeParts) -> None:
    container = {"name": "main", "image": parts.pause[0], "imagePullPolicy": "Never"}
    pod = {"metadata": {"name": "pod"}, "spec": {"containers": [container]}}
    api.request("POST", pods_path("default"), pod)
    wait_until(
        lambda: api.request("GET", f"{pods_path('default')}/pod")["status"]["phase"] == "Running",
        "the pod runs",
    )


def kill(*processes_to_kill: psutil.Process) -> None:
    for process in processes_to_kill:
        process.kill()


def servers(run: RunFolder) -> list[psutil.Process]:
    found = [processes.find(each) for each in run.servers().values()]
    assert all(found)
    return [process for process in found if process is not None]


def everything_but_servers() -> list[psutil.Process]:
    """The parents of containers, and the programs in them."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(STATE) in " ".join(process.info["cmdline"] or ())
        or process.info["cmdline"] == ["/pause"]
    ]


def nothing(_: RunFolder) -> None:
    pass


def kill_servers(run: RunFolder) -> None:
    kill(*servers(run))


def kill_containerd(run: RunFolder) -> None:
    containerd = processes.find(run.servers()["containerd"])
    assert containerd is not None
    kill(containerd)


def kill_everything(run: RunFolder) -> None:
    kill(*servers(run), *everything_but_servers())


@pytest.mark.parametrize(
    "crash",
    [nothing, kill_servers, kill_containerd, kill_everything],
    ids=lambda each: each.__name__,
)
def test_nothing_is_left_after_down(
    crash: Callable[[RunFolder], None],
    run: RunFolder,
    parts_without_node: NodeParts,
    left: LeftSince,
) -> None:
    up(run, parts_without_node).close()
    assert {"processes", "links", "rules", "cgroups", "network namespaces"} <= set(left())
    crash(run)
    lifecycle.down(run)
    assert left() == {}


def test_up_after_all_servers_were_killed_starts_anew_and_pods_run(
    run: RunFolder, parts_without_node: NodeParts, left: LeftSince
) -> None:
    up(run, parts_without_node).close()
    kill_servers(run)
    up(run, parts_without_node).close()
    assert lifecycle.is_up(run)
    lifecycle.down(run)
    assert left() == {}


def test_what_another_run_left_as_it_crashed_is_no_hindrance(
    run: RunFolder, tmp_path: Path, parts_without_node: NodeParts, left: LeftSince
) -> None:
    crashed = RunFolder(tmp_path / "crashed")
    up(crashed, parts_without_node).close()
    kill_servers(crashed)
    up(run, parts_without_node).close()
    # Neither is the other way round: what the crashed run no longer has is not taken from this one.
    lifecycle.down(crashed)
    assert lifecycle.is_up(run)
    lifecycle.down(run)
    assert left() == {}


def test_a_node_whose_folder_somebody_deleted_is_removed(
    run: RunFolder, parts_without_node: NodeParts, left: LeftSince
) -> None:
    up(run, parts_without_node).close()
    shutil.rmtree(run.path, ignore_errors=True)
    lifecycle.down(run)
    assert left() == {}


def test_a_claim_from_before_the_machine_started_is_no_hindrance(
    run: RunFolder, tmp_path: Path, parts_without_node: NodeParts, left: LeftSince
) -> None:
    claim.take(RunFolder(tmp_path / "gone"))
    lifecycle.up(run, parts_without_node.binaries, unheard, parts_without_node.pause)
    assert claim.holder() == run
    lifecycle.down(run)
    assert left() == {}


def test_a_second_node_is_refused_with_the_name_of_the_run_that_has_one(
    run: RunFolder, tmp_path: Path, parts_without_node: NodeParts
) -> None:
    lifecycle.up(run, parts_without_node.binaries, unheard, parts_without_node.pause)
    second = RunFolder(tmp_path / "second")
    with pytest.raises(NodeUnavailable, match=str(run.path)):
        running.require(second, unheard)
    with pytest.raises(NodeUnavailable, match=str(run.path)):
        lifecycle.up(second, parts_without_node.binaries, unheard, parts_without_node.pause)
    assert not second.path.exists()
    assert lifecycle.is_up(run)


NOTHING = "docker.io/library/waas-nothing"


@pytest.fixture
def own_images(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Has containerd keep its images where they go with the test."""
    monkeypatch.setenv("WAAS_CACHE", str(tmp_path / "cache"))
    return tmp_path


def write_archive(path: Path, reference: str) -> Path:
    """Writes an image that holds nothing but one file with its reference."""
    layer = tar({"reference": reference.encode()})
    digest = hashlib.sha256(layer).hexdigest()
    configuration = {
        "os": "linux",
        "architecture": ARCHITECTURE,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [reference], "Layers": ["layer.tar"]}]
    files = {
        "config.json": json.dumps(configuration).encode(),
        "layer.tar": layer,
        "manifest.json": json.dumps(manifest).encode(),
    }
    path.write_bytes(tar(files))
    return path


def tar(files: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return written.getvalue()


def test_an_image_stays_with_the_node_and_makes_room_for_a_newer_one_in_the_next(
    run: RunFolder, own_images: Path, parts_without_node: NodeParts
) -> None:
    brought: list[str] = []

    def archive(reference: str) -> tuple[str, ...]:
        brought.append(reference)
        return ("cat", str(write_archive(own_images / "image.tar", reference)))

    def stored() -> list[str]:
        return sorted(each for each in store.images() if each.startswith(NOTHING))

    store = ImageStore(programs.find()["ctr"])
    lifecycle.up(run, parts_without_node.binaries, unheard, parts_without_node.pause)
    store.load([f"{NOTHING}:1"], archive, unheard)
    store.load([f"{NOTHING}:2"], archive, unheard)
    assert stored() == [f"{NOTHING}:1", f"{NOTHING}:2"]
    lifecycle.down(run)

    lifecycle.up(run, parts_without_node.binaries, unheard, parts_without_node.pause)
    store.load([f"{NOTHING}:2"], archive, unheard)
    assert stored() == [f"{NOTHING}:2"]
    assert brought == [f"{NOTHING}:1", f"{NOTHING}:2"]


def test_an_image_that_does_not_come_is_one_of_our_errors(
    run: RunFolder, own_images: Path, parts_without_node: NodeParts
) -> None:
    lifecycle.up(run, parts_without_node.binaries, unheard, parts_without_node.pause)
    store = ImageStore(programs.find()["ctr"])
    path = write_archive(own_images / "image.tar", f"{NOTHING}:1")
    for says, command in {
        "no room": ("sh", "-c", "echo no room >&2; exit 1"),
        "another image": ("cat", str(path)),
    }.items():
        archive = dict.fromkeys([f"{NOTHING}:2"], command).__getitem__
        with pytest.raises(ImageNotLoaded, match=says):
            store.load([f"{NOTHING}:2"], archive, unheard)


OWNER = """
import json, sys, time
from pathlib import Path
from cluster.node import running
from cluster.run_folder import RunFolder
from cluster.watchdog import watched
from images.building import archive_command

run = RunFolder(Path(sys.argv[1]))
binaries = {name: Path(path) for name, path in json.loads(sys.argv[2]).items()}
with watched(run):
    running.start(run, binaries, (sys.argv[3], archive_command))
    print("started", flush=True)
    time.sleep(600)
"""


def wait_until_up(owner: subprocess.Popen[bytes], _: RunFolder) -> None:
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"started\n"


def wait_until_begun(_: subprocess.Popen[bytes], run: RunFolder) -> None:
    wait_until(lambda: claim.holder() == run, "the owner has begun to start a node")


@pytest.mark.parametrize(
    "wait",
    [
        pytest.param(wait_until_up, id="that had one up"),
        pytest.param(wait_until_begun, id="that was starting one"),
    ],
)
def test_no_node_outlives_an_owner_that_was_killed(
    wait: Callable[[subprocess.Popen[bytes], RunFolder], None],
    run: RunFolder,
    parts_without_node: NodeParts,
    left: LeftSince,
) -> None:
    binaries = {name: str(path) for name, path in parts_without_node.binaries.items()}
    reference, _ = parts_without_node.pause
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(run.path), json.dumps(binaries), reference],
        env=os.environ | {"PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
    ) as owner:
        try:
            wait(owner, run)
            assert claim.holder() == run
        finally:
            owner.kill()
    wait_until(lambda: left() == {}, "the watchdog removed all of it")
