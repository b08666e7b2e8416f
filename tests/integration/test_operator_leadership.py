"""Two operators and one Lease: one acts, the other follows, and nothing is lost or doubled."""

import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.desk import Desk, condition
from support.kubernetes_api import Resource
from support.pod_runner import PodRunner
from support.service import LEASE_RULES, OperatorProcess, Program, Tenant, running_operator
from support.speech import librivox_clip
from support.waiting import wait_until

pytestmark = pytest.mark.integration

LEASE = "waas-operator"
CLIP = librivox_clip("0880")
RENEW_DEADLINE_SECONDS = 10
POLLED_SECONDS = 2


@dataclass
class Replicas:
    """Operators that want the same Lease."""

    tenant: Tenant
    operator: OperatorProcess

    def start(self, identity: str) -> Program:
        return self.operator.start(
            WAAS_LEASE_NAME=LEASE,
            WAAS_LEASE_NAMESPACE=self.tenant.namespace,
            WAAS_LEASE_IDENTITY=identity,
        )

    def lease(self) -> Resource:
        namespace = self.tenant.namespace
        path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{LEASE}"
        return self.tenant.api.find(path) or {"spec": {"holderIdentity": ""}}

    def holder(self) -> str:
        identity: str = self.lease()["spec"].get("holderIdentity", "")
        return identity.rpartition("_")[0]

    def wait_for_leader(self, identity: str) -> None:
        wait_until(lambda: self.holder() == identity, f"{identity} leads")

    def start_two(self) -> tuple[Program, Program]:
        """Start "first", which leads, and "second", which is ready to follow."""
        first = self.start("first")
        self.wait_for_leader("first")
        second = self.start("second")
        self.operator.wait_until_ready()
        return first, second


@pytest.fixture
def replicas(tenant: Tenant, tmp_path: Path) -> Iterator[Replicas]:
    with running_operator(tenant, tmp_path, rules=LEASE_RULES) as operator:
        yield Replicas(tenant, operator)


def assert_each_has_one_job(desk: Desk, *names: str) -> None:
    wait_until(lambda: len(desk.jobs()) == len(names), "every TranscriptionJob has a Job")
    owners = [job["metadata"]["ownerReferences"][0]["name"] for job in desk.jobs()]
    assert sorted(owners) == sorted(names)


def test_one_that_is_killed_is_followed_and_its_job_goes_on(
    replicas: Replicas, desk: Desk, pod_runner: PodRunner
) -> None:
    first, second = replicas.start_two()
    desk.create("under-way", source={"key": desk.put_audio("clip", CLIP)}, model="tiny.en")
    desk.wait_for_phase("under-way", "Queued", "Running", "Succeeded")

    first.kill()
    desk.create("new", source={"key": desk.put_audio("clip", CLIP)}, model="tiny.en")

    replicas.wait_for_leader("second")
    for name in ("under-way", "new"):
        resource = desk.wait_for_end(name)
        assert condition(resource, "Succeeded")["reason"] == "Completed", pod_runner.runs
        assert desk.manifest(name).attempt == 1
    assert_each_has_one_job(desk, "under-way", "new")
    assert [run.exit_code for run in pod_runner.runs] == [0, 0]
    assert second.process.poll() is None


def test_one_that_is_told_to_stop_hands_over_at_once(replicas: Replicas, desk: Desk) -> None:
    first, _ = replicas.start_two()
    desk.create("before", source={"key": f"{desk.tenant.namespace}/none.wav"})
    desk.wait_for_phase("before", "Queued")

    exit_code = first.stop()
    desk.create("after", source={"key": f"{desk.tenant.namespace}/none.wav"})

    replicas.wait_for_leader("second")
    desk.wait_for_phase("after", "Queued")
    assert exit_code == 0, first.output()
    assert '"message": "released the Lease"' in first.output()
    assert replicas.lease()["spec"]["leaseTransitions"] == 1
    assert_each_has_one_job(desk, "before", "after")


def test_one_that_waits_ends_when_it_is_told_to(replicas: Replicas) -> None:
    _, second = replicas.start_two()

    assert second.stop() == 0, second.output()
    assert replicas.holder() == "first"


def test_one_that_was_paused_for_too_long_acts_no_more(replicas: Replicas, desk: Desk) -> None:
    first = replicas.start("first")
    replicas.wait_for_leader("first")
    replicas.operator.wait_until_ready()

    first.process.send_signal(signal.SIGSTOP)
    # It finds the event in its watch when it goes on, and its Lease is over though nobody took it.
    desk.create("meanwhile", source={"key": f"{desk.tenant.namespace}/none.wav"})
    time.sleep(RENEW_DEADLINE_SECONDS + POLLED_SECONDS)
    first.process.send_signal(signal.SIGCONT)

    assert first.process.wait(timeout=180) == 1, first.output()
    assert "the Lease was not renewed in time" in first.output()
    assert desk.jobs() == []
    assert "status" not in desk.get("meanwhile")
    replicas.start("second")
    replicas.wait_for_leader("second")
    assert_each_has_one_job(desk, "meanwhile")
