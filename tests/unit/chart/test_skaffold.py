"""Skaffold's configuration fits the chart and the tree."""

from copy import deepcopy
from typing import Any

import pytest
import yaml

from support.chart import CHART, Chart, container, read_variables

ROOT = CHART.parents[1]
SKAFFOLD = yaml.safe_load((ROOT / "skaffold.yaml").read_text())
ARTIFACTS = {each["image"]: each for each in SKAFFOLD["build"]["artifacts"]}


def expand(template: str) -> str:
    """Fill in what Skaffold knows of an image that it built and did not push."""
    for name in ARTIFACTS:
        variable = name.replace("-", "_")
        template = template.replace(f"{{{{.IMAGE_REPO_{variable}}}}}", name)
        template = template.replace(f"{{{{.IMAGE_TAG_{variable}}}}}", "built")
        template = template.replace(f"{{{{.IMAGE_DIGEST_{variable}}}}}", "")
    assert "{{" not in template
    return template


def with_profile(name: str | None) -> dict[str, Any]:
    """Return the configuration as Skaffold changes it for a profile."""
    configuration: dict[str, Any] = deepcopy(SKAFFOLD)
    for profile in SKAFFOLD["profiles"]:
        for patch in profile.get("patches", []) if profile["name"] == name else []:
            *parents, last = patch["path"].strip("/").split("/")
            place: Any = configuration
            for parent in parents:
                place = place[int(parent)] if isinstance(place, list) else place[parent]
            assert patch["op"] == "add"
            if last == "-":
                place.append(patch["value"])
            else:
                assert last not in place
                place[last] = deepcopy(patch["value"])
    return configuration


def read_values(release: dict[str, Any]) -> dict[str, Any]:
    """Return the values of all files, a later one's before an earlier one's, as Helm has them."""
    values: dict[str, Any] = {}
    for name in release["valuesFiles"]:
        merge(values, yaml.safe_load((ROOT / name).read_text()))
    return values


def merge(values: dict[str, Any], others: dict[str, Any]) -> None:
    for name, value in others.items():
        if isinstance(value, dict) and isinstance(values.get(name), dict):
            merge(values[name], value)
        else:
            values[name] = value


@pytest.mark.parametrize("profile", [None, *(each["name"] for each in SKAFFOLD["profiles"])])
def test_every_image_that_is_built_is_the_one_that_runs(chart: Chart, profile: str | None) -> None:
    [release] = with_profile(profile)["deploy"]["helm"]["releases"]
    values = read_values(release)
    for path, template in release["setValueTemplates"].items():
        *parents, name = path.split(".")
        place = values
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = expand(template)

    manifests = chart.render(values, release=release["name"], namespace=release["namespace"])

    operator = manifests.find("Deployment", "waas-operator")
    images = {container(each)["image"] for each in manifests.of_kind("Deployment")}
    images.add(read_variables(operator)["WAAS_JOB_IMAGE"])
    assert images == {f"{name}:built" for name in ARTIFACTS}
    for forward in SKAFFOLD["portForward"]:
        assert forward["resourceName"] in manifests.names("Service")


def test_each_profile_adds_its_values_to_those_of_one_node(chart: Chart) -> None:
    [release] = with_profile("gpu")["deploy"]["helm"]["releases"]
    manifests = chart.render(read_values(release), namespace=release["namespace"])

    operator = read_variables(manifests.find("Deployment", "waas-operator"))
    [pull] = [
        each
        for each in manifests.of_kind("Job")
        if each["metadata"]["labels"]["app.kubernetes.io/component"] == "models"
    ]
    assert "waas-minio" in manifests.names("Deployment")
    assert yaml.safe_load(operator["WAAS_PROFILES"])["default"]["resources"]["limits"] == {
        "nvidia.com/gpu": 1
    }
    assert "large-v3-turbo" in str(container(pull))


def test_every_build_has_its_files() -> None:
    for artifact in ARTIFACTS.values():
        context = ROOT / artifact["context"]
        dockerfile = artifact["docker"]["dockerfile"]
        assert context.is_dir()
        # Skaffold looks below the context first, then from the root.
        assert (context / dockerfile).exists() or (ROOT / dockerfile).exists()


def test_what_is_synced_is_where_python_looks_first_and_root_stays_read_only(chart: Chart) -> None:
    configuration = with_profile("sync")
    [release] = configuration["deploy"]["helm"]["releases"]
    manifests = chart.render(read_values(release), namespace=release["namespace"])

    for artifact in configuration["build"]["artifacts"][:2]:
        deployment = manifests.find("Deployment", artifact["image"])
        program = container(deployment)
        [mount] = [each for each in program["volumeMounts"] if each["name"] == "sync"]
        [path] = [each["value"] for each in program["env"] if each["name"] == "PYTHONPATH"]
        assert path.split(":") == [mount["mountPath"], "/opt/waas/program"]
        assert program["securityContext"]["readOnlyRootFilesystem"] is True
        for rule in artifact["sync"]["manual"]:
            assert rule["dest"] == mount["mountPath"]
            folder = ROOT / rule["src"].removesuffix("/**")
            assert (folder / "__init__.py").exists()
            assert folder.parent == ROOT / rule["strip"]
