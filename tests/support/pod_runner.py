"""Runs the pods that the Job controller makes, as a kubelet would, but as plain processes.

A control plane alone has no node, so nobody runs its pods. This does: it starts the job program
with the very environment of the pod's container and with the pod's volumes as folders, keeps the
Secret's files fresh, and reports to the API server what a kubelet would.

    PYTHONPATH=tests uv run python -m support.pod_runner default

runs the pods of a namespace of the cluster that KUBECONFIG names, with the tests' weights.
"""

import base64
import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from support.kubernetes_api import KubernetesApi, Refusal, Resource, pods_path, secrets_path

_POLL_SECONDS = 0.2

# On one core, as a pod with a limit of one: several programs that each take all cores would spend
# most of their time waiting for each other.
_PINNED_PROGRAM = """
import os, sys
os.sched_setaffinity(0, {int(sys.argv[1])})
os.execv(sys.executable, [sys.executable, "-m", sys.argv[2]])
"""
_TESTS = Path(__file__).parents[1]


def _choose_core() -> int:
    """Return the core of this test process: another one for each of pytest's workers."""
    cores = sorted(os.sched_getaffinity(0))
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return cores[int(worker) % len(cores)]


@dataclass
class PodRun:
    """One container that was run."""

    pod_name: str
    exit_code: int | None = None
    output: str = ""
    termination_message: str = ""


@dataclass
class PodRunner:
    """Runs the pods of one namespace until it is stopped."""

    api: KubernetesApi
    namespace: str
    folder: Path
    model_directory: Path
    pods_at_once: int = 1
    """As many as the node has room for."""

    module: str = "waas_job"
    """The program in the container; `support.quick_job` where nothing hangs on what is heard."""

    runs: list[PodRun] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _started_pods: set[str] = field(default_factory=set)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._room = threading.Semaphore(self.pods_at_once)

    def __enter__(self) -> "PodRunner":
        self._spawn(self._watch)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _spawn(self, target: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _watch(self) -> None:
        while not self._stopped.wait(_POLL_SECONDS):
            for pod in self._pods():
                uid = pod["metadata"]["uid"]
                if uid not in self._started_pods and "deletionTimestamp" not in pod["metadata"]:
                    self._started_pods.add(uid)
                    self._spawn(self._run, pod)

    def _pods(self) -> list[Resource]:
        try:
            return self.api.items(pods_path(self.namespace))
        except (Refusal, httpx.TransportError):
            return []  # the API server is going or away for a while, as some tests want it

    def _run(self, pod: Resource) -> None:
        while not self._room.acquire(timeout=_POLL_SECONDS):
            if self._stopped.is_set():
                return
        try:
            self._run_now(pod)
        finally:
            self._room.release()

    def _run_now(self, pod: Resource) -> None:
        run = PodRun(pod["metadata"]["name"])
        container = pod["spec"]["containers"][0]
        try:
            mounts = self._lay_out_volumes(pod, container)
        except (Refusal, httpx.TransportError):
            # The Secret went, and the pod with it, while the pod waited for room; or the API server
            # is away for a while, and the next look starts the pod.
            self._started_pods.discard(pod["metadata"]["uid"])
            return
        message_file = self.folder / pod["metadata"]["uid"] / "termination-message"
        mounts[container["terminationMessagePath"]] = message_file
        environment = {
            each["name"]: _map_path(each["value"].replace("$$", "$"), mounts)
            for each in container["env"]
        }
        started = _now()
        self._report(pod, container, {"running": {"startedAt": started}}, "Running")
        self.runs.append(run)
        with subprocess.Popen(
            [sys.executable, "-c", _PINNED_PROGRAM, str(_choose_core()), self.module],
            # Nothing of this process's own environment reaches it but where programs are.
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(_TESTS), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            self._spawn(self._keep_secret_fresh, pod, mounts, process)
            run.output, _ = process.communicate()
            # As a container runtime tells it, where a signal ended the program.
            code = process.returncode
            run.exit_code = code if code >= 0 else 128 - code
        run.termination_message = message_file.read_text() if message_file.exists() else ""
        exit_code = run.exit_code
        state = {
            "terminated": {
                "exitCode": exit_code,
                "reason": "Error" if exit_code else "Completed",
                "message": run.termination_message,
                "startedAt": started,
                "finishedAt": _now(),
            }
        }
        self._report(pod, container, state, "Failed" if exit_code else "Succeeded")

    def _lay_out_volumes(self, pod: Resource, container: Resource) -> dict[str, Path]:
        folder = self.folder / pod["metadata"]["uid"]
        volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        mounts: dict[str, Path] = {}
        for mount in container["volumeMounts"]:
            volume = volumes[mount["name"]]
            target = folder / mount["name"]
            if "persistentVolumeClaim" in volume:
                target = self.model_directory
            target.mkdir(parents=True, exist_ok=True)
            if "secret" in volume:
                self._write_secret(volume["secret"]["secretName"], target)
            mounts[mount["mountPath"]] = target
        return mounts

    def _write_secret(self, name: str, target: Path) -> None:
        secret = self.api.get(secrets_path(self.namespace, name))
        for file_name, content in secret["data"].items():
            fresh = target / f".{file_name}.new"
            fresh.write_bytes(base64.b64decode(content))
            fresh.rename(target / file_name)

    def _keep_secret_fresh(
        self, pod: Resource, mounts: dict[str, Path], process: subprocess.Popen[str]
    ) -> None:
        """Renew the Secret's files and end the process when its pod is deleted."""
        secret = next(each["secret"] for each in pod["spec"]["volumes"] if "secret" in each)
        target = next(path for path in mounts.values() if path.name == "urls")
        while process.poll() is None and not self._stopped.wait(_POLL_SECONDS):
            try:
                self._write_secret(secret["secretName"], target)
                found = self.api.find(pods_path(self.namespace, pod["metadata"]["name"]))
            except (Refusal, httpx.TransportError):
                continue
            if found is None or "deletionTimestamp" in found["metadata"]:
                process.terminate()
        if self._stopped.is_set() and process.poll() is None:
            process.kill()

    def _report(self, pod: Resource, container: Resource, state: Resource, phase: str) -> None:
        status = {
            "phase": phase,
            "containerStatuses": [
                {
                    "name": container["name"],
                    "image": container["image"],
                    "imageID": "",
                    "ready": phase == "Running",
                    "restartCount": 0,
                    "state": state,
                }
            ],
        }
        path = f"{pods_path(self.namespace, pod['metadata']['name'])}/status"
        while not self._stopped.is_set():
            try:
                self.api.merge(path, {"status": status})
            except Refusal as refusal:
                if refusal.status == 404:
                    return
            except httpx.TransportError:
                pass
            else:
                return
            self._stopped.wait(_POLL_SECONDS)


def _map_path(value: str, mounts: dict[str, Path]) -> str:
    for mount_path, folder in mounts.items():
        if value == mount_path:
            return str(folder)
    return value


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def main() -> None:
    """Run the pods of a namespace until Ctrl-C."""
    from support.checkpoints import checkpoint_directory

    namespace = sys.argv[1] if len(sys.argv) > 1 else "default"
    api = KubernetesApi(Path(os.environ["KUBECONFIG"]))
    with tempfile.TemporaryDirectory() as folder:
        runner = PodRunner(api, namespace, Path(folder), checkpoint_directory())
        with runner, contextlib.suppress(KeyboardInterrupt):
            reported = 0
            while True:
                ended = [run for run in runner.runs if run.exit_code is not None]
                for run in ended[reported:]:
                    sys.stdout.write(f"{run.pod_name}: exit code {run.exit_code}\n{run.output}")
                    sys.stdout.flush()
                reported = len(ended)
                time.sleep(_POLL_SECONDS)


if __name__ == "__main__":
    main()
