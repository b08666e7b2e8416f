"""No password of the store anywhere: the pods' own identity counts."""

from typing import Any

import pytest

from support.chart import STORE, Chart, Manifests
from support.kubernetes_api import Resource

ROLE = "arn:aws:iam::123456789012:role/waas"
PROGRAMS = ("api", "operator")
ANYWHERE = [
    {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}},
    {"ipBlock": {"cidr": "::/0", "except": ["fe80::/10"]}},
]


def identity(**chosen: Any) -> dict[str, Any]:
    return {
        "objectStorage": {
            "endpoint": STORE["objectStorage"]["endpoint"],
            "workloadIdentity": {"enabled": True, **chosen},
        }
    }


def render(chart: Chart, **chosen: Any) -> Manifests:
    return chart.render(identity(**chosen))


def pod_of(manifests: Manifests, program: str) -> Resource:
    found: Resource = manifests.find("Deployment", f"waas-{program}")["spec"]["template"]["spec"]
    return found


def variables(pod: Resource) -> dict[str, Any]:
    return {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}


def egress(manifests: Manifests, program: str) -> list[Resource]:
    rules: list[Resource] = manifests.find("NetworkPolicy", f"waas-{program}")["spec"]["egress"]
    return rules


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_the_cluster_brings_needs_no_more_than_the_switch(chart: Chart, program: str) -> None:
    manifests = render(chart)
    pod = pod_of(manifests, program)

    found = variables(pod)
    assert found["WAAS_S3_WORKLOAD_IDENTITY"] == "true"
    assert not {each for each in found if each.startswith("AWS_") or each.endswith("_KEY")}
    assert "volumes" not in pod
    assert manifests.names("Secret") == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_token_is_mounted_for_whom_it_is_meant(chart: Chart, program: str) -> None:
    pod = pod_of(render(chart, audience="sts.amazonaws.com", roleArn=ROLE), program)

    found = variables(pod)
    [volume] = pod["volumes"]
    [mount] = pod["containers"][0]["volumeMounts"]
    [source] = volume["projected"]["sources"]
    assert source["serviceAccountToken"] == {
        "path": "token",
        "audience": "sts.amazonaws.com",
        "expirationSeconds": 3600,
    }
    assert mount == {"name": volume["name"], "mountPath": "/var/run/waas-store", "readOnly": True}
    assert found["AWS_WEB_IDENTITY_TOKEN_FILE"] == f"{mount['mountPath']}/token"
    assert found["AWS_ROLE_ARN"] == ROLE


def test_job_pods_and_others_get_neither_token_nor_keys(chart: Chart) -> None:
    manifests = render(chart, audience="minio", tokenService="https://store.example")

    mounting = [
        each["metadata"]["name"]
        for kind in ("Deployment", "Job")
        for each in manifests.of_kind(kind)
        if "serviceAccountToken" in str(each)
    ]
    assert mounting == ["waas-api", "waas-operator"]


WAYS: list[tuple[str, dict[str, str], list[Resource]]] = [
    (
        "AWS's token service",
        {"audience": "sts.amazonaws.com"},
        [{"to": ANYWHERE, "ports": [{"protocol": "TCP", "port": 443}]}],
    ),
    (
        "a token service by its address and port",
        {"audience": "minio", "tokenService": "http://10.1.2.3:9000/sts"},
        [
            {
                "to": [{"ipBlock": {"cidr": "10.1.2.3/32"}}],
                "ports": [{"protocol": "TCP", "port": 9000}],
            }
        ],
    ),
    (
        "whatever the cluster brings: AWS's service, or an agent on the node",
        {},
        [
            {"to": ANYWHERE, "ports": [{"protocol": "TCP", "port": 443}]},
            {
                "to": [
                    {"ipBlock": {"cidr": cidr}}
                    for cidr in (
                        "169.254.170.23/32",
                        "169.254.170.2/32",
                        "169.254.169.254/32",
                        "fd00:ec2::23/128",
                    )
                ],
                "ports": [{"protocol": "TCP", "port": 80}],
            },
        ],
    ),
]


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(("chosen", "rules"), [pytest.param(*way[1:], id=way[0]) for way in WAYS])
def test_programs_reach_those_who_give_credentials(
    chart: Chart, program: str, chosen: dict[str, str], rules: list[Resource]
) -> None:
    without = chart.render(STORE)
    manifests = render(chart, **chosen)

    added = [each for each in egress(manifests, program) if each not in egress(without, program)]
    assert added == rules


def test_job_reaches_nobody_who_gives_credentials(chart: Chart) -> None:
    jobs = [
        each.find("NetworkPolicy", "waas-jobs", "waas-jobs")
        for each in (chart.render(STORE), render(chart))
    ]

    assert jobs[0] == jobs[1]
