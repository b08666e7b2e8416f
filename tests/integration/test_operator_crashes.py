"""The operator may die between any two of its writes: one Job, one manifest, one end."""

import random
import time

import pytest

from support.crashing_operator import CRASHED
from support.desk import Desk, condition
from support.kubernetes_api import secrets_path
from support.pod_runner import PodRunner
from support.service import OperatorProcess
from support.speech import librivox_clip
from support.waiting import wait_until

pytestmark = pytest.mark.integration

CLIP = librivox_clip("0880")

# The URLs' Secret, the Job, the status "Queued", the status "Running", the Secret's deletion and
# the last status; more where the scheduler's word or progress comes between.
FEWEST_WRITES = 6


def run_until_it_crashes(operator: OperatorProcess, crash_at: str) -> bool:
    """Run the operator; returns whether it died as asked before the job was over."""
    program = operator.start("support.crashing_operator", CRASH_AT=crash_at)
    return program.process.wait(timeout=180) == CRASHED


def assert_exactly_one_of_everything(desk: Desk, pod_runner: PodRunner) -> None:
    resource = desk.wait_for_end("a")
    assert condition(resource, "Succeeded")["reason"] == "Completed", pod_runner.runs
    assert len(desk.jobs()) == 1
    assert desk.keys("a/manifest.json") == {f"{desk.tenant.namespace}/a/manifest.json"}
    assert [run.exit_code for run in pod_runner.runs] == [0]
    assert desk.manifest("a").attempt == 1
    assert desk.tenant.api.items(secrets_path(desk.tenant.namespace)) == []


@pytest.mark.parametrize(
    "crash_at", ["before:1", *(f"after:{number}" for number in range(1, FEWEST_WRITES + 1))]
)
def test_one_death_at_any_step_costs_nothing(
    desk: Desk, operator: OperatorProcess, pod_runner: PodRunner, crash_at: str
) -> None:
    desk.create("a", source={"key": desk.put_audio("clip", CLIP)}, model="tiny.en")

    assert run_until_it_crashes(operator, crash_at)
    operator.start()

    assert_exactly_one_of_everything(desk, pod_runner)


def test_a_death_after_every_second_write_costs_nothing(
    desk: Desk, operator: OperatorProcess, pod_runner: PodRunner
) -> None:
    desk.create("a", source={"key": desk.put_audio("clip", CLIP)}, model="tiny.en")

    # Not after every write: the Secret is written anew until the Job is there.
    for _ in range(FEWEST_WRITES // 2):
        assert run_until_it_crashes(operator, "after:2")
    operator.start()

    assert_exactly_one_of_everything(desk, pod_runner)


def test_two_operators_at_once_make_one_job(
    desk: Desk, operator: OperatorProcess, pod_runner: PodRunner
) -> None:
    desk.create("a", source={"key": desk.put_audio("clip", CLIP)}, model="tiny.en")

    operator.start()
    operator.start()

    assert_exactly_one_of_everything(desk, pod_runner)


def test_what_happened_while_the_operator_was_away_is_seen(
    desk: Desk, operator: OperatorProcess, pod_runner: PodRunner
) -> None:
    desk.create("a", source={"key": desk.put_audio("clip", CLIP)}, model="tiny.en")
    program = operator.start()
    desk.wait_for_phase("a", "Queued", "Running")
    program.kill()
    wait_until(
        lambda: any(run.exit_code is not None for run in pod_runner.runs), "the pod has ended"
    )

    operator.start()

    assert_exactly_one_of_everything(desk, pod_runner)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_kills_at_random_moments_cost_nothing(
    desk: Desk, operator: OperatorProcess, pod_runner: PodRunner, seed: int
) -> None:
    moments = random.Random(seed)
    desk.create("a", source={"key": desk.put_audio("clip", CLIP)}, model="tiny.en")

    for _ in range(5):
        program = operator.start()
        time.sleep(moments.uniform(0.8, 3))
        program.kill()
    operator.start()

    assert_exactly_one_of_everything(desk, pod_runner)
