"""What the release makes in each namespace of jobs."""

from typing import Any

import pytest

from support.chart import NAMESPACE, STORE, Chart, Manifests, read_variables
from support.kubernetes_api import Resource
from support.service import API_RULES, HELD_LEASE_RULES, OPERATOR_RULES, REVIEW_RULES
from waas_api.access.token_login import VERBS

SHARED_LABELS = {
    "app.kubernetes.io/name": "waas",
    "app.kubernetes.io/instance": "waas",
    "app.kubernetes.io/version": "0.1.0",
    "app.kubernetes.io/part-of": "waas",
    "app.kubernetes.io/managed-by": "Helm",
    "helm.sh/chart": "waas-0.1.0",
}
KEPT = {"helm.sh/resource-policy": "keep"}


def labels(component: str) -> dict[str, str]:
    return {**SHARED_LABELS, "app.kubernetes.io/component": component}


def render(chart: Chart, *namespaces: dict[str, Any], **values: Any) -> Manifests:
    return chart.render({**STORE, "jobNamespaces": list(namespaces), **values})


def test_namespace_enforces_pod_security_and_outlives_the_release(manifests: Manifests) -> None:
    assert manifests.find("Namespace", "waas-jobs") == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": "waas-jobs",
            "labels": {
                **labels("jobs"),
                "pod-security.kubernetes.io/enforce": "restricted",
                "pod-security.kubernetes.io/audit": "restricted",
                "pod-security.kubernetes.io/warn": "restricted",
            },
            "annotations": KEPT,
        },
    }


def test_namespace_takes_more_labels_but_no_weaker_ones(chart: Chart) -> None:
    weaker = {"pod-security.kubernetes.io/enforce": "privileged", "team": "news"}
    annotations = {"owner": "desk@newsroom.example", "helm.sh/resource-policy": "delete"}

    namespace = render(
        chart, {"name": "newsroom", "labels": weaker, "annotations": annotations}
    ).find("Namespace", "newsroom")

    assert namespace["metadata"]["labels"]["team"] == "news"
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert namespace["metadata"]["annotations"] == {**KEPT, "owner": "desk@newsroom.example"}


def test_namespace_that_is_there_is_not_made(chart: Chart) -> None:
    manifests = render(chart, {"name": "newsroom", "create": False})

    assert manifests.names("Namespace") == []
    assert manifests.find("Role", "waas-operator", "newsroom")


def test_model_cache_is_this_claim(manifests: Manifests) -> None:
    assert manifests.find("PersistentVolumeClaim", "waas-models") == {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": "waas-models",
            "namespace": "waas-jobs",
            "labels": labels("jobs"),
            "annotations": KEPT,
        },
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "resources": {"requests": {"storage": "20Gi"}},
        },
    }


def test_model_cache_of_a_namespace_differs_where_it_says_so(chart: Chart) -> None:
    own = {
        "storageClassName": "",
        "volumeName": "models-of-newsroom",
        "size": "5Gi",
        "accessModes": ["ReadOnlyMany"],
    }
    manifests = render(
        chart,
        {"name": "newsroom", "modelCache": own},
        {"name": "radio"},
        {"name": "archive", "modelCache": {"create": False}},
        modelCache={"storageClassName": "shared"},
    )

    claims = {
        each["metadata"]["namespace"]: each["spec"]
        for each in manifests.of_kind("PersistentVolumeClaim")
    }
    assert claims == {
        "newsroom": {
            "accessModes": ["ReadOnlyMany"],
            "storageClassName": "",
            "volumeName": "models-of-newsroom",
            "resources": {"requests": {"storage": "5Gi"}},
        },
        "radio": {
            "accessModes": ["ReadWriteMany"],
            "storageClassName": "shared",
            "resources": {"requests": {"storage": "20Gi"}},
        },
    }


CACHES: list[tuple[str, dict[str, Any], list[str], str | None]] = [
    ("one that the release makes", {}, ["waas-models"], "waas-models"),
    ("one of another name", {"claimName": "whisper"}, ["whisper"], "whisper"),
    ("one that is there", {"create": False, "claimName": "whisper"}, [], "whisper"),
    ("none", {"enabled": False}, [], None),
]


@pytest.mark.parametrize(
    ("cache", "claims", "mounted"), [pytest.param(*case[1:], id=case[0]) for case in CACHES]
)
def test_jobs_mount_the_model_cache(
    chart: Chart, cache: dict[str, Any], claims: list[str], mounted: str | None
) -> None:
    manifests = chart.render({**STORE, "modelCache": cache})

    variables = read_variables(manifests.find("Deployment", "waas-operator"))
    assert manifests.names("PersistentVolumeClaim") == claims
    assert variables.get("WAAS_MODEL_CACHE_CLAIM") == mounted


def role(name: str, namespace: str, rules: list[Resource]) -> Resource:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {
            "name": f"waas-{name}",
            "namespace": namespace,
            "labels": labels(name),
        },
        "rules": rules,
    }


def role_binding(name: str, namespace: str) -> Resource:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {
            "name": f"waas-{name}",
            "namespace": namespace,
            "labels": labels(name),
        },
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "Role",
            "name": f"waas-{name}",
        },
        "subjects": [
            {"kind": "ServiceAccount", "name": f"waas-{name}", "namespace": NAMESPACE},
        ],
    }


def test_programs_get_the_rights_with_which_they_are_tested_and_no_other(chart: Chart) -> None:
    anonymous = {"namespace": "radio", "authentication": {"modes": ["none"]}}
    manifests = render(chart, {"name": "newsroom"}, {"name": "radio"}, api=anonymous)

    in_any_order = sorted(
        (
            each
            for each in manifests.resources
            if each["apiVersion"].startswith("rbac.authorization.k8s.io/")
            and "namespace" in each["metadata"]
        ),
        key=lambda each: (each["kind"], each["metadata"]["namespace"], each["metadata"]["name"]),
    )
    assert in_any_order == [
        role("api", "newsroom", API_RULES),
        role("operator", "newsroom", OPERATOR_RULES),
        role("api", "radio", API_RULES),
        role("operator", "radio", OPERATOR_RULES),
        role("operator", NAMESPACE, HELD_LEASE_RULES),
        role_binding("api", "newsroom"),
        role_binding("operator", "newsroom"),
        role_binding("api", "radio"),
        role_binding("operator", "radio"),
        role_binding("operator", NAMESPACE),
    ]


def test_api_may_ask_about_people_where_it_checks_tokens_and_only_there(chart: Chart) -> None:
    modes = {"kubernetes": ["kubernetes"], "none": ["none"]}
    rendered = {
        name: chart.render({**STORE, "api": {"authentication": {"modes": each}}})
        for name, each in modes.items()
    }

    [cluster_role] = rendered["kubernetes"].of_kind("ClusterRole")
    [binding] = rendered["kubernetes"].of_kind("ClusterRoleBinding")
    assert cluster_role["rules"] == REVIEW_RULES
    assert binding["roleRef"]["name"] == cluster_role["metadata"]["name"]
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "waas-api", "namespace": NAMESPACE}
    ]
    assert rendered["none"].names("ClusterRole") == []
    assert rendered["none"].names("ClusterRoleBinding") == []


def test_roles_for_people_are_those_that_the_api_goes_by(manifests: Manifests) -> None:
    rights = {
        name: set(manifests.find("Role", f"waas-{name}", "waas-jobs")["rules"][0]["verbs"])
        for name in ("user", "manager")
    }

    known = {verb for verbs in VERBS.values() for verb in verbs}
    assert rights == {"user": known - {"manage"}, "manager": known}
    bound = [
        each["roleRef"]["name"]
        for each in manifests.of_kind("RoleBinding")
        # `helm test` is a user for as long as it runs.
        if "helm.sh/hook" not in each["metadata"].get("annotations", {})
    ]
    assert sorted(bound) == ["waas-api", "waas-operator", "waas-operator"]


def test_two_releases_of_one_name_do_not_share_their_rights_in_the_cluster(chart: Chart) -> None:
    one, other = (
        chart.render(namespace=each).names("ClusterRole") for each in ("here", "elsewhere")
    )

    assert one != other


@pytest.mark.parametrize("component", ["api", "operator"])
def test_service_account_gives_its_token_to_no_other_pod(chart: Chart, component: str) -> None:
    annotations = {"iam.example/role": "waas"}
    manifests = chart.render({**STORE, component: {"serviceAccount": {"annotations": annotations}}})

    assert manifests.find("ServiceAccount", f"waas-{component}") == {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "name": f"waas-{component}",
            "namespace": NAMESPACE,
            "labels": labels(component),
            "annotations": annotations,
        },
        "automountServiceAccountToken": False,
    }


def test_custom_resource_definition_comes_with_the_release_and_outlives_it(
    manifests: Manifests,
) -> None:
    definition = manifests.find("CustomResourceDefinition", "transcriptionjobs.waas.dev")

    assert definition["metadata"]["annotations"] == KEPT


def test_custom_resource_definition_can_be_left_to_somebody_else(chart: Chart) -> None:
    manifests = chart.render({**STORE, "crds": {"create": False}})

    assert manifests.names("CustomResourceDefinition") == []


def test_pods_of_jobs_have_a_service_account_without_rights_and_token(chart: Chart) -> None:
    jobs = {
        "imagePullSecrets": [{"name": "registry"}],
        "serviceAccountAnnotations": {"note": "here"},
    }
    manifests = render(chart, {"name": "newsroom"}, jobs=jobs)

    assert manifests.find("ServiceAccount", "waas-jobs", "newsroom") == {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "name": "waas-jobs",
            "namespace": "newsroom",
            "labels": labels("jobs"),
            "annotations": {"note": "here"},
        },
        "automountServiceAccountToken": False,
        "imagePullSecrets": [{"name": "registry"}],
    }


def test_namespace_has_no_limits_unless_it_is_given_some(manifests: Manifests) -> None:
    for kind in ("ResourceQuota", "LimitRange", "LocalQueue"):
        assert manifests.names(kind) == []


def test_namespace_has_the_limits_that_it_is_given(chart: Chart) -> None:
    limits = [{"type": "Container", "default": {"memory": "4Gi"}}]
    manifests = render(
        chart,
        {
            "name": "newsroom",
            "quota": {"requests.nvidia.com/gpu": 4, "count/jobs.batch": "500"},
            "limits": limits,
        },
        {"name": "radio"},
    )

    [quota], [limit_range] = (
        list(manifests.of_kind(kind)) for kind in ("ResourceQuota", "LimitRange")
    )
    assert quota["metadata"]["namespace"] == limit_range["metadata"]["namespace"] == "newsroom"
    assert quota["spec"] == {"hard": {"requests.nvidia.com/gpu": "4", "count/jobs.batch": "500"}}
    assert limit_range["spec"] == {"limits": limits}


def test_namespace_has_its_share_of_a_cluster_queue(chart: Chart) -> None:
    manifests = render(chart, {"name": "newsroom", "clusterQueue": "gpus"}, {"name": "radio"})

    [queue] = manifests.of_kind("LocalQueue")
    assert queue["metadata"]["namespace"] == "newsroom"
    assert queue["spec"] == {"clusterQueue": "gpus"}


def test_image_takes_the_place_of_the_claims(chart: Chart) -> None:
    manifests = chart.render({**STORE, "modelCache": {"image": "registry.example/models:1"}})

    variables = read_variables(manifests.find("Deployment", "waas-operator"))
    assert manifests.names("PersistentVolumeClaim") == []
    assert variables["WAAS_MODEL_CACHE_IMAGE"] == "registry.example/models:1"
    assert "WAAS_MODEL_CACHE_CLAIM" not in variables
