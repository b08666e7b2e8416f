"""What the chart sets of the programs, and that they understand it."""

from ipaddress import ip_network
from typing import Any, cast

import pytest
import yaml
from pydantic.alias_generators import to_camel, to_snake
from pydantic_settings import BaseSettings

from support.chart import CHART, NAMESPACE, STORE, Chart, Manifests, container, read_variables
from support.kubernetes_api import Resource
from waas_api.settings import Settings as ApiSettings
from waas_contract.models import MODEL_NAMES
from waas_contract.transcription_job import Priority
from waas_operator.settings import Profile
from waas_operator.settings import Settings as OperatorSettings

FULL: dict[str, Any] = {
    "image": {"registry": "registry.example/waas", "pullPolicy": "Always"},
    "jobNamespaces": [
        {
            "name": "newsroom",
            "sourceBuckets": ["archive", "field-recordings"],
            "clusterQueue": "gpus",
        },
        {"name": "radio"},
    ],
    "modelCache": {"create": False, "claimName": "whisper"},
    "objectStorage": {
        "endpoint": "https://store.example",
        "endpointForJobs": "http://10.1.2.3:9000",
        "bucket": "transcripts",
        "region": "eu-north-1",
        "existingSecret": "store-user",
    },
    "api": {
        "namespace": "radio",
        "authentication": {
            "modes": ["kubernetes", "api-keys", "forwarded-user"],
            "forwardedUser": {
                "trustedProxies": ["10.0.3.7/32", "fd00::/64"],
                "header": "X-Forwarded-Email",
            },
            "audiences": ["waas", "https://kubernetes.default.svc"],
            "apiKeys": {"existingSecret": "keys"},
        },
        "links": {"existingSecret": "links"},
        "settings": {
            "accessCacheSeconds": 15,
            "longestLinkSeconds": 3600,
            "mostLiveJobs": 1000,
            "mostLiveJobsPerCaller": 100,
            "requestsPerMinutePerCaller": 600,
            "uploadsAtOncePerCaller": 4,
            "uploadBytesPerDayPerCaller": 17179869184,
            "models": ["base", "large-v3"],
            "defaultModel": "base",
            "largestUploadBytes": 1024,
            "uploadPartBytes": 8388608,
            "uploadsAtOnce": 3,
            "longestUploadWaitSeconds": 0.5,
            "longestUploadIdleSeconds": 7,
            "longestUploadSeconds": 60,
            "unfinishedUploadSeconds": 7200,
            "urlSources": False,
            "urlSourceNetworks": ["10.1.0.0/16", "fd12::/16"],
            "urlSourcePorts": [443, 8443],
            "largestTranscriptBytes": 2048,
            "eventStreamsAtOnce": 9,
            "longestShutdownSeconds": 5,
            "kubernetesTimeoutSeconds": 2.5,
            "openaiModel": "large-v3",
            "openaiLongestWaitSeconds": 90,
            "openaiGraceSeconds": 30,
            "openaiTtlSeconds": 3600,
            "callbackRequired": False,
            "longestDetectionSeconds": 30,
            "disclaimer": 'For <b class="x">$5</b>',
        },
    },
    "allowedWebhooks": {"existingSecret": "webhooks"},
    "operator": {
        "emailSender": {"existingSecret": "mail", "caSecret": "mail-ca"},
        "settings": {
            "urlLifetimeSeconds": 600,
            "storagePatienceSeconds": 10,
            "progressIntervalSeconds": 1.5,
            "checkpointIntervalSeconds": 20,
            "finishedJobSeconds": 3600,
            "jobsNameQueues": False,
            "resyncSeconds": 60,
            "defaultTtlSeconds": 0,
            "reconcileConcurrency": 2,
            "baseUrl": "https://waas.example/speech",
            "emailSenderAddress": "waas@example.org",
            "emailSenderHost": "smtp.example.org",
            "emailSenderUsername": "waas",
            "emailSenderPort": 587,
            "emailSenderTls": "starttls",
            "notificationRetrySeconds": 1.5,
            "notificationPatienceSeconds": 3600,
            "notificationConcurrency": 3,
            "logLevel": "DEBUG",
        },
    },
    "jobs": {
        "scratchSize": "1Ti",
        "priorityClasses": {"low": "night", "high": "urgent"},
        "image": {"tag": "cuda"},
        "profiles": {
            "default": {"resources": {"requests": {"cpu": 2, "memory": None}}},
            "gpu": {
                "resources": {"limits": {"nvidia.com/gpu": 1}},
                "nodeSelector": {"accelerator": "$(HOSTNAME)"},
                "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
                "runtimeClassName": "nvidia",
                "priorityClassName": "night",
                "image": "registry.example/other:1",
                "device": "cuda",
                "precision": "bfloat16",
            },
        },
    },
}

LEFT_TO_THE_PROGRAMS = {
    # In place of the claim; test_job_namespaces has it.
    "model_cache_image",
    # In place of the storage user; test_workload_identity has them.
    "s3_workload_identity",
    "s3_token_service",
    # Only outside of a cluster.
    "kubeconfig",
    # The addresses that the probes and the Service know.
    "host",
    "port",
    "health_port",
    # A safeguard, which tests alone shorten.
    "removal_grace_seconds",
}


def read_settings(
    program: type[BaseSettings], variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """Return the settings as the program reads them out of a pod's environment."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return program().model_dump()


def wired(workload: Resource) -> set[str]:
    """Return the fields that a workload's environment sets."""
    return {name.removeprefix("WAAS_").lower() for name in read_variables(workload)}


def test_api_reads_every_value(chart: Chart, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = read_variables(chart.render(FULL).find("Deployment", "waas-api"))
    secret = "0123456789abcdef" * 2
    assert variables["WAAS_LINK_SECRET"] == "link-secret"
    variables["WAAS_LINK_SECRET"] = secret

    settings = read_settings(ApiSettings, variables, monkeypatch)

    expected = ApiSettings(
        namespace="radio",
        namespaces=("newsroom", "radio"),
        authentication=cast(Any, ("kubernetes", "api-keys", "forwarded-user")),
        trusted_proxies=cast(Any, (ip_network("10.0.3.7/32"), ip_network("fd00::/64"))),
        forwarded_user_header="X-Forwarded-Email",
        api_keys_file=cast(Any, "/etc/waas-api-keys/api-keys.yaml"),
        kubernetes_audiences=("waas", "https://kubernetes.default.svc"),
        access_cache_seconds=15,
        link_secret=cast(Any, secret),
        longest_link_seconds=3600,
        most_live_jobs=1000,
        most_live_jobs_per_caller=100,
        requests_per_minute_per_caller=600,
        uploads_at_once_per_caller=4,
        upload_bytes_per_day_per_caller=17179869184,
        s3_endpoint=cast(Any, "https://store.example"),
        s3_access_key="access-key",
        s3_secret_key=cast(Any, "secret-key"),
        s3_bucket="transcripts",
        s3_region="eu-north-1",
        models=("base", "large-v3"),
        default_model="base",
        allowed_webhooks_file=cast(Any, "/etc/waas/webhook-ids.json"),
        largest_upload_bytes=1024,
        upload_part_bytes=8388608,
        uploads_at_once=3,
        longest_upload_wait_seconds=0.5,
        longest_upload_idle_seconds=7,
        longest_upload_seconds=60,
        unfinished_upload_seconds=7200,
        url_sources=False,
        url_source_networks=(ip_network("10.1.0.0/16"), ip_network("fd12::/16")),
        url_source_ports=(443, 8443),
        source_buckets={"newsroom": ("archive", "field-recordings")},
        largest_transcript_bytes=2048,
        event_streams_at_once=9,
        longest_shutdown_seconds=5,
        kubernetes_timeout_seconds=2.5,
        openai_model="large-v3",
        openai_longest_wait_seconds=90,
        openai_grace_seconds=30,
        openai_ttl_seconds=3600,
        callback_required=False,
        longest_detection_seconds=30,
        disclaimer='For <b class="x">$5</b>',
    )
    assert settings == expected.model_dump()


def test_operator_reads_every_value(chart: Chart, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = read_variables(chart.render(FULL).find("Deployment", "waas-operator"))

    settings = read_settings(OperatorSettings, variables, monkeypatch)

    expected = OperatorSettings(
        lease_name="waas-operator",
        lease_namespace=NAMESPACE,
        lease_identity="waas-operator",
        job_namespaces=("newsroom", "radio"),
        job_image="registry.example/waas/waas-job:cuda",
        job_image_pull_policy="Always",
        model_cache_claim="whisper",
        scratch_size="1Ti",
        profiles={
            "default": Profile(resources={"requests": {"cpu": 2}}),
            "gpu": Profile(
                resources={"limits": {"nvidia.com/gpu": 1}},
                node_selector={"accelerator": "$(HOSTNAME)"},
                tolerations=({"key": "nvidia.com/gpu", "operator": "Exists"},),
                runtime_class_name="nvidia",
                priority_class_name="night",
                image="registry.example/other:1",
                device="cuda",
                precision="bfloat16",
            ),
        },
        queue_names={"newsroom": "waas"},
        jobs_name_queues=False,
        priority_classes={Priority.LOW: "night", Priority.HIGH: "urgent"},
        default_ttl_seconds=0,
        source_buckets={"newsroom": ("archive", "field-recordings")},
        s3_endpoint="https://store.example",
        s3_endpoint_for_jobs="http://10.1.2.3:9000",
        s3_access_key="access-key",
        s3_secret_key=cast(Any, "secret-key"),
        s3_bucket="transcripts",
        s3_region="eu-north-1",
        url_lifetime_seconds=600,
        finished_job_seconds=3600,
        storage_patience_seconds=10,
        progress_interval_seconds=1.5,
        checkpoint_interval_seconds=20,
        resync_seconds=60,
        reconcile_concurrency=2,
        base_url=cast(Any, "https://waas.example/speech"),
        email_sender_address="waas@example.org",
        email_sender_host="smtp.example.org",
        email_sender_username="waas",
        email_sender_port=587,
        email_sender_tls="starttls",
        email_sender_password=cast(Any, "password"),
        email_sender_ca_file=cast(Any, "/etc/waas-mail/ca.crt"),
        allowed_webhooks_file=cast(Any, "/etc/waas/allowed-webhooks.json"),
        notification_retry_seconds=1.5,
        notification_patience_seconds=3600,
        notification_concurrency=3,
        log_level="DEBUG",
    )
    assert settings == expected.model_dump()


@pytest.mark.parametrize(
    ("name", "program"), [("waas-api", ApiSettings), ("waas-operator", OperatorSettings)]
)
def test_every_setting_of_a_program_has_a_value_in_the_chart(
    chart: Chart, name: str, program: type[BaseSettings]
) -> None:
    fields = set(program.model_fields)

    assert wired(chart.render(FULL).find("Deployment", name)) == fields - LEFT_TO_THE_PROGRAMS


@pytest.mark.parametrize(
    ("component", "program"), [("api", ApiSettings), ("operator", OperatorSettings)]
)
def test_defaults_of_the_chart_are_those_of_the_programs(
    component: str, program: type[BaseSettings]
) -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())[component]["settings"]
    defaults = {
        # YAML has lists alone.
        to_camel(name): list(field.default) if isinstance(field.default, tuple) else field.default
        for name, field in program.model_fields.items()
    }

    # An empty value leaves the setting to the program.
    chosen = {name: value for name, value in values.items() if value not in ("", [])}
    assert chosen == {name: defaults[name] for name in chosen}
    assert {to_snake(name) for name in values} <= set(program.model_fields)


def test_setting_that_is_taken_away_is_left_to_the_program(
    chart: Chart, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {"longestUploadSeconds": None, "models": [], "defaultModel": ""}
    variables = read_variables(
        chart.render({**STORE, "api": {"settings": settings}}).find("Deployment", "waas-api")
    )

    read = read_settings(ApiSettings, variables, monkeypatch)

    assert read["longest_upload_seconds"] == 6 * 3600
    assert read["models"] == MODEL_NAMES
    assert read["default_model"] == "tiny"


def test_profile_of_the_chart_takes_what_the_operator_takes() -> None:
    schema = yaml.safe_load((CHART / "values.schema.json").read_text())

    assert set(schema["$defs"]["profile"]["properties"]) == {
        to_camel(name) for name in Profile.model_fields
    }


def test_probes_and_services_find_the_port_on_which_a_program_listens(
    manifests: Manifests,
) -> None:
    api = container(manifests.find("Deployment", "waas-api"))
    operator = container(manifests.find("Deployment", "waas-operator"))

    assert api["ports"] == [
        {"name": "http", "containerPort": ApiSettings.model_fields["port"].default}
    ]
    assert operator["ports"] == [
        {"name": "health", "containerPort": OperatorSettings.model_fields["health_port"].default}
    ]
    assert manifests.find("Service", "waas-api")["spec"] == {
        "type": "ClusterIP",
        "selector": {
            "app.kubernetes.io/name": "waas",
            "app.kubernetes.io/instance": "waas",
            "app.kubernetes.io/component": "api",
        },
        "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
    }


def test_bundled_store_is_found_under_its_service(chart: Chart) -> None:
    manifests = chart.render({"minio": {"enabled": True}})

    [port] = manifests.find("Service", "waas-minio")["spec"]["ports"]
    variables = read_variables(manifests.find("Deployment", "waas-api"))
    assert port == {"name": "s3", "port": 9000, "targetPort": "s3"}
    assert variables["WAAS_S3_ENDPOINT"] == "http://waas-minio.waas-system.svc:9000"
