"""A kwok: it plays the kubelet for every node, so that pods start and end and nothing runs."""

from __future__ import annotations

import json

from cluster import processes, servers
from cluster.control_plane import ControlPlane
from cluster.errors import PortTaken
from cluster.ports import free_ports
from cluster.run_folder import RunFolder

NAME = "kwok"
NODE = "played-by-kwok"

_START_ATTEMPTS = 3
_RUN_MILLISECONDS = 1000

# Templates are Go's, and make YAML.
_NODE_STATUS = """
conditions:
- {type: Ready, status: "True", reason: Played, message: "", lastTransitionTime: {{ Now | Quote }},
   lastHeartbeatTime: {{ Now | Quote }}}
addresses: [{type: InternalIP, address: 10.0.0.1}]
allocatable: {cpu: 10k, memory: 100Ti, pods: 100k, ephemeral-storage: 100Ti}
capacity: {cpu: 10k, memory: 100Ti, pods: 100k, ephemeral-storage: 100Ti}
"""
_RUNNING_STATUS = """
phase: Running
startTime: {{ Now | Quote }}
containerStatuses:
{{ range .spec.containers }}
- {name: {{ .name | Quote }}, image: {{ .image | Quote }}, imageID: "", ready: true,
   restartCount: 0, state: {running: {startedAt: {{ Now | Quote }}}}}
{{ end }}
"""
_SUCCEEDED_STATUS = """
phase: Succeeded
containerStatuses:
{{ range .spec.containers }}
- {name: {{ .name | Quote }}, image: {{ .image | Quote }}, imageID: "", ready: false,
   restartCount: 0, state: {terminated: {exitCode: 0, reason: Completed,
   startedAt: {{ $.status.startTime | Quote }}, finishedAt: {{ Now | Quote }}}}}
{{ end }}
"""


def _stage(name: str, kind: str, phase: str, status: str, delay: int = 0) -> dict[str, object]:
    """Returns what becomes of a node or pod in a phase, after some milliseconds."""
    expression = {"jq": {"key": '.status.phase // "Pending"', "operator": "In", "values": [phase]}}
    patch = {"subresource": "status", "root": "status", "type": "strategic", "template": status}
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": name},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": kind},
            "selector": {"matchExpressions": [expression]},
            "delay": {"durationMilliseconds": delay},
            "steps": [{"patch": patch}],
        },
    }


def stages() -> str:
    """Returns all that is played; kwok has no stages of its own."""
    documents = (
        _stage("node-is-ready", "Node", "Pending", "phase: Running" + _NODE_STATUS),
        _stage("pod-runs", "Pod", "Pending", _RUNNING_STATUS),
        _stage("pod-succeeds", "Pod", "Running", _SUCCEEDED_STATUS, _RUN_MILLISECONDS),
    )
    return "\n---\n".join(json.dumps(each, indent=2) for each in documents)


def start(run: RunFolder, binaries: servers.Binaries, control_plane: ControlPlane) -> None:
    """Starts a kwok as the administrator, and waits until it plays."""
    run.write_secret(run.path / "kwok.yaml", stages())
    for attempt in range(1, _START_ATTEMPTS + 1):
        [port] = free_ports(1)
        processes.launch(run, servers.kwok(binaries, run.path, control_plane.kubeconfig, port))
        try:
            processes.wait_until_ready(run, NAME)
        except PortTaken:
            if attempt == _START_ATTEMPTS:
                raise
        else:
            return
