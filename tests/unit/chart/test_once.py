"""What runs once: the preparation of the store, the pull of models, and `helm test`."""

import base64
from pathlib import Path
from typing import Any

import pytest

from support.chart import NAMESPACE, STORE, Chart, Manifests
from support.kubernetes_api import Resource
from waas_contract.model_catalogue import parse_catalogue
from waas_operator.store_setup.settings import Settings

WITH_MINIO: dict[str, Any] = {"minio": {"enabled": True}}


def only_job(manifests: Manifests, component: str) -> Resource:
    [found] = [
        each
        for each in manifests.of_kind("Job")
        if each["metadata"]["labels"]["app.kubernetes.io/component"] == component
    ]
    return found


def environment(pod: Resource) -> dict[str, str]:
    """Return a pod's variables; one from a Secret as the Secret's name and key."""
    found = {}
    for each in pod["containers"][0].get("env", []):
        reference = each.get("valueFrom", {}).get("secretKeyRef")
        found[each["name"]] = (
            f"{reference['name']}/{reference['key']}" if reference else each["value"]
        )
    return found


def test_store_is_left_alone_unless_it_is_asked_for(manifests: Manifests) -> None:
    assert manifests.names("Job") == []


def test_bundled_store_gets_a_bucket_and_a_user_by_its_administrator(
    chart: Chart, monkeypatch: pytest.MonkeyPatch
) -> None:
    namespaces = [{"name": "a", "sourceBuckets": ["old"]}, {"name": "b", "sourceBuckets": ["new"]}]
    job = only_job(chart.render({**WITH_MINIO, "jobNamespaces": namespaces}), "store-setup")

    pod = job["spec"]["template"]["spec"]
    variables = environment(pod)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert pod["containers"][0]["image"] == "waas-operator:0.1.0"
    assert pod["containers"][0]["command"] == ["waas-prepare-store"]
    assert pod["automountServiceAccountToken"] is False
    assert settings.is_minio
    assert settings.source_buckets == ("new", "old")
    assert settings.s3_admin_access_key == "waas-minio/access-key"
    assert settings.s3_access_key == "waas-object-storage/access-key"
    assert settings.s3_endpoint == f"http://waas-minio.{NAMESPACE}.svc:9000"


@pytest.mark.parametrize(
    ("setup", "administrator"),
    [({}, "waas-object-storage"), ({"existingSecret": "bucket-maker"}, "bucket-maker")],
)
def test_other_stores_get_a_bucket_by_whom_the_values_name(
    chart: Chart, setup: dict[str, Any], administrator: str
) -> None:
    storage = {**STORE["objectStorage"], "setup": {"enabled": True, **setup}}

    job = only_job(chart.render({"objectStorage": storage}), "store-setup")

    variables = environment(job["spec"]["template"]["spec"])
    assert variables["WAAS_S3_ADMIN_SECRET_KEY"] == f"{administrator}/secret-key"
    assert variables["WAAS_IS_MINIO"] == "false"


@pytest.mark.parametrize(
    ("component", "place"),
    [("store-setup", ["objectStorage", "setup"]), ("models", ["modelCache", "pull"])],
)
def test_what_runs_once_is_extended_as_the_values_say(
    chart: Chart, component: str, place: list[str]
) -> None:
    group, name = place
    extra: dict[str, Any] = {
        "extraEnv": [{"name": "SSL_CERT_FILE", "value": "/etc/authority/ca.crt"}],
        "extraVolumes": [{"name": "authority", "configMap": {"name": "authority"}}],
        "extraVolumeMounts": [{"name": "authority", "mountPath": "/etc/authority"}],
    }
    models = {"models": ["base"]} if component == "models" else {}

    job = only_job(chart.render({**WITH_MINIO, group: {name: {**models, **extra}}}), component)

    pod = job["spec"]["template"]["spec"]
    assert pod["volumes"][-1] == extra["extraVolumes"][0]
    [container] = pod["containers"]
    assert container["env"][-1] == extra["extraEnv"][0]
    assert container["volumeMounts"][-1] == extra["extraVolumeMounts"][0]


CHANGES: list[tuple[str, dict[str, Any], bool]] = [
    ("nothing", {}, False),
    ("what the job does not see", {"api": {"replicas": 2}}, False),
    ("the image", {"operator": {"image": {"tag": "next"}}}, True),
    ("the bucket", {"objectStorage": {"bucket": "other"}}, True),
    ("the user's password", {"objectStorage": {"secretKey": "another-one"}}, True),
]


@pytest.mark.parametrize(
    ("values", "is_new"), [pytest.param(*case[1:], id=case[0]) for case in CHANGES]
)
def test_store_is_prepared_anew_by_another_job_where_that_would_do_anything_else(
    chart: Chart, values: dict[str, Any], is_new: bool
) -> None:
    before, after = (
        only_job(chart.render({**WITH_MINIO, **each}), "store-setup") for each in ({}, values)
    )

    assert (before["metadata"]["name"] != after["metadata"]["name"]) is is_new
    assert (before["spec"] != after["spec"]) is is_new


def test_models_are_pulled_by_the_only_pod_that_writes_to_the_cache(chart: Chart) -> None:
    pull = {"models": ["base", "large-v3-turbo"], "mirror": "https://mirror.example/whisper"}
    namespaces = [{"name": "newsroom"}, {"name": "radio"}]

    manifests = chart.render({**STORE, "jobNamespaces": namespaces, "modelCache": {"pull": pull}})

    jobs = {each["metadata"]["namespace"]: each for each in manifests.of_kind("Job")}
    assert sorted(jobs) == ["newsroom", "radio"]
    pod = jobs["newsroom"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert container["image"] == "waas-job:0.1.0"
    assert container["command"] == ["waas-models", "--folder", "/models", "pull"]
    assert container["args"] == ["base", "large-v3-turbo"]
    assert environment(pod) == {"WAAS_MODEL_MIRROR": "https://mirror.example/whisper"}
    assert pod["serviceAccountName"] == "waas-jobs"
    assert pod["automountServiceAccountToken"] is False
    models = {"name": "models", "persistentVolumeClaim": {"claimName": "waas-models"}}
    assert models in pod["volumes"]


def test_models_of_ones_own_are_pulled_by_the_catalogue_that_tells_of_them(chart: Chart) -> None:
    small = {
        "name": "newsroom-small",
        "layout": "openai",
        "address": "https://models.example/newsroom-small.pt",
        "sha256": "0" * 64,
        "bytes": 483617219,
    }

    def render(**changes: Any) -> Manifests:
        pull = {"models": ["newsroom-small"], "catalogue": [{**small, **changes}]}
        return chart.render({**STORE, "modelCache": {"pull": pull}})

    job = only_job(manifests := render(), "models")

    pod = job["spec"]["template"]["spec"]
    [volume] = [each for each in pod["volumes"] if each["name"] == "catalogue"]
    [mount] = [each for each in pod["containers"][0]["volumeMounts"] if each["name"] == "catalogue"]
    [(file, text)] = manifests.find("ConfigMap", volume["configMap"]["name"])["data"].items()
    path = Path(environment(pod)["WAAS_MODEL_CATALOGUE"])
    assert path == Path(mount["mountPath"], file)
    [entry] = parse_catalogue(text, file=path)
    assert (entry.name, entry.files[0].sha256) == ("newsroom-small", "0" * 64)
    assert entry.files[0].bytes == 483617219
    other = only_job(render(sha256="1" * 64), "models")
    assert other["metadata"]["name"] != job["metadata"]["name"]


def test_other_models_are_pulled_by_another_job(chart: Chart) -> None:
    names = [
        chart.render({**STORE, "modelCache": {"pull": {"models": models}}}).names("Job")
        for models in (["base"], ["base"], ["tiny"])
    ]

    assert names[0] == names[1] != names[2]


def hooks(manifests: Manifests) -> list[Resource]:
    return [
        each
        for each in manifests.resources
        if "helm.sh/hook" in each["metadata"].get("annotations", {})
    ]


LOGINS: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("a token of its own", {}, {"WAAS_TOKEN_FILE": "/var/run/waas-token/token"}),
    ("no login", {"api": {"authentication": {"modes": ["none"]}}}, {}),
    (
        "an API key",
        {
            "api": {
                "authentication": {
                    "modes": ["api-keys"],
                    "apiKeys": {"existingSecret": "keys"},
                }
            },
            "test": {"apiKeySecret": "key-of-the-test"},
        },
        {"WAAS_API_KEY": "key-of-the-test/api-key"},
    ),
]


@pytest.mark.parametrize(
    ("values", "login"), [pytest.param(*case[1:], id=case[0]) for case in LOGINS]
)
def test_helm_test_logs_in_by(chart: Chart, values: dict[str, Any], login: dict[str, str]) -> None:
    pod = chart.render({**STORE, **values}).find("Pod", "waas-test")

    assert environment(pod["spec"]) == {
        "WAAS_SERVER": f"http://waas-api.{NAMESPACE}:80",
        "WAAS_TEST_MODEL": "tiny",
        "WAAS_TEST_PATIENCE_SECONDS": "600",
        **login,
    }


def test_helm_test_leaves_nothing_behind_and_has_speech(manifests: Manifests) -> None:
    found = hooks(manifests)

    assert {each["kind"] for each in found} == {"ConfigMap", "ServiceAccount", "RoleBinding", "Pod"}
    for each in found:
        annotations = each["metadata"]["annotations"]
        assert annotations["helm.sh/hook"] == "test"
        policy = annotations["helm.sh/hook-delete-policy"]
        assert policy == "before-hook-creation,hook-succeeded,hook-failed"
    speech = manifests.find("ConfigMap", "waas-test")["binaryData"]["speech.ogg"]
    assert base64.b64decode(speech).startswith(b"OggS")


def test_helm_test_is_left_out_where_it_cannot_log_in(chart: Chart) -> None:
    keys = {"modes": ["api-keys"], "apiKeys": {"existingSecret": "keys"}}

    assert hooks(chart.render({**STORE, "api": {"authentication": keys}})) == []


@pytest.mark.parametrize(
    ("values", "model"),
    [
        ({}, "tiny"),
        ({"api": {"settings": {"defaultModel": "base"}}}, "base"),
        ({"modelCache": {"pull": {"models": ["small", "tiny"]}}}, "tiny"),
        ({"modelCache": {"pull": {"models": ["small", "medium"]}}}, "small"),
        ({"modelCache": {"pull": {"models": ["small"]}}, "test": {"model": "base"}}, "base"),
    ],
)
def test_helm_test_asks_for_a_model_that_is_there(
    chart: Chart, values: dict[str, Any], model: str
) -> None:
    pod = chart.render({**STORE, **values}).find("Pod", "waas-test")

    assert environment(pod["spec"])["WAAS_TEST_MODEL"] == model
