"""What the values change of the pods: their images, where they go, what they carry."""

from typing import Any

import pytest

from support.chart import STORE, Chart, container, selector

DIGEST = "sha256:" + "a" * 64
IMAGES: list[tuple[str, dict[str, Any], dict[str, str], str]] = [
    ("only a repository", {}, {}, "waas-api:0.1.0"),
    ("a tag", {}, {"tag": "edge"}, "waas-api:edge"),
    ("a digest before a tag", {}, {"tag": "edge", "digest": DIGEST}, f"waas-api@{DIGEST}"),
    ("a registry", {"registry": "r.example/a/"}, {}, "r.example/a/waas-api:0.1.0"),
    (
        "a registry of its own",
        {"registry": "r.example/a"},
        {"repository": "ghcr.io/b/waas-api"},
        "ghcr.io/b/waas-api:0.1.0",
    ),
    (
        "a folder in the registry",
        {"registry": "r.example"},
        {"repository": "news/waas-api"},
        "r.example/news/waas-api:0.1.0",
    ),
]


@pytest.mark.parametrize(
    ("image", "own", "reference"), [pytest.param(*case[1:], id=case[0]) for case in IMAGES]
)
def test_image_is_named_by(
    chart: Chart, image: dict[str, Any], own: dict[str, str], reference: str
) -> None:
    manifests = chart.render({**STORE, "image": image, "api": {"image": own}})

    assert container(manifests.find("Deployment", "waas-api"))["image"] == reference


@pytest.mark.parametrize("component", ["api", "operator", "minio"])
def test_pod_is_placed_labelled_and_extended_as_the_values_say(
    chart: Chart, component: str
) -> None:
    tolerations = [{"key": "quiet", "operator": "Exists"}]
    affinity: dict[str, Any] = {
        "podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}
    }
    values: dict[str, Any] = {
        "podLabels": {"team": "news", "app.kubernetes.io/component": "other"},
        "podAnnotations": {"note": "here"},
        "nodeSelector": {"disk": "fast"},
        "tolerations": tolerations,
        "affinity": affinity,
        "priorityClassName": "urgent",
        "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy.example:3128"}],
        "extraVolumes": [{"name": "authority", "configMap": {"name": "authority"}}],
        "extraVolumeMounts": [{"name": "authority", "mountPath": "/etc/authority"}],
    }

    deployment = chart.render(
        {
            **STORE,
            "imagePullSecrets": [{"name": "registry"}],
            "minio": {"enabled": True},
            component: {"enabled": True, **values} if component == "minio" else values,
        }
    ).find("Deployment", f"waas-{component}")

    template = deployment["spec"]["template"]
    pod = template["spec"]
    assert template["metadata"]["labels"] == {**selector(component), "team": "news"}
    assert template["metadata"]["annotations"]["note"] == "here"
    assert pod["nodeSelector"] == {"disk": "fast"}
    assert pod["tolerations"] == tolerations
    assert pod["affinity"] == affinity
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    assert pod["priorityClassName"] == "urgent"
    assert pod["volumes"][-1] == values["extraVolumes"][0]
    assert container(deployment)["env"][-1] == values["extraEnv"][0]
    assert container(deployment)["volumeMounts"][-1] == values["extraVolumeMounts"][0]


@pytest.mark.parametrize("component", ["api", "operator"])
def test_pods_are_spread_as_the_values_say(chart: Chart, component: str) -> None:
    over_zones = [{"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone"}]

    manifests = chart.render({**STORE, component: {"topologySpreadConstraints": over_zones}})

    template = manifests.find("Deployment", f"waas-{component}")["spec"]["template"]
    assert template["spec"]["topologySpreadConstraints"] == over_zones


def test_pod_of_api_may_take_as_long_to_end_as_its_requests(chart: Chart) -> None:
    settings = {"settings": {"longestShutdownSeconds": 600}}

    deployment = chart.render({**STORE, "api": settings}).find("Deployment", "waas-api")

    assert deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 615
