"""All that can go wrong around an operator, while jobs go through it.

Whatever happens, each TranscriptionJob gets one Job, whose pods store one manifest, and ends once.
The pods run a program without a model; what befalls the job program has tests of its own. With
`-m long` the same happens to more jobs, and the store stays away for a minute.
"""

import time
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.desk import Desk
from support.kubernetes_api import (
    jobs_path,
    secrets_path,
    transcription_job_resource,
    transcription_jobs_path,
)
from support.pod_runner import PodRunner
from support.restarting_operator import restarting
from support.service import OPERATOR_RULES, OperatorProcess, Tenant
from support.unruly_api_server import UnrulyApiServer, unruly
from support.waiting import wait_until
from support.witness import Witness, witnessing

pytestmark = pytest.mark.integration

HOUR = 3600
PODS_AT_ONCE = 2
WATCHES = 3
"""TranscriptionJobs, Jobs and Pods."""


@dataclass(frozen=True)
class Size:
    jobs: int
    store_away_seconds: float


SAMPLE = Size(jobs=6, store_away_seconds=8)
WHOLE = Size(jobs=60, store_away_seconds=60)


@dataclass
class Town:
    """One namespace with an operator in it, and those who look on."""

    desk: Desk
    operator: OperatorProcess
    pod_runner: PodRunner
    witness: Witness
    size: Size
    tell_figures: Callable[[str], None]
    created: int = 0

    def create_half(self, **spec: object) -> None:
        """Ask for half of the jobs."""
        for _ in range(self.size.jobs // 2):
            name = f"job-{self.created:03}"
            self.created += 1
            source = {"key": f"{self.desk.tenant.namespace}/{name}/audio/clip.flac"}
            self.desk.create(name, source=source, model="tiny.en", **spec)

    def wait_until_all_have_ended(self) -> None:
        def are_ended() -> bool:
            return len(self.witness.ends) == self.created

        wait_until(are_ended, "all jobs have ended", timeout_seconds=400)
        self.witness.look()

    def assert_nothing_is_lost_doubled_or_stuck(
        self, figures: str, *, attempts: Container[int] = (1,)
    ) -> None:
        names = {f"job-{number:03}" for number in range(self.created)}
        ends = {name: phase for name, (phase, _) in self.witness.ends.items()}
        assert ends == dict.fromkeys(names, "Succeeded")
        assert self.witness.changed_ends == []
        assert {name: len(uids) for name, uids in self.witness.jobs_of.items()} == dict.fromkeys(
            names, 1
        )
        for name in names:
            assert self.desk.manifest(name).attempt in attempts, "no second pod stored results"
        good = [run for run in self.pod_runner.runs if run.exit_code == 0]
        assert len(good) == self.created
        api, namespace = self.desk.tenant.api, self.desk.tenant.namespace
        wait_until(lambda: api.items(secrets_path(namespace)) == [], "no Secret is left")
        seconds = time.monotonic() - self.witness.first_look
        others = len(self.pod_runner.runs) - len(good)
        self.tell_figures(
            f"{self.created} jobs in {seconds:.1f} s, {others} pods in vain, {figures}"
        )


@pytest.fixture(
    params=[
        pytest.param(SAMPLE, id="sample"),
        pytest.param(WHOLE, id="whole", marks=pytest.mark.long),
    ]
)
def size(request: pytest.FixtureRequest) -> Size:
    chosen: Size = request.param
    return chosen


@pytest.fixture
def town(
    tenant: Tenant,
    desk: Desk,
    operator: OperatorProcess,
    tmp_path: Path,
    size: Size,
    tell_figures: Callable[[str], None],
) -> Iterator[Town]:
    runner = PodRunner(
        tenant.api,
        tenant.namespace,
        tmp_path / "pods",
        tmp_path,
        pods_at_once=PODS_AT_ONCE,
        module="support.quick_job",
    )
    with runner, witnessing(tenant) as witness:
        yield Town(desk, operator, runner, witness, size, tell_figures)


@pytest.fixture
def unruly_api_server(operator: OperatorProcess, tmp_path: Path) -> Iterator[UnrulyApiServer]:
    """Stands between the operator and the API server."""
    with unruly(operator.kubeconfig) as server:
        operator.kubeconfig = server.write_kubeconfig(tmp_path / "unruly")
        yield server


def test_an_api_server_that_restarts_twice(town: Town, tenant: Tenant) -> None:
    with restarting(town.operator) as kept:
        town.operator.wait_until_ready()
        for _ in range(2):
            town.create_half()
            tenant.control_plane.stop_apiserver()
            tenant.control_plane.start_apiserver()
        town.wait_until_all_have_ended()
    town.assert_nothing_is_lost_doubled_or_stuck(f"the operator ended with {kept.exit_codes}")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        pytest.param(410, "Expired", id="watches whose version is too old, which is usual"),
        pytest.param(500, "InternalError", id="watches that end with an error"),
    ],
)
def test_watches_that_break(
    town: Town, unruly_api_server: UnrulyApiServer, code: int, reason: str
) -> None:
    broken = 0
    with restarting(town.operator) as kept:
        for _ in range(2):
            wait_until(lambda: unruly_api_server.open_watches >= WATCHES, "it watches")
            town.create_half()
            broken += unruly_api_server.break_watches(code, reason)
        town.wait_until_all_have_ended()
    assert bool(kept.exit_codes) == (code != 410), "a watcher that died ends the process"
    town.assert_nothing_is_lost_doubled_or_stuck(
        f"{broken} watches broken by {code}, the operator ended with {kept.exit_codes}"
    )


def test_requests_that_are_refused_at_random(
    town: Town, unruly_api_server: UnrulyApiServer
) -> None:
    unruly_api_server.refuse(429, 500, 503, share=0.2)
    with restarting(town.operator) as kept:
        for _ in range(2):
            town.create_half()
        town.wait_until_all_have_ended()
        unruly_api_server.refuse(share=0)
    answered = dict(unruly_api_server.answered)
    assert sum(answered.values()) > town.created
    town.assert_nothing_is_lost_doubled_or_stuck(
        f"answers instead of the API server's {answered}, the operator ended with {kept.exit_codes}"
    )


def test_a_store_that_goes_away(town: Town, tenant: Tenant) -> None:
    away = town.size.store_away_seconds
    with restarting(town.operator) as kept:
        town.operator.wait_until_ready()
        town.create_half(backoffLimit=0)
        tenant.minio_server.stop()
        try:
            town.create_half(backoffLimit=0)
            time.sleep(away)
        finally:
            tenant.minio_server.start()
        town.wait_until_all_have_ended()
    assert kept.exit_codes == []
    # A pod may have begun to store its results when the store went.
    town.assert_nothing_is_lost_doubled_or_stuck(
        f"the store was away for {away:.0f} s", attempts=(1, 2)
    )


def test_two_operators_without_a_lease(town: Town) -> None:
    with restarting(town.operator) as one, restarting(town.operator) as other:
        for _ in range(2):
            town.create_half()
        town.wait_until_all_have_ended()
    assert one.exit_codes + other.exit_codes == []
    town.assert_nothing_is_lost_doubled_or_stuck("two acted at once")


@pytest.mark.parametrize("skew", [pytest.param(HOUR, id="fast"), pytest.param(-HOUR, id="slow")])
def test_a_clock_that_is_wrong_by_an_hour(town: Town, skew: int) -> None:
    spec = {"queueDeadlineSeconds": HOUR // 2, "ttlSecondsAfterFinished": HOUR // 4}
    with restarting(town.operator, "support.skewed_operator", CLOCK_SKEW_SECONDS=str(skew)) as kept:
        for _ in range(2):
            town.create_half(**spec)
        town.wait_until_all_have_ended()
    assert kept.exit_codes == []
    town.assert_nothing_is_lost_doubled_or_stuck(f"the clock was wrong by {skew} s")


def test_a_namespace_that_is_deleted_with_jobs_in_it(town: Town, tenant: Tenant) -> None:
    other = f"{tenant.namespace}-other"
    tenant.api.create_namespace({"name": other})
    town.operator.tenant.grant_in(other, "waas-operator", OPERATOR_RULES)
    namespaces = f"{tenant.namespace},{other}"
    with restarting(town.operator, WAAS_JOB_NAMESPACES=namespaces) as kept:
        town.operator.wait_until_ready()
        for number in range(town.size.jobs):
            resource = transcription_job_resource(
                f"doomed-{number:03}", source={"key": f"{other}/none.wav"}
            )
            tenant.api.create(transcription_jobs_path(other), resource)
        wait_until(lambda: tenant.api.items(jobs_path(other)), "jobs are there")
        town.create_half()
        tenant.api.delete(f"/api/v1/namespaces/{other}")
        wait_until(
            lambda: tenant.api.find(f"/api/v1/namespaces/{other}") is None, "the namespace is gone"
        )
        # The next one finds it gone, and its own rights there as well.
        town.operator.programs[-1].kill()
        town.create_half()
        town.wait_until_all_have_ended()
    assert len(kept.exit_codes) == 1, "it does not end because of it"
    town.assert_nothing_is_lost_doubled_or_stuck(f"the operator ended with {kept.exit_codes}")
