"""Skaffold's configuration fits the chart and the tree."""

from typing import Any

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


def test_every_image_that_is_built_is_the_one_that_runs(chart: Chart) -> None:
    [release] = SKAFFOLD["deploy"]["helm"]["releases"]
    values: dict[str, Any] = release["overrides"]
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


def test_every_build_has_its_files() -> None:
    for artifact in ARTIFACTS.values():
        context = ROOT / artifact["context"]
        dockerfile = artifact["docker"]["dockerfile"]
        assert context.is_dir()
        # Skaffold looks below the context first, then from the root.
        assert (context / dockerfile).exists() or (ROOT / dockerfile).exists()
