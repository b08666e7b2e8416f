"""Every right that the chart gives to anybody, in one list."""

from collections.abc import Iterator
from typing import Any

from support.chart import NAMESPACE, STORE, Chart, Manifests

FULL: dict[str, Any] = {
    "jobNamespaces": [{"name": "newsroom"}],
    "minio": {"enabled": True},
    "modelCache": {"pull": {"models": ["base"]}},
    "monitoring": {each: {"enabled": True} for each in ("serviceMonitor", "alerts", "dashboard")},
    "api": {"ingress": {"enabled": True}},
}

# Where, whose, of which API group and resource, what.
RIGHTS = {
    "the cluster: waas-access-…: authentication.k8s.io/tokenreviews: create",
    "the cluster: waas-access-…: authorization.k8s.io/subjectaccessreviews: create",
    "newsroom: waas-api: waas.dev/transcriptionjobs: create get list watch patch delete",
    "newsroom: waas-operator: /pods: get list watch",
    "newsroom: waas-operator: /secrets: create patch delete",
    "newsroom: waas-operator: batch/jobs: get list watch create patch delete",
    "newsroom: waas-operator: events.k8s.io/events: create patch",
    "newsroom: waas-operator: waas.dev/transcriptionjobs/finalizers: update",
    "newsroom: waas-operator: waas.dev/transcriptionjobs/status: update",
    "newsroom: waas-operator: waas.dev/transcriptionjobs: get list watch patch delete",
    f"{NAMESPACE}: waas-operator: coordination.k8s.io/leases: get update",
    # For people; the chart binds nobody to them but `helm test`, while it runs.
    "newsroom: waas-user: waas.dev/transcriptionjobs: get list watch create patch delete",
    "newsroom: waas-manager: waas.dev/transcriptionjobs: get list watch create patch delete manage",
}


def rights(manifests: Manifests) -> Iterator[str]:
    for kind in ("Role", "ClusterRole"):
        for role in manifests.of_kind(kind):
            place = role["metadata"].get("namespace", "the cluster")
            name = role["metadata"]["name"]
            if kind == "ClusterRole":
                name = f"{name.rpartition('-')[0]}-…"
            for rule in role["rules"]:
                for group in rule["apiGroups"]:
                    for resource in rule["resources"]:
                        yield f"{place}: {name}: {group}/{resource}: {' '.join(rule['verbs'])}"


def test_these_are_all_rights(chart: Chart) -> None:
    assert set(rights(chart.render(FULL))) == RIGHTS


def test_without_kubernetes_tokens_there_are_none_in_the_cluster(chart: Chart) -> None:
    keys = {"modes": ["api-keys"], "apiKeys": {"existingSecret": "keys"}}

    manifests = chart.render({**FULL, "api": {"authentication": keys}})

    assert not [each for each in rights(manifests) if each.startswith("the cluster")]
    assert manifests.names("ClusterRoleBinding") == []


def test_secrets_are_never_read_and_only_touched_where_jobs_are(chart: Chart) -> None:
    about_secrets = [each for each in rights(chart.render(FULL)) if "/secrets:" in each]

    assert about_secrets == ["newsroom: waas-operator: /secrets: create patch delete"]


def test_token_is_mounted_in_the_two_programs_that_ask_the_api_server(chart: Chart) -> None:
    manifests = chart.render({**STORE, **FULL})

    pods = {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]
        for kind in ("Deployment", "Job")
        for each in manifests.of_kind(kind)
    }
    mounted = {name for name, pod in pods.items() if pod["automountServiceAccountToken"]}
    assert mounted == {"waas-api", "waas-operator"}
    accounts = manifests.of_kind("ServiceAccount")
    assert not any(each["automountServiceAccountToken"] for each in accounts)
