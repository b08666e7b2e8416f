"""kube-score finds nothing critical in what the chart makes."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from cluster.errors import BinaryUnavailable
from cluster.fixtures import GetBinaries
from cluster.helm import helm_command
from support.chart import CHART, NAMESPACE, Chart

pytestmark = pytest.mark.integration

# What the chart goes against throughout; single exceptions are annotations in its templates.
EXCEPTIONS = (
    # A limit of processor time slows a pod down while its node is idle; requests share a busy one.
    "--ignore-container-cpu-limit",
    # A release's tags never move, and digests cannot; with `Always`, no pod starts while a registry
    # is away.
    "--ignore-test=container-image-pull-policy",
)


@pytest.mark.parametrize(
    "values", sorted(CHART.glob("ci/*-values.yaml")), ids=lambda path: path.stem
)
def test_nothing_critical_is_found(values: Path, cluster_binaries: GetBinaries) -> None:
    try:
        chart = Chart(helm_command())
    except BinaryUnavailable as error:
        pytest.skip(str(error))
    [kube_score] = cluster_binaries(["kube-score"]).values()
    manifests = chart.render(yaml.safe_load(values.read_text()), namespace=NAMESPACE)

    result = subprocess.run(
        [
            *(kube_score, "score", "-", "--output-format=ci", "--kubernetes-version=v1.34"),
            *EXCEPTIONS,
        ],
        input="\n---\n".join(json.dumps(each) for each in manifests.resources),
        capture_output=True,
        text=True,
        check=False,
    )

    lines = result.stdout.splitlines()
    assert len([line for line in lines if line.startswith("[OK]")]) > 20, result.stderr
    assert [line for line in lines if line.startswith("[CRITICAL]")] == []
