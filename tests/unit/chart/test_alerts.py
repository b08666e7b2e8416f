"""The alerts, tried by promtool on series that were made up for each."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.errors import BinaryUnavailable
from cluster.promtool import find_promtool
from support.chart import CHART

CASES = tuple(sorted(Path(__file__).parent.glob("alert_cases*.yaml")))
ALERTS = CHART / "files/alerts.yaml"


@pytest.fixture(scope="module")
def promtool() -> Path:
    try:
        return find_promtool()
    except BinaryUnavailable as error:
        pytest.skip(str(error))


def read_alerts() -> dict[str, dict[str, Any]]:
    [group] = yaml.safe_load(ALERTS.read_text())["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def build_cases(file: Path) -> dict[str, Any]:
    """Return the cases, with what promtool wants to hear of each alert's annotations."""
    cases: dict[str, Any] = yaml.safe_load(file.read_text())
    alerts = read_alerts()
    for expected in (each for test in cases["tests"] for each in test["alert_rule_test"]):
        annotations = alerts[expected["alertname"]]["annotations"]
        for alert in expected["exp_alerts"]:
            model = alert["exp_labels"].get("model", "")
            alert["exp_annotations"] = {
                name: text.replace("{{ $labels.model }}", model)
                for name, text in annotations.items()
            }
    return cases


def test_each_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    fires: dict[str, set[bool]] = {name: set() for name in read_alerts()}
    for file in CASES:
        for test in yaml.safe_load(file.read_text())["tests"]:
            for expected in test["alert_rule_test"]:
                fires[expected["alertname"]].add(bool(expected["exp_alerts"]))

    assert fires == {name: {True, False} for name in fires}


def test_promtool_finds_the_alerts_as_they_should_be(promtool: Path, tmp_path: Path) -> None:
    shutil.copy(ALERTS, tmp_path / "alerts.yaml")
    for file in CASES:
        (tmp_path / file.name).write_text(yaml.safe_dump(build_cases(file)))

    tried = subprocess.run(
        [promtool, "test", "rules", *(file.name for file in CASES)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert tried.returncode == 0, tried.stdout + tried.stderr
