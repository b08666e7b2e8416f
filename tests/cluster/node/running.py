"""Starts a node beside a control plane: containerd, kubelet, kube-proxy, CoreDNS, kube-router."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster import control_plane as control_planes
from cluster import processes
from cluster.certificates import Authority
from cluster.control_plane import ControlPlane
from cluster.errors import NodeUnavailable, StartFailed
from cluster.kubeconfig import kubeconfig
from cluster.node import (
    cgroups,
    claim,
    clearing,
    configurations,
    kernel_settings,
    manifests,
    network,
    node_servers,
    places,
    programs,
    requirements,
)
from cluster.node.api_requests import ask
from cluster.node.configurations import NodeFolders
from cluster.node.image_store import ArchiveCommand, ImageStore, image_folder
from cluster.run_folder import RunFolder
from cluster.servers import Binaries

Report = Callable[[str], None]

_READY_WITHIN = 120.0
_POLL_EVERY = 0.1


def _unheard(_: str) -> None:
    pass


@dataclass(frozen=True)
class Node:
    """A running node and its control plane, as tests see them."""

    control_plane: ControlPlane
    name: str = places.NAME
    # Where it and this machine's programs reach each other; pods reach it too.
    address: str = places.ADDRESS

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.control_plane.kubeconfig

    def load(self, references: Iterable[str], report: Report = _unheard) -> None:
        """Brings images into the node, by their references; they must have been built."""
        # Not above: a node can be started and cleared without knowing how images are built.
        from cluster.node.image_room import require_room
        from images.building import archive_command

        wanted = list(references)
        require_room(ImageStore(programs.find()["ctr"]).images(), wanted)
        self.load_from(archive_command, wanted, report)

    def load_from(
        self, archive: ArchiveCommand, references: Iterable[str], report: Report = _unheard
    ) -> None:
        """Brings images into the node from what a command for each writes."""
        ImageStore(programs.find()["ctr"]).load(references, archive, report)

    def advertise_gpus(self, count: int) -> None:
        """Lets the scheduler count GPUs on this node, from its next decision on; 0 takes them away.

        No program gets to see one.
        """
        path = f"/api/v1/nodes/{self.name}"
        ask(self.control_plane, "PATCH", f"{path}/status", manifests.gpus(count))
        wanted = str(count) if count else None

        def shows_them(node: Any) -> bool:
            status = node["status"]
            kinds = (status["capacity"], status["allocatable"])
            return all(each.get("nvidia.com/gpu") == wanted for each in kinds)

        _wait_for_node(self.control_plane, f"{count} GPUs", shows_them)

    def make_restricted_namespace(self, name: str) -> None:
        """Makes a namespace that refuses pods which ask for more than the least rights."""
        body = manifests.restricted_namespace(name)
        ask(self.control_plane, "POST", "/api/v1/namespaces", body)

    def delete_namespace(self, name: str) -> None:
        """Deletes a namespace, without waiting until its pods have ended."""
        ask(self.control_plane, "DELETE", f"/api/v1/namespaces/{name}")


def require(run: RunFolder, report: Report) -> None:
    """Says why this machine can't have the run's node, unless it can; installs what is missing."""
    machine = requirements.look(run)
    if reason := requirements.hindrance(machine):
        raise NodeUnavailable(reason)
    if machine.missing_packages and machine.can_install:
        programs.install(list(machine.missing_packages), report)
        # Some things could not be looked for without these programs.
        if reason := requirements.hindrance(requirements.look(run)):
            raise NodeUnavailable(reason)


def start(run: RunFolder, binaries: Binaries, pause: tuple[str, ArchiveCommand]) -> Node:
    """Starts a control plane and a node; `pause` is the reference and the source of that image."""
    with claim.alone():
        other = claim.living_holder()
        if other is not None and other != run:
            raise NodeUnavailable(f"the node of another run came up meanwhile: {other.path}")
        if claim.holder() is not None:
            clearing.remove_everything()
        here = programs.find()
        if taken := network.is_taken(here):
            raise NodeUnavailable(requirements.not_ours(taken))
        claim.take(run)
        _prepare_machine(here)
        run.create()
        control_plane = control_planes.start(run, binaries, places.ADDRESS)
        _start_servers(control_plane, binaries, here, pause)
    return Node(control_plane)


def _prepare_machine(here: dict[str, Path]) -> None:
    programs.load_kernel_modules(here)
    kernel_settings.remember()
    network.set_up(here)
    kernel_settings.forward()
    cgroups.make()
    for folder in node_servers.COVERED_FOLDERS:
        Path(folder).mkdir(parents=True, exist_ok=True)


def _start_servers(
    control_plane: ControlPlane,
    binaries: Binaries,
    here: Mapping[str, Path],
    pause: tuple[str, ArchiveCommand],
) -> None:
    run = control_plane.run
    folders = NodeFolders(run.path, image_folder())
    pause_image, archive = pause
    _write_configurations(folders, here, pause_image)
    _write_credentials(control_plane)
    for collection, manifest in (*manifests.rights(), *manifests.dns_service()):
        ask(control_plane, "POST", collection, manifest)
    processes.launch(run, node_servers.kube_proxy(binaries, folders))
    processes.launch(run, node_servers.dns(binaries, folders))
    containerd_pid = _start_containerd(run, folders, here)
    ImageStore(here["ctr"]).load([pause_image], archive, _unheard)
    processes.launch(run, node_servers.kubelet(binaries, here, folders, containerd_pid))
    processes.wait_until_ready(run, "kubelet")
    _wait_for_node(control_plane, "the node is ready", _takes_pods)
    # It asks for the Node as it starts, and exits where there is none.
    processes.launch(run, node_servers.kube_router(binaries, folders))
    for name in node_servers.NAMES:
        processes.wait_until_ready(run, name)


def _start_containerd(run: RunFolder, folders: NodeFolders, here: Mapping[str, Path]) -> int:
    """Starts containerd without anything that it remembers of an earlier node's pods."""
    server = node_servers.containerd(here, folders)
    processes.launch(run, server)
    processes.wait_until_ready(run, server.name)
    if ImageStore(here["ctr"]).remove_containers():
        # It read them as it began, and would tell the kubelet of them.
        processes.stop(run, server.name)
        processes.launch(run, server)
        processes.wait_until_ready(run, server.name)
    pid = run.servers()[server.name].pid
    assert pid is not None
    return pid


def _write_configurations(folders: NodeFolders, here: Mapping[str, Path], pause_image: str) -> None:
    plugins = programs.plugin_folder()
    assert plugins is not None
    for folder in (folders.networks, folders.volumes, folders.images):
        folder.mkdir(parents=True, exist_ok=True)
    for path, content in {
        folders.networks / "waas.conflist": configurations.pod_network(folders),
        folders.resolver: configurations.resolver(),
        folders.configurations / "containerd.toml": configurations.containerd(
            folders, plugins, here["runc"], pause_image
        ),
        folders.configurations / "kubelet.json": configurations.kubelet(folders),
        folders.configurations / "kube-proxy.json": configurations.kube_proxy(folders),
        folders.configurations / "Corefile": configurations.dns(folders),
    }.items():
        path.write_text(content)


def _write_credentials(control_plane: ControlPlane) -> None:
    run = control_plane.run
    authority = Authority.load(run.authority, run.tls / "ca.key")
    serving = authority.server([places.ADDRESS])
    run.write_secret(run.tls / "kubelet.crt", serving.certificate)
    run.write_secret(run.tls / "kubelet.key", serving.key)
    for name, user, groups in (
        ("kubelet", f"system:node:{places.NAME}", ["system:nodes"]),
        ("kube-proxy", "system:kube-proxy", []),
        ("coredns", manifests.DNS_USER, []),
        ("kube-router", manifests.POLICY_USER, []),
    ):
        identity = authority.client(user, groups)
        run.write_secret(
            run.path / "kubeconfigs" / name,
            kubeconfig(control_plane.server, run.authority.read_bytes(), user, identity),
        )


def _takes_pods(node: Any) -> bool:
    conditions = {each["type"]: each["status"] for each in node["status"].get("conditions", [])}
    return conditions.get("Ready") == "True" and not node["spec"].get("taints")


def _wait_for_node(control_plane: ControlPlane, what: str, is_so: Callable[[Any], bool]) -> None:
    """Asks for the Node, once it has registered, until it is as wanted."""
    give_up = time.monotonic() + _READY_WITHIN
    while True:
        nodes = ask(control_plane, "GET", "/api/v1/nodes")["items"]
        if any(each["metadata"]["name"] == places.NAME and is_so(each) for each in nodes):
            return
        if time.monotonic() > give_up:
            raise StartFailed(
                f"{what}: waited in vain for {_READY_WITHIN:.0f} s;"
                f" see {control_plane.run.log('kubelet')}"
            )
        time.sleep(_POLL_EVERY)
