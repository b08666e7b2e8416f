"""The GPU's benchmark goes through all of its code on a CPU, and says what it lacks."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from pydantic import TypeAdapter

from performance.gpu import Report, draw_lengths, measure, plan_for

CPU = torch.device("cpu")
QUICK = replace(plan_for(CPU, quick=True, budget_seconds=600), parity_models=[])


def test_lengths_are_those_of_speech_and_the_same_at_every_run() -> None:
    lengths = draw_lengths(500, mean=75)

    assert lengths == draw_lengths(500, mean=75)
    assert 70 < sum(lengths) / len(lengths) < 80
    assert max(lengths) <= 180


def test_every_stage_is_measured_beside_its_limit() -> None:
    report = measure(QUICK, print)

    assert [(each.stage, each.windows) for each in report.stages] == [
        ("encoder", 1),
        ("decoder", 2),
        ("from samples to tokens", 3),
    ]
    for stage in report.stages:
        assert stage.milliseconds_per_window > 0
        assert stage.limit_milliseconds_per_window > 0
    assert report.stages[-1].tokens == sum(draw_lengths(3, QUICK.mean_tokens))
    assert report.left_out == []
    assert json.loads(TypeAdapter(Report).dump_json(report))["device"] == "cpu"


def test_what_there_is_no_time_for_is_told() -> None:
    report = measure(replace(QUICK, budget_seconds=0), print)

    assert report.stages == []
    assert report.left_out[0] == "encoder of tiny.en, 1 windows: no time was left"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_machine_without_a_gpu_is_told_what_it_can_do() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "performance.gpu"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("There is no GPU here that torch can use.")
