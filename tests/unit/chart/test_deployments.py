"""The Deployments as a whole."""

import pytest

from support.chart import NAMESPACE, STORE, Chart, Manifests, selector
from support.kubernetes_api import Resource

RESTRICTED_POD = {
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "runAsGroup": 65532,
    "fsGroup": 65532,
    "fsGroupChangePolicy": "OnRootMismatch",
    "seccompProfile": {"type": "RuntimeDefault"},
}
RESTRICTED_CONTAINER = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
ONE_AFTER_THE_OTHER = {
    "type": "RollingUpdate",
    "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
}
CHECKSUM = "sha256 of the storage user"


def labels(component: str) -> dict[str, str]:
    return {
        **selector(component),
        "app.kubernetes.io/version": "0.1.0",
        "app.kubernetes.io/part-of": "waas",
        "app.kubernetes.io/managed-by": "Helm",
        "helm.sh/chart": "waas-0.1.0",
    }


def spread(component: str) -> list[Resource]:
    """Return how pods of a component are put on nodes unless the values say otherwise."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": selector(component)},
        }
    ]


def requested(memory: str) -> dict[str, str]:
    return {"cpu": "100m", "memory": memory, "ephemeral-storage": "64Mi"}


def setting(name: str, value: str) -> Resource:
    return {"name": f"WAAS_{name}", "value": value}


def from_secret(name: str, key: str, secret: str = "waas-object-storage") -> Resource:
    reference = {"name": secret, "key": key}
    return {"name": name, "valueFrom": {"secretKeyRef": reference}}


def from_field(name: str, path: str) -> Resource:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def probe(path: str, port: str, **times: int) -> Resource:
    return {"httpGet": {"path": path, "port": port}, **times}


STORE_SETTINGS = [
    setting("S3_ENDPOINT", "http://store.example:9000"),
    setting("S3_BUCKET", "waas"),
    setting("S3_REGION", "us-east-1"),
    from_secret("WAAS_S3_ACCESS_KEY", "access-key"),
    from_secret("WAAS_S3_SECRET_KEY", "secret-key"),
]


def without_checksum(deployment: Resource) -> Resource:
    annotations = deployment["spec"]["template"]["metadata"]["annotations"]
    assert len(annotations["checksum/object-storage"]) == 64
    annotations["checksum/object-storage"] = CHECKSUM
    return deployment


def test_api_is_this_deployment(chart: Chart) -> None:
    deployment = without_checksum(chart.render().find("Deployment", "waas-api"))

    assert deployment == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "waas-api", "namespace": NAMESPACE, "labels": labels("api")},
        "spec": {
            "replicas": 1,
            "strategy": ONE_AFTER_THE_OTHER,
            "selector": {"matchLabels": selector("api")},
            "template": {
                "metadata": {
                    "labels": selector("api"),
                    "annotations": {"checksum/object-storage": CHECKSUM},
                },
                "spec": {
                    "serviceAccountName": "waas-api",
                    "automountServiceAccountToken": True,
                    "enableServiceLinks": False,
                    "securityContext": RESTRICTED_POD,
                    "topologySpreadConstraints": spread("api"),
                    "terminationGracePeriodSeconds": 35,
                    "containers": [
                        {
                            "name": "api",
                            "image": "waas-api:0.1.0",
                            "imagePullPolicy": "IfNotPresent",
                            "env": [
                                *STORE_SETTINGS,
                                setting("ACCESS_CACHE_SECONDS", "30"),
                                setting("AUTHENTICATION", "kubernetes"),
                                setting("CALLBACK_REQUIRED", "true"),
                                setting("DEFAULT_MODEL", "tiny"),
                                setting("EVENT_STREAMS_AT_ONCE", "1000"),
                                setting("KUBERNETES_AUDIENCES", "waas"),
                                setting("KUBERNETES_TIMEOUT_SECONDS", "10"),
                                setting("LARGEST_TRANSCRIPT_BYTES", "67108864"),
                                setting("LARGEST_UPLOAD_BYTES", "17179869184"),
                                setting("LONGEST_DETECTION_SECONDS", "120"),
                                setting("LONGEST_LINK_SECONDS", "2592000"),
                                setting("LONGEST_SHUTDOWN_SECONDS", "20"),
                                setting("LONGEST_UPLOAD_IDLE_SECONDS", "60"),
                                setting("LONGEST_UPLOAD_SECONDS", "21600"),
                                setting("LONGEST_UPLOAD_WAIT_SECONDS", "60"),
                                setting("NAMESPACE", "waas-jobs"),
                                setting("NAMESPACES", "waas-jobs"),
                                setting("OPENAI_GRACE_SECONDS", "600"),
                                setting("OPENAI_LONGEST_WAIT_SECONDS", "1800"),
                                setting("OPENAI_TTL_SECONDS", "86400"),
                                setting("UNFINISHED_UPLOAD_SECONDS", "86400"),
                                setting("UPLOAD_PART_BYTES", "16777216"),
                                setting("UPLOADS_AT_ONCE", "8"),
                                setting("URL_SOURCE_PORTS", "80,443"),
                                setting("URL_SOURCES", "true"),
                            ],
                            "ports": [{"name": "http", "containerPort": 3000}],
                            "startupProbe": probe(
                                "/healthz", "http", periodSeconds=2, failureThreshold=60
                            ),
                            "livenessProbe": probe("/healthz", "http", timeoutSeconds=5),
                            "readinessProbe": probe(
                                "/readyz", "http", periodSeconds=5, timeoutSeconds=5
                            ),
                            "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
                            "resources": {
                                "requests": requested("256Mi"),
                                "limits": {"memory": "1Gi", "ephemeral-storage": "1Gi"},
                            },
                            "securityContext": RESTRICTED_CONTAINER,
                        }
                    ],
                },
            },
        },
    }


def test_operator_is_this_deployment(chart: Chart) -> None:
    deployment = without_checksum(chart.render().find("Deployment", "waas-operator"))

    assert deployment == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "waas-operator", "namespace": NAMESPACE, "labels": labels("operator")},
        "spec": {
            "replicas": 2,
            "strategy": ONE_AFTER_THE_OTHER,
            "selector": {"matchLabels": selector("operator")},
            "template": {
                "metadata": {
                    "labels": selector("operator"),
                    "annotations": {"checksum/object-storage": CHECKSUM},
                },
                "spec": {
                    "serviceAccountName": "waas-operator",
                    "automountServiceAccountToken": True,
                    "enableServiceLinks": False,
                    "securityContext": RESTRICTED_POD,
                    "topologySpreadConstraints": spread("operator"),
                    "terminationGracePeriodSeconds": 30,
                    "containers": [
                        {
                            "name": "operator",
                            "image": "waas-operator:0.1.0",
                            "imagePullPolicy": "IfNotPresent",
                            "env": [
                                *STORE_SETTINGS,
                                setting("LEASE_NAME", "waas-operator"),
                                from_field("WAAS_LEASE_NAMESPACE", "metadata.namespace"),
                                from_field("WAAS_LEASE_IDENTITY", "metadata.name"),
                                setting("CHECKPOINT_INTERVAL_SECONDS", "60"),
                                setting("EMAIL_SENDER_TLS", "auto"),
                                setting("FINISHED_JOB_SECONDS", "86400"),
                                setting("JOB_IMAGE", "waas-job:0.1.0"),
                                setting("JOB_IMAGE_PULL_POLICY", "IfNotPresent"),
                                setting("JOB_NAMESPACES", "waas-jobs"),
                                setting("JOB_SERVICE_ACCOUNT", "waas-jobs"),
                                setting("JOBS_NAME_QUEUES", "true"),
                                setting("LOG_LEVEL", "INFO"),
                                setting("MODEL_CACHE_CLAIM", "waas-models"),
                                setting("NOTIFICATION_CONCURRENCY", "8"),
                                setting("NOTIFICATION_PATIENCE_SECONDS", "86400"),
                                setting("NOTIFICATION_RETRY_SECONDS", "30"),
                                setting(
                                    "PROFILES",
                                    '{"default":{"resources":{"requests":'
                                    '{"cpu":"1","memory":"2Gi"}}}}',
                                ),
                                setting("PROGRESS_INTERVAL_SECONDS", "15"),
                                setting("RECONCILE_CONCURRENCY", "16"),
                                setting("RESYNC_SECONDS", "300"),
                                setting("SCRATCH_SIZE", "20Gi"),
                                setting("STORAGE_PATIENCE_SECONDS", "300"),
                                setting("URL_LIFETIME_SECONDS", "43200"),
                            ],
                            "ports": [{"name": "health", "containerPort": 8080}],
                            "livenessProbe": probe(
                                "/healthz", "health", periodSeconds=30, timeoutSeconds=5
                            ),
                            "readinessProbe": probe(
                                "/readyz", "health", periodSeconds=5, timeoutSeconds=5
                            ),
                            "resources": {
                                "requests": requested("128Mi"),
                                "limits": {"memory": "512Mi", "ephemeral-storage": "1Gi"},
                            },
                            "securityContext": RESTRICTED_CONTAINER,
                        }
                    ],
                },
            },
        },
    }


@pytest.mark.parametrize(("replicas", "budgets"), [(0, []), (1, []), (2, ["waas-operator"])])
def test_operators_are_disrupted_one_after_the_other(
    chart: Chart, replicas: int, budgets: list[str]
) -> None:
    manifests = chart.render({**STORE, "operator": {"replicas": replicas}})

    assert manifests.find("Deployment", "waas-operator")["spec"]["replicas"] == replicas
    assert manifests.names("PodDisruptionBudget") == budgets
    for name in budgets:
        spec = manifests.find("PodDisruptionBudget", name)["spec"]
        assert spec == {"maxUnavailable": 1, "selector": {"matchLabels": selector("operator")}}


def test_minio_is_this_deployment(chart: Chart) -> None:
    deployment = chart.render({"minio": {"enabled": True}}).find("Deployment", "waas-minio")
    annotations = deployment["spec"]["template"]["metadata"].pop("annotations")
    assert [*annotations] == ["checksum/administrator"]

    assert deployment == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "waas-minio",
            "namespace": NAMESPACE,
            "labels": labels("minio"),
            "annotations": {"kube-score/ignore": "container-ephemeral-storage-request-and-limit"},
        },
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": selector("minio")},
            "template": {
                "metadata": {"labels": selector("minio")},
                "spec": {
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "securityContext": RESTRICTED_POD,
                    "containers": [
                        {
                            "name": "minio",
                            "image": "waas-minio:0.1.0",
                            "imagePullPolicy": "IfNotPresent",
                            "args": ["server", "/data", "--address=:9000", "--quiet"],
                            "env": [
                                from_secret("MINIO_ROOT_USER", "access-key", "waas-minio"),
                                from_secret("MINIO_ROOT_PASSWORD", "secret-key", "waas-minio"),
                                {"name": "MINIO_BROWSER", "value": "off"},
                                {"name": "MINIO_UPDATE", "value": "off"},
                                {"name": "MINIO_API_STALE_UPLOADS_EXPIRY", "value": "168h"},
                                {"name": "HOME", "value": "/"},
                            ],
                            "ports": [{"name": "s3", "containerPort": 9000}],
                            "startupProbe": probe(
                                "/minio/health/live", "s3", periodSeconds=2, failureThreshold=60
                            ),
                            "livenessProbe": probe(
                                "/minio/health/live", "s3", periodSeconds=30, timeoutSeconds=10
                            ),
                            "readinessProbe": probe(
                                "/minio/health/ready", "s3", periodSeconds=5, timeoutSeconds=5
                            ),
                            "resources": {
                                "requests": {"cpu": "100m", "memory": "512Mi"},
                                "limits": {"memory": "2Gi"},
                            },
                            "securityContext": RESTRICTED_CONTAINER,
                            "volumeMounts": [
                                {"name": "data", "mountPath": "/data", "subPath": "store"},
                            ],
                        }
                    ],
                    "volumes": [
                        {"name": "data", "persistentVolumeClaim": {"claimName": "waas-minio"}}
                    ],
                },
            },
        },
    }


def test_minio_is_left_out_unless_it_is_asked_for(manifests: Manifests) -> None:
    components = {
        each["metadata"].get("labels", {}).get("app.kubernetes.io/component")
        for each in manifests.resources
    }

    assert components == {"api", "operator", "jobs", "object-storage", "test", None}


def test_minio_keeps_its_objects_in_its_pod_without_persistence(chart: Chart) -> None:
    manifests = chart.render({"minio": {"enabled": True, "persistence": {"enabled": False}}})

    pod = manifests.find("Deployment", "waas-minio")["spec"]["template"]["spec"]
    assert pod["volumes"] == [{"name": "data", "emptyDir": {}}]
    assert "waas-minio" not in manifests.names("PersistentVolumeClaim")
