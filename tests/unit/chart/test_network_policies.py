"""Which connections each pod may have."""

from typing import Any

import pytest

from support.chart import NAMESPACE, STORE, Chart, Manifests, selector
from support.kubernetes_api import Resource

DNS = {"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}
API_SERVER = {"ports": [{"protocol": "TCP", "port": 443}, {"protocol": "TCP", "port": 6443}]}
ANYWHERE = [
    {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}},
    {"ipBlock": {"cidr": "::/0", "except": ["fe80::/10"]}},
]
JOBS = {
    "matchLabels": {
        "app.kubernetes.io/component": "job",
        "app.kubernetes.io/managed-by": "waas-operator",
    }
}


def tcp(*ports: int, to: list[Resource] | None = None) -> Resource:
    rule: Resource = {"ports": [{"protocol": "TCP", "port": each} for each in ports]}
    return {**rule, "to": to} if to else rule


def pods(component: str) -> Resource:
    return {"matchLabels": selector(component)}


def spec(manifests: Manifests, name: str) -> Resource:
    found: Resource = manifests.find("NetworkPolicy", name)["spec"]
    assert found["policyTypes"] == ["Ingress", "Egress"]
    return found


STORE_RULE = tcp(9000, to=ANYWHERE)
"""How the tests' store is reached: http://store.example:9000."""


def test_job_reaches_the_store_and_name_servers_alone(manifests: Manifests) -> None:
    policy = manifests.find("NetworkPolicy", "waas-jobs", "waas-jobs")

    assert policy["spec"] == {
        "podSelector": JOBS,
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [],
        "egress": [DNS, STORE_RULE],
    }


def test_api_reaches_the_cluster_the_store_and_recordings_on_the_web(manifests: Manifests) -> None:
    found = spec(manifests, "waas-api")

    assert found["podSelector"] == pods("api")
    assert found["ingress"] == [{"ports": [{"protocol": "TCP", "port": "http"}]}]
    *rules, web = found["egress"]
    assert rules == [DNS, API_SERVER, STORE_RULE]
    assert [each["port"] for each in web["ports"]] == [80, 443]
    private = web["to"][0]["ipBlock"]["except"]
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"} <= {*private}


def test_operator_reaches_the_cluster_and_the_store(manifests: Manifests) -> None:
    found = spec(manifests, "waas-operator")

    assert found["podSelector"] == pods("operator")
    assert found["ingress"] == [{"ports": [{"protocol": "TCP", "port": "health"}]}]
    assert found["egress"] == [DNS, API_SERVER, STORE_RULE]


def test_operator_reaches_mail_server_and_webhooks_where_it_has_them(chart: Chart) -> None:
    webhooks = [
        {"id": each, "url": url, "token": "t"}
        for each, url in (("a", "https://a.example/x:1"), ("b", "http://b.example:8080/done"))
    ]
    mail = {"emailSenderHost": "smtp.example", "emailSenderAddress": "w@e", "emailSenderPort": 587}

    manifests = chart.render(
        {**STORE, "allowedWebhooks": {"webhooks": webhooks}, "operator": {"settings": mail}}
    )

    assert spec(manifests, "waas-operator")["egress"][3:] == [tcp(587), tcp(443, 8080)]


@pytest.mark.parametrize("settings", [{"urlSources": False}])
def test_api_that_fetches_nothing_reaches_no_web(chart: Chart, settings: dict[str, Any]) -> None:
    manifests = chart.render({**STORE, "api": {"settings": settings}})

    assert spec(manifests, "waas-api")["egress"] == [DNS, API_SERVER, STORE_RULE]


def test_bundled_store_is_reached_by_those_who_use_it_and_asks_nobody(chart: Chart) -> None:
    manifests = chart.render({"minio": {"enabled": True}, "jobNamespaces": [{"name": "newsroom"}]})

    found = spec(manifests, "waas-minio")
    assert found["podSelector"] == pods("minio")
    assert found["egress"] == []
    [rule] = found["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": "s3"}]
    assert rule["from"] == [
        {"podSelector": pods("api")},
        {"podSelector": pods("operator")},
        {"podSelector": pods("store-setup")},
        {
            "namespaceSelector": {
                "matchExpressions": [
                    {
                        "key": "kubernetes.io/metadata.name",
                        "operator": "In",
                        "values": ["newsroom"],
                    }
                ]
            },
            "podSelector": JOBS,
        },
    ]
    there = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}},
        "podSelector": pods("minio"),
    }
    for name in ("waas-jobs", "waas-operator", "waas-store-setup"):
        assert tcp(9000, to=[there]) in spec(manifests, name)["egress"]


STORES: list[tuple[str, str, Resource]] = [
    ("a name outside of the cluster", "https://s3.example", tcp(443, to=ANYWHERE)),
    ("without TLS", "http://s3.example", tcp(80, to=ANYWHERE)),
    ("an address", "http://10.1.2.3:9000", tcp(9000, to=[{"ipBlock": {"cidr": "10.1.2.3/32"}}])),
    (
        "a Service, whose pods may listen on another port",
        "http://minio.storage.svc:80",
        {
            "to": [
                {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "storage"}}}
            ]
        },
    ),
    (
        "a Service by its whole name",
        "http://minio.storage.svc.cluster.local",
        {
            "to": [
                {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "storage"}}}
            ]
        },
    ),
]


@pytest.mark.parametrize(
    ("endpoint", "rule"), [pytest.param(*case[1:], id=case[0]) for case in STORES]
)
def test_store_is_reached_where_its_endpoint_says(
    chart: Chart, endpoint: str, rule: Resource
) -> None:
    storage = {**STORE["objectStorage"], "endpointForJobs": endpoint}

    manifests = chart.render({"objectStorage": storage})

    assert spec(manifests, "waas-jobs")["egress"] == [DNS, rule]
    assert spec(manifests, "waas-operator")["egress"] == [DNS, API_SERVER, STORE_RULE]


def test_network_is_described_by_the_values(chart: Chart) -> None:
    servers, store = [{"ipBlock": {"cidr": "10.0.0.1/32"}}], [{"ipBlock": {"cidr": "10.2.0.0/16"}}]
    gateways = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "gateways"}}}]
    more = [{"ports": [{"protocol": "TCP", "port": 3128}]}]

    manifests = chart.render(
        {
            **STORE,
            "networkPolicies": {
                "apiClients": gateways,
                "metricsClients": gateways,
                "dns": {"ports": [5353]},
                "apiServer": {"to": servers, "ports": [6443]},
                "storage": {"to": store, "ports": [9443]},
                "extraEgress": {"api": more, "operator": more, "jobs": more},
            },
        }
    )

    names = {"ports": [{"protocol": "UDP", "port": 5353}, {"protocol": "TCP", "port": 5353}]}
    operator, jobs = spec(manifests, "waas-operator"), spec(manifests, "waas-jobs")
    assert operator["egress"] == [names, tcp(6443, to=servers), tcp(9443, to=store), *more]
    assert operator["ingress"][0]["from"] == gateways
    assert jobs["egress"] == [names, tcp(9443, to=store), *more]
    [*clients, test] = spec(manifests, "waas-api")["ingress"][0]["from"]
    assert clients == gateways
    assert test["podSelector"] == pods("test")


def test_policies_can_be_left_to_somebody_else(chart: Chart) -> None:
    manifests = chart.render({"minio": {"enabled": True}, "networkPolicies": {"enabled": False}})

    assert manifests.names("NetworkPolicy") == []


def test_every_pod_has_a_policy(chart: Chart) -> None:
    manifests = chart.render(
        {"minio": {"enabled": True}, "modelCache": {"pull": {"models": ["base"]}}}
    )

    selected = [each["spec"]["podSelector"] for each in manifests.of_kind("NetworkPolicy")]
    for kind in ("Deployment", "Job"):
        for workload in manifests.of_kind(kind):
            labels = workload["spec"]["template"]["metadata"]["labels"]
            assert {"matchLabels": labels} in selected
