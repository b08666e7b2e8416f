"""What Prometheus and Grafana get: only what the operator counts, and a runbook for each alert."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.chart import CHART, NAMESPACE, STORE, Chart, Manifests
from waas_contract.exit_codes import FailureReason
from waas_contract.job_status import ConditionReason, Phase
from waas_operator.metrics import Metrics
from waas_operator.work_queue import WorkQueue

RUNBOOKS = Path(__file__).parents[3] / "docs/runbooks"
ALERTS: list[dict[str, Any]] = yaml.safe_load((CHART / "files/alerts.yaml").read_text())["groups"][
    0
]["rules"]
DASHBOARD: dict[str, Any] = json.loads((CHART / "files/dashboard.json").read_text())
ALL = {
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "alerts": {"enabled": True, "runbooks": "https://git.example/waas/docs/runbooks/"},
    "dashboard": {"enabled": True},
}


def expressions() -> list[str]:
    panels = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return [*panels, *(alert["expr"] for alert in ALERTS)]


def known_series() -> set[str]:
    """Return the names of all series that the operator can have."""
    metrics = Metrics()
    metrics.follow_queue(WorkQueue[str]())
    names = set()
    for line in metrics.render()[0].decode().splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            parts = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
            names |= {name + part for part in parts}
    return names


@pytest.mark.parametrize("expression", expressions())
def test_an_expression_asks_for_what_the_operator_counts(expression: str) -> None:
    asked = set(re.findall(r"\bwaas_\w+", expression))

    assert asked
    assert asked <= known_series()


@pytest.mark.parametrize("expression", expressions())
def test_an_expression_is_closed_and_names_values_that_there_are(expression: str) -> None:
    for opening, closing in ("()", "{}", "[]"):
        assert expression.count(opening) == expression.count(closing)
    values = {str(each) for kind in (Phase, FailureReason, ConditionReason) for each in kind}
    for label, text in re.findall(r'(phase|reason)!?[=~]+"([^"]*)"', expression):
        assert set(text.split("|")) <= values, label


@pytest.mark.parametrize("alert", ALERTS, ids=[alert["alert"] for alert in ALERTS])
def test_an_alert_says_what_to_do(alert: dict[str, Any]) -> None:
    assert set(alert) == {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"\d+[mh]", alert["for"])
    assert alert["labels"]["severity"] in ("warning", "critical")
    runbook = (RUNBOOKS / f"{alert['alert']}.md").read_text()
    assert runbook.startswith(f"# {alert['alert']}: ")
    assert re.findall(r"^## (.*)$", runbook, re.MULTILINE) == [
        "What it means",
        "What to look at",
        "What to do",
    ]


def test_every_runbook_is_some_alerts() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == {alert["alert"] for alert in ALERTS}


def test_nothing_of_it_is_there_unless_it_is_asked_for(manifests: Manifests) -> None:
    for kind in ("ServiceMonitor", "PrometheusRule", "ConfigMap"):
        assert "waas-operator" not in " ".join(manifests.names(kind))
    assert "waas-operator" not in manifests.names("Service")


def test_it_is_made_as_the_values_say(chart: Chart) -> None:
    manifests = chart.render({**STORE, "monitoring": ALL})

    monitor = manifests.find("ServiceMonitor", "waas-operator")
    service = manifests.find("Service", "waas-operator")
    assert monitor["metadata"]["namespace"] == NAMESPACE
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    assert monitor["spec"]["endpoints"] == [
        {"port": "health", "path": "/metrics", "interval": "30s"}
    ]
    selected = monitor["spec"]["selector"]["matchLabels"]
    assert selected.items() <= service["metadata"]["labels"].items()
    assert service["spec"]["ports"] == [{"name": "health", "port": 8080, "targetPort": "health"}]

    (group,) = manifests.find("PrometheusRule", "waas-operator")["spec"]["groups"]
    for rule, alert in zip(group["rules"], ALERTS, strict=True):
        url = rule["annotations"].pop("runbook_url")
        assert url == f"https://git.example/waas/docs/runbooks/{alert['alert']}.md"
        assert rule == alert

    dashboard = manifests.find("ConfigMap", "waas-operator-dashboard")
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(dashboard["data"]["waas.json"]) == DASHBOARD
