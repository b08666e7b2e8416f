"""The chart's README shows values that work."""

import re

import yaml

from support.chart import CHART, Chart, container, read_variables

VALUES, ANNOTATIONS, MODELS, _ = (
    yaml.safe_load(each)
    for each in re.findall(r"```yaml\n(.*?)```", (CHART / "README.md").read_text(), re.DOTALL)
)


def test_values_of_the_readme_render(chart: Chart) -> None:
    manifests = chart.render(VALUES)

    variables = read_variables(manifests.find("Deployment", "waas-operator"))
    assert variables["WAAS_JOB_NAMESPACES"] == "newsroom,archive"


def test_profile_of_the_readme_merges_with_the_charts(chart: Chart) -> None:
    variables = read_variables(chart.render(VALUES).find("Deployment", "waas-operator"))

    assert yaml.safe_load(variables["WAAS_PROFILES"])["default"]["resources"] == {
        "requests": {"cpu": "1", "memory": "2Gi"},
        "limits": {"nvidia.com/gpu": 1},
    }


def test_annotations_of_the_readme_are_those_of_the_ingress(chart: Chart) -> None:
    api = {"ingress": {"enabled": True, "annotations": ANNOTATIONS}}

    ingress = chart.render({**VALUES, "api": {**VALUES["api"], **api}}).find("Ingress", "waas-api")

    assert ingress["metadata"]["annotations"] == ANNOTATIONS


def test_models_of_ones_own_are_pulled_and_may_be_asked_for(chart: Chart) -> None:
    api = {**VALUES["api"], **MODELS["api"]}

    manifests = chart.render({**VALUES, "modelCache": MODELS["modelCache"], "api": api})

    job, *_ = manifests.of_kind("Job")
    variables = read_variables(manifests.find("Deployment", "waas-api"))
    assert container(job)["args"] == variables["WAAS_MODELS"].split(",")
