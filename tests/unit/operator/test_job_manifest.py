"""The Job of one TranscriptionJob: one whole manifest, then what varies."""

from typing import Any

import pytest
from pydantic import ValidationError

from support.builders import make_settings, make_transcription_job
from waas_contract.formats import OutputFormat
from waas_contract.job_environment import JobEnvironment
from waas_contract.transcription_job import (
    Priority,
    Source,
    Task,
)
from waas_operator.job_manifest import build_job, build_job_item
from waas_operator.settings import Profile

GPU_PROFILE = Profile(
    resources={"limits": {"nvidia.com/gpu": 1, "memory": "24Gi"}, "requests": {"cpu": 4}},
    node_selector={"nvidia.com/gpu.product": "NVIDIA-A10"},
    tolerations=({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},),
    runtime_class_name="nvidia",
    priority_class_name="batch",
    image="registry.example/waas-job:1-cuda",
    device="cuda",
    precision="float32",
)


def make_gpu_job() -> dict[str, Any]:
    settings = make_settings(profiles={"gpu": GPU_PROFILE})
    return build_job(make_transcription_job(profile="gpu"), settings)


def pod_of(job: dict[str, Any]) -> dict[str, Any]:
    pod: dict[str, Any] = job["spec"]["template"]["spec"]
    return pod


def container_of(job: dict[str, Any]) -> dict[str, Any]:
    (container,) = pod_of(job)["containers"]
    return dict(container)


def environment_of(job: dict[str, Any]) -> JobEnvironment:
    variables = {each["name"]: each["value"] for each in container_of(job)["env"]}
    return JobEnvironment.from_variables(variables)


def test_the_job_of_a_recording_on_a_cpu() -> None:
    transcription_job = make_transcription_job(
        model="base", language="no", formats=(OutputFormat.SRT,)
    )
    digest = transcription_job.spec.digest()

    job = build_job(transcription_job, make_settings(model_cache_claim="models"))

    labels = {
        "app.kubernetes.io/name": "waas",
        "app.kubernetes.io/component": "job",
        "app.kubernetes.io/managed-by": "waas-operator",
        "waas.dev/transcription-job": "interview",
    }
    assert job == {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": "interview-0f9e8d7c",
            "namespace": "newsroom",
            "labels": labels,
            "ownerReferences": [
                {
                    "apiVersion": "waas.dev/v1alpha1",
                    "kind": "TranscriptionJob",
                    "name": "interview",
                    "uid": "0f9e8d7c-0000-4000-8000-000000000000",
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        },
        "spec": {
            "backoffLimit": 2,
            "completions": 1,
            "parallelism": 1,
            "podFailurePolicy": {
                "rules": [
                    {
                        "action": "Ignore",
                        "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
                    },
                    {
                        "action": "FailJob",
                        "onExitCodes": {
                            "containerName": "transcribe",
                            "operator": "In",
                            "values": [65, 66, 78],
                        },
                    },
                    {
                        "action": "Ignore",
                        "onExitCodes": {
                            "containerName": "transcribe",
                            "operator": "In",
                            "values": [75],
                        },
                    },
                ]
            },
            "podReplacementPolicy": "Failed",
            "ttlSecondsAfterFinished": 86_400,
            "suspend": False,
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "automountServiceAccountToken": False,
                    "containers": [
                        {
                            "name": "transcribe",
                            "image": "registry.example/waas-job:1",
                            "imagePullPolicy": "IfNotPresent",
                            "env": [
                                {
                                    "name": "WAAS_ITEMS",
                                    "value": (
                                        '[{"namespace":"newsroom","name":"interview",'
                                        f'"specDigest":"{digest}","fileName":"clip.flac",'
                                        '"language":"no","task":"transcribe",'
                                        '"wordTimestamps":false,"speakersByChannel":false,'
                                        '"formats":["json","srt"]}]'
                                    ),
                                },
                                {"name": "WAAS_MODEL", "value": "base"},
                                {
                                    "name": "WAAS_MODEL_DIRECTORY",
                                    "value": "/var/cache/waas/models",
                                },
                                {"name": "WAAS_URLS_DIRECTORY", "value": "/var/run/waas/urls"},
                                {
                                    "name": "WAAS_SCRATCH_DIRECTORY",
                                    "value": "/var/run/waas/scratch",
                                },
                                {
                                    "name": "WAAS_TERMINATION_MESSAGE_PATH",
                                    "value": "/dev/termination-log",
                                },
                                {"name": "WAAS_DEVICE", "value": "auto"},
                                {"name": "WAAS_PRECISION", "value": "auto"},
                                {"name": "WAAS_STORAGE_PATIENCE_SECONDS", "value": "300.0"},
                                {"name": "WAAS_PROGRESS_INTERVAL_SECONDS", "value": "15.0"},
                                {"name": "WAAS_CHECKPOINT_INTERVAL_SECONDS", "value": "60.0"},
                            ],
                            "resources": {},
                            "securityContext": {
                                "allowPrivilegeEscalation": False,
                                "capabilities": {"drop": ["ALL"]},
                                "readOnlyRootFilesystem": True,
                            },
                            "terminationMessagePath": "/dev/termination-log",
                            "terminationMessagePolicy": "File",
                            "volumeMounts": [
                                {
                                    "name": "urls",
                                    "mountPath": "/var/run/waas/urls",
                                    "readOnly": True,
                                },
                                {"name": "scratch", "mountPath": "/var/run/waas/scratch"},
                                {
                                    "name": "models",
                                    "mountPath": "/var/cache/waas/models",
                                    "readOnly": True,
                                },
                            ],
                        }
                    ],
                    "enableServiceLinks": False,
                    "restartPolicy": "Never",
                    "securityContext": {
                        "fsGroup": 65532,
                        "runAsGroup": 65532,
                        "runAsNonRoot": True,
                        "runAsUser": 65532,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "terminationGracePeriodSeconds": 30,
                    "volumes": [
                        {
                            "name": "urls",
                            "secret": {"secretName": "interview-0f9e8d7c", "defaultMode": 0o440},
                        },
                        {"name": "scratch", "emptyDir": {"sizeLimit": "20Gi"}},
                        {
                            "name": "models",
                            "persistentVolumeClaim": {"claimName": "models", "readOnly": True},
                        },
                    ],
                },
            },
        },
    }


def test_a_gpu_profile_says_where_the_pod_goes_and_what_it_gets() -> None:
    job = make_gpu_job()

    pod, container = pod_of(job), container_of(job)
    assert container["resources"] == {
        "limits": {"nvidia.com/gpu": 1, "memory": "24Gi"},
        "requests": {"cpu": 4},
    }
    assert container["image"] == "registry.example/waas-job:1-cuda"
    assert pod["nodeSelector"] == {"nvidia.com/gpu.product": "NVIDIA-A10"}
    assert pod["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
    ]
    assert pod["runtimeClassName"] == "nvidia"
    assert pod["priorityClassName"] == "batch"
    assert environment_of(job).device == "cuda"
    assert environment_of(job).precision == "float32"


def test_a_profile_adds_only_what_it_says() -> None:
    plain = pod_of(build_job(make_transcription_job(), make_settings()))

    assert pod_of(make_gpu_job()).keys() - plain.keys() == {
        "nodeSelector",
        "tolerations",
        "runtimeClassName",
        "priorityClassName",
    }


PRIORITY_CLASSES = [
    ("nobody names any", Priority.HIGH, {}, None, None),
    ("the profile's, where the priority has none", Priority.HIGH, {}, "batch", "batch"),
    ("the priority's", Priority.HIGH, {Priority.HIGH: "urgent"}, None, "urgent"),
    ("the priority's before the profile's", Priority.LOW, {Priority.LOW: "night"}, "b", "night"),
    ("that of another priority", Priority.NORMAL, {Priority.LOW: "night"}, "batch", "batch"),
    ("an empty name is none", Priority.LOW, {Priority.LOW: ""}, "batch", "batch"),
]


@pytest.mark.parametrize(
    ("priority", "classes", "of_profile", "expected"),
    [pytest.param(*case[1:], id=case[0]) for case in PRIORITY_CLASSES],
)
def test_which_priority_class_a_pod_gets(
    priority: Priority,
    classes: dict[Priority, str],
    of_profile: str | None,
    expected: str | None,
) -> None:
    profiles = {"default": Profile(priority_class_name=of_profile)}
    settings = make_settings(priority_classes=classes, profiles=profiles)

    pod = pod_of(build_job(make_transcription_job(priority=priority), settings))

    assert pod.get("priorityClassName") == expected


def test_a_suspended_recording_makes_a_suspended_job() -> None:
    job = build_job(make_transcription_job(suspend=True), make_settings())

    assert job["spec"]["suspend"] is True


def test_the_deadline_and_the_number_of_attempts_are_the_recordings_own() -> None:
    transcription_job = make_transcription_job(active_deadline_seconds=600, backoff_limit=0)

    job = build_job(transcription_job, make_settings())

    assert job["spec"]["activeDeadlineSeconds"] == 600
    assert job["spec"]["backoffLimit"] == 0


def test_no_deadline_is_left_out() -> None:
    assert (
        "activeDeadlineSeconds" not in build_job(make_transcription_job(), make_settings())["spec"]
    )


def test_without_a_model_cache_the_models_are_in_the_image() -> None:
    job = build_job(make_transcription_job(), make_settings(model_cache_claim=None))

    assert [each["name"] for each in pod_of(job)["volumes"]] == ["urls", "scratch"]
    assert [each["name"] for each in container_of(job)["volumeMounts"]] == ["urls", "scratch"]


def test_settings_reach_the_pod() -> None:
    settings = make_settings(
        job_image_pull_policy="Always",
        scratch_size="1Gi",
        storage_patience_seconds=5,
        progress_interval_seconds=1,
        checkpoint_interval_seconds=7,
    )

    job = build_job(make_transcription_job(), settings)

    assert container_of(job)["imagePullPolicy"] == "Always"
    assert {"name": "scratch", "emptyDir": {"sizeLimit": "1Gi"}} in pod_of(job)["volumes"]
    environment = environment_of(job)
    assert (environment.storage_patience_seconds, environment.progress_interval_seconds) == (5, 1)
    assert environment.checkpoint_interval_seconds == 7


def test_names_stay_within_what_kubernetes_allows() -> None:
    transcription_job = make_transcription_job()
    metadata = transcription_job.metadata.model_copy(update={"name": "n" * 63})

    job = build_job(transcription_job.model_copy(update={"metadata": metadata}), make_settings())

    assert job["metadata"]["name"] == "n" * 50 + "-0f9e8d7c"
    assert len(job["metadata"]["name"]) <= 63
    assert job["metadata"]["labels"]["waas.dev/transcription-job"] == "n" * 63
    assert pod_of(job)["volumes"][0]["secret"]["secretName"] == job["metadata"]["name"]


def test_an_item_says_everything_that_decides_the_transcript() -> None:
    transcription_job = make_transcription_job(
        source=Source(key="newsroom/interview/audio/x.mp3"),
        task=Task.TRANSLATE,
        initial_prompt="Navn: Åse.",
        word_timestamps=True,
        speakers_by_channel=True,
    )

    item = build_job_item(transcription_job)

    assert item.file_name == "x.mp3"
    assert item.task is Task.TRANSLATE
    assert (item.initial_prompt, item.word_timestamps) == ("Navn: Åse.", True)
    assert item.speakers_by_channel
    assert item.spec_digest == transcription_job.spec.digest()


def test_a_dollar_in_a_prompt_reaches_the_program_as_it_is() -> None:
    job = build_job(make_transcription_job(initial_prompt="A$AP, $(WAAS_MODEL)"), make_settings())

    (container,) = job["spec"]["template"]["spec"]["containers"]
    items = next(each["value"] for each in container["env"] if each["name"] == "WAAS_ITEMS")
    assert '"initialPrompt":"A$$AP, $$(WAAS_MODEL)"' in items


def test_pod_runs_as_the_service_account_that_the_settings_name() -> None:
    job = build_job(make_transcription_job(), make_settings(job_service_account="waas-jobs"))

    pod = job["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == "waas-jobs"
    assert pod["automountServiceAccountToken"] is False


def test_a_profile_marks_and_places_pods_and_gives_them_variables() -> None:
    affinity: dict[str, Any] = {
        "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}
    }
    proxy = {"name": "HTTPS_PROXY", "value": "http://proxy.example:3128"}
    profile = Profile(
        affinity=affinity,
        pod_labels={"team": "news", "app.kubernetes.io/component": "mine"},
        pod_annotations={"karpenter.sh/do-not-disrupt": "true"},
        extra_env=(proxy,),
    )

    job = build_job(make_transcription_job(), make_settings(profiles={"default": profile}))

    metadata = job["spec"]["template"]["metadata"]
    assert metadata["labels"] == {**job["metadata"]["labels"], "team": "news"}
    assert metadata["annotations"] == {"karpenter.sh/do-not-disrupt": "true"}
    assert pod_of(job)["affinity"] == affinity
    assert container_of(job)["env"][-1] == proxy


@pytest.mark.parametrize("name", ["WAAS_ITEMS", ""])
def test_a_profile_sets_no_variable_of_the_programs(name: str) -> None:
    with pytest.raises(ValidationError, match="none begins with WAAS_"):
        Profile(extra_env=({"name": name, "value": "x"},))


def test_models_may_come_as_an_image_that_is_mounted() -> None:
    image = "registry.example/waas-models:1"

    job = build_job(make_transcription_job(), make_settings(model_cache_image=image))

    assert {"name": "models", "image": {"reference": image}} in pod_of(job)["volumes"]
    [mount] = [each for each in container_of(job)["volumeMounts"] if each["name"] == "models"]
    assert mount == {"name": "models", "mountPath": "/var/cache/waas/models", "readOnly": True}
