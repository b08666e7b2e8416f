"""actionlint finds nothing in the workflows: they run on GitHub alone, a release's at its tag."""

import subprocess

import pytest

from cluster.fixtures import GetBinaries
from support.chart import CHART

pytestmark = pytest.mark.integration

WORKFLOWS = sorted((CHART.parents[1] / ".github/workflows").glob("*.yaml"))


def test_nothing_is_found(cluster_binaries: GetBinaries) -> None:
    [actionlint] = cluster_binaries(["actionlint"]).values()

    # With no programs that one machine has and another has not.
    result = subprocess.run(
        [str(actionlint), "-no-color", "-shellcheck=", "-pyflakes=", *map(str, WORKFLOWS)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert len(WORKFLOWS) >= 2
    assert (result.stdout, result.stderr, result.returncode) == ("", "", 0)
