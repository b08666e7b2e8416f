"""A Kubernetes control plane: all of a cluster but its nodes, so that no container ever runs."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster import processes, servers
from cluster.certificates import Authority, KeyPair, service_account_keys
from cluster.errors import PortTaken, StartFailed
from cluster.kubeconfig import kubeconfig
from cluster.ports import free_ports
from cluster.probes import answers_ok
from cluster.run_folder import RunFolder

CONTROLLERS = ("kube-controller-manager", "kube-scheduler")
NAMES = ("etcd", "kube-apiserver", *CONTROLLERS)

_START_ATTEMPTS = 3
# The controllers make it within a second or two of their own start.
_USABLE_WITHIN = 60.0


@dataclass(frozen=True)
class ControlPlane:
    """A running control plane, as tests see it."""

    run: RunFolder
    # The API server's address.
    server: str

    @classmethod
    def recorded(cls, run: RunFolder) -> ControlPlane:
        """Returns the control plane that the run's record tells of."""
        ready_address = run.servers()["kube-apiserver"].server.ready_address
        return cls(run, ready_address.removesuffix("/readyz"))

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.run.kubeconfig

    @property
    def certificate_authority(self) -> Path:
        """The CA certificate, with which a client verifies the API server."""
        return self.run.authority

    def kubeconfig_for(self, user: str, groups: Sequence[str] = ()) -> Path:
        """Makes a kubeconfig for a user, who may do what RBAC grants this name or these groups."""
        authority = Authority.load(self.run.authority, self.run.tls / "ca.key")
        name = re.sub(r"[^A-Za-z0-9.-]", "_", "+".join([user, *groups]))
        return _write_kubeconfig(
            self.run,
            self.run.path / "kubeconfigs" / name,
            self.server,
            user,
            authority.client(user, groups),
        )

    def kubeconfig_by_token(self, user: str, token: str) -> Path:
        """Makes a kubeconfig for whom a token names, as the API server has issued it."""
        path = self.run.path / "kubeconfigs" / f"{user}-by-token"
        return _write_kubeconfig(self.run, path, self.server, user, token)

    def stop_apiserver(self) -> None:
        """Takes the API server away; etcd keeps what it stored."""
        processes.stop(self.run, "kube-apiserver")

    def start_apiserver(self) -> None:
        """Brings the API server back, at the same address."""
        processes.launch(self.run, self.run.servers()["kube-apiserver"].server)
        processes.wait_until_ready(self.run, "kube-apiserver")


def start(
    run: RunFolder, binaries: servers.Binaries, node_address: str | None = None
) -> ControlPlane:
    """Starts a control plane with a data store of its own, and waits until it can be used.

    With the address of a node, which this machine must have, pods and kubelet can reach it.
    """
    for attempt in range(1, _START_ATTEMPTS + 1):
        try:
            return _start(run, binaries, servers.Ports(*free_ports(5)), node_address)
        except PortTaken:
            processes.stop(run, *NAMES)
            shutil.rmtree(run.path / "etcd", ignore_errors=True)
            if attempt == _START_ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _start(
    run: RunFolder, binaries: servers.Binaries, ports: servers.Ports, node_address: str | None
) -> ControlPlane:
    run.create()
    processes.launch(run, servers.etcd(binaries, run.path, ports))
    address = f"https://{node_address or '127.0.0.1'}:{ports.apiserver}"
    _write_credentials(run, address, node_address)
    processes.wait_until_ready(run, "etcd")
    processes.launch(run, servers.apiserver(binaries, run.path, ports, node_address))
    # The controller manager exits when it starts before the API server has made the RBAC roles.
    processes.wait_until_ready(run, "kube-apiserver")
    with_node = node_address is not None
    processes.launch(
        run, servers.controller_manager(binaries, run.path, ports, with_node=with_node)
    )
    processes.launch(run, servers.scheduler(binaries, run.path, ports))
    processes.wait_until_ready(run, "kube-controller-manager")
    processes.wait_until_ready(run, "kube-scheduler")
    _wait_until_usable(run, address)
    return ControlPlane(run, address)


def _write_credentials(run: RunFolder, address: str, node_address: str | None) -> None:
    authority = Authority.create()
    service_account_private, service_account_public = service_account_keys()
    addresses = [*servers.SERVING_ADDRESSES, *([node_address] if node_address else [])]
    own, server = authority.files(), authority.server(addresses)
    administrator = authority.client("admin", ["system:masters"])
    for name, content in {
        "ca.crt": own.certificate,
        "ca.key": own.key,
        "server.crt": server.certificate,
        "server.key": server.key,
        "service-accounts.key": service_account_private,
        "service-accounts.pub": service_account_public,
        "admin.pem": administrator.whole,
        **(_credentials_towards_nodes(authority) if node_address else {}),
    }.items():
        run.write_secret(run.tls / name, content)
    _write_kubeconfig(run, run.kubeconfig, address, "admin", administrator)
    for name in ("kube-controller-manager", "kube-scheduler"):
        user = f"system:{name}"
        path = run.path / "kubeconfigs" / name
        _write_kubeconfig(run, path, address, user, authority.client(user))


def _credentials_towards_nodes(authority: Authority) -> dict[str, bytes]:
    """Makes what the API server shows to the kubelet, and to API servers that extend it.

    The latter are told who a user is by header, and believe no client but one of this CA; so it may
    not be the users' own.
    """
    front_proxy = Authority.create()
    kubelet_client = authority.client("kube-apiserver-kubelet-client", ["system:masters"])
    return {
        "kubelet-client.pem": kubelet_client.whole,
        "front-proxy-ca.crt": front_proxy.files().certificate,
        "front-proxy-client.pem": front_proxy.client("front-proxy-client").whole,
    }


def _write_kubeconfig(
    run: RunFolder, path: Path, address: str, user: str, identity: KeyPair | str
) -> Path:
    return run.write_secret(path, kubeconfig(address, run.authority.read_bytes(), user, identity))


def _wait_until_usable(run: RunFolder, address: str) -> None:
    """Waits for the ServiceAccount without which no pod is admitted to the default namespace."""
    wanted = f"{address}/api/v1/namespaces/default/serviceaccounts/default"
    give_up = time.monotonic() + _USABLE_WITHIN
    while not answers_ok(wanted, run.authority, run.tls / "admin.pem"):
        if time.monotonic() > give_up:
            raise StartFailed(
                "the controllers made no default ServiceAccount;"
                f" see {run.log('kube-controller-manager')}"
            )
        time.sleep(0.1)
