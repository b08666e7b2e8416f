"""A Helm for the tests of the chart."""

import pytest

from cluster.errors import BinaryUnavailable
from cluster.helm import helm_command
from support.chart import Chart, Manifests


@pytest.fixture(scope="session")
def chart() -> Chart:
    """The chart, to be rendered with any values."""
    try:
        return Chart(helm_command())
    except BinaryUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def manifests(chart: Chart) -> Manifests:
    """The chart with the least values: a store and its user."""
    return chart.render()
