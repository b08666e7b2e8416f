"""The ways to the api, and how many of it run."""

from typing import Any

import pytest

from support.chart import STORE, Chart, Manifests


def render(chart: Chart, **api: Any) -> Manifests:
    return chart.render({**STORE, "api": api})


def test_nothing_leads_in_from_outside_unless_it_is_asked_for(manifests: Manifests) -> None:
    assert manifests.names("Ingress") == manifests.names("HTTPRoute") == []
    assert manifests.names("HorizontalPodAutoscaler") == []


def test_ingress_is_this(chart: Chart) -> None:
    ingress = render(
        chart,
        ingress={
            "enabled": True,
            "className": "nginx",
            "annotations": {"nginx.ingress.kubernetes.io/proxy-body-size": "0"},
            "hosts": ["waas.example.org"],
            "tlsSecret": "waas-tls",
        },
    ).find("Ingress", "waas-api")

    assert ingress["metadata"]["annotations"] == {
        "nginx.ingress.kubernetes.io/proxy-body-size": "0"
    }
    backend = {"service": {"name": "waas-api", "port": {"name": "http"}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    assert ingress["spec"] == {
        "ingressClassName": "nginx",
        "tls": [{"secretName": "waas-tls", "hosts": ["waas.example.org"]}],
        "rules": [{"host": "waas.example.org", "http": {"paths": [path]}}],
    }


def test_ingress_without_a_host_is_for_all(chart: Chart) -> None:
    ingress = render(chart, ingress={"enabled": True}).find("Ingress", "waas-api")

    [rule] = ingress["spec"]["rules"]
    assert [*rule] == ["http"]
    assert "tls" not in ingress["spec"]


def test_route_is_this_and_sets_no_time_limit(chart: Chart) -> None:
    gateways = [{"name": "public", "namespace": "gateways", "sectionName": "https"}]
    route = render(
        chart,
        route={"enabled": True, "parentRefs": gateways, "hostnames": ["waas.example.org"]},
        service={"port": 8080},
    ).find("HTTPRoute", "waas-api")

    assert route["spec"] == {
        "parentRefs": gateways,
        "hostnames": ["waas.example.org"],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                "timeouts": {"request": "0s", "backendRequest": "0s"},
                "backendRefs": [{"name": "waas-api", "port": 8080}],
            }
        ],
    }


def test_autoscaler_decides_alone_how_many_run(chart: Chart) -> None:
    manifests = render(chart, autoscaling={"enabled": True, "maxReplicas": 5})

    assert "replicas" not in manifests.find("Deployment", "waas-api")["spec"]
    scaler = manifests.find("HorizontalPodAutoscaler", "waas-api")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 5)
    assert scaler["scaleTargetRef"]["name"] == "waas-api"


@pytest.mark.parametrize(
    ("api", "budgets"),
    [
        ({"replicas": 1}, []),
        ({"replicas": 2}, ["waas-api"]),
        ({"autoscaling": {"enabled": True}}, ["waas-api"]),
        ({"autoscaling": {"enabled": True, "minReplicas": 1}}, []),
    ],
)
def test_apis_are_disrupted_one_after_the_other(
    chart: Chart, api: dict[str, Any], budgets: list[str]
) -> None:
    names = render(chart, **api).names("PodDisruptionBudget")

    assert names == [*budgets, "waas-operator"]
