"""Builds the batch/v1 Job of one TranscriptionJob. Pure."""

from typing import Any

from waas_contract.job_environment import JobEnvironment, JobItem
from waas_contract.names import (
    CONTAINER_NAME,
    TRACEPARENT_ANNOTATION,
    child_labels,
    child_name,
)
from waas_contract.trace_context import read_traceparent
from waas_contract.transcription_job import (
    API_VERSION,
    KIND,
    ObjectMeta,
    TranscriptionJob,
)
from waas_operator.failure_policy import build_pod_failure_policy
from waas_operator.observation import KUEUE_QUEUE_LABEL
from waas_operator.settings import Profile, ReconcileSettings

TERMINATION_GRACE_SECONDS = 30
_USER = 65532  # "nonroot" in the images' convention; any number but 0 would do


def build_owner_reference(metadata: ObjectMeta) -> dict[str, Any]:
    """Return the reference by which the garbage collector takes children with their owner."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "name": metadata.name,
        "uid": metadata.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def build_child_metadata(transcription_job: TranscriptionJob) -> dict[str, Any]:
    """Return the metadata that the Job and the Secret share."""
    metadata = transcription_job.metadata
    return {
        "name": child_name(metadata.name, metadata.uid),
        "namespace": metadata.namespace,
        "labels": child_labels(metadata.name),
        "ownerReferences": [build_owner_reference(metadata)],
    }


def build_job_item(transcription_job: TranscriptionJob) -> JobItem:
    """Return what the job program needs to know of one recording."""
    metadata, spec = transcription_job.metadata, transcription_job.spec
    return JobItem(
        namespace=metadata.namespace,
        name=metadata.name,
        spec_digest=spec.digest(),
        file_name=spec.source.file_name or spec.source.key.rsplit("/", 1)[-1],
        language=spec.language,
        task=spec.task,
        initial_prompt=spec.initial_prompt,
        word_timestamps=spec.word_timestamps,
        speakers_by_channel=spec.speakers_by_channel,
        decoding=spec.decoding,
        voice_activity=spec.voice_activity,
        subtitles=spec.subtitles,
        formats=spec.stored_formats(),
    )


def build_job(transcription_job: TranscriptionJob, settings: ReconcileSettings) -> dict[str, Any]:
    """Return the Job; its pods hold no credentials but the URLs of the mounted Secret."""
    spec = transcription_job.spec
    child = build_child_metadata(transcription_job)
    profile = settings.profiles[spec.profile]
    queue = settings.queue_for(transcription_job)
    metadata = child
    if queue:
        metadata = {**child, "labels": {**child["labels"], KUEUE_QUEUE_LABEL: queue}}
    job_spec: dict[str, Any] = {
        "backoffLimit": spec.backoff_limit,
        "completions": 1,
        "parallelism": 1,
        "podFailurePolicy": build_pod_failure_policy(),
        # Never two pods with a GPU each for one recording (KEP-3939).
        "podReplacementPolicy": "Failed",
        # By then the end has long been written down; a success is known by its manifest anyway.
        "ttlSecondsAfterFinished": settings.finished_job_seconds,
        # Kueue starts what it admits, and takes it back when others need the place more.
        "suspend": spec.suspend or queue is not None,
        "template": {
            "metadata": _build_pod_metadata(profile, child["labels"]),
            "spec": _build_pod_spec(transcription_job, profile, settings, child["name"]),
        },
    }
    if spec.active_deadline_seconds is not None:
        job_spec["activeDeadlineSeconds"] = spec.active_deadline_seconds
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": job_spec}


def _build_pod_metadata(profile: Profile, labels: dict[str, str]) -> dict[str, Any]:
    metadata: dict[str, Any] = {"labels": {**profile.pod_labels, **labels}}
    if profile.pod_annotations:
        metadata["annotations"] = profile.pod_annotations
    return metadata


def _build_pod_spec(
    transcription_job: TranscriptionJob,
    profile: Profile,
    settings: ReconcileSettings,
    secret_name: str,
) -> dict[str, Any]:
    environment = JobEnvironment(
        items=(build_job_item(transcription_job),),
        model=transcription_job.spec.model,
        device=profile.device,
        precision=profile.precision,
        storage_patience_seconds=settings.storage_patience_seconds,
        progress_interval_seconds=settings.progress_interval_seconds,
        checkpoint_interval_seconds=settings.checkpoint_interval_seconds,
    )
    variables = environment.to_variables() | _trace_variables(transcription_job)
    volumes = _build_volumes(environment, settings, secret_name)
    container: dict[str, Any] = {
        "name": CONTAINER_NAME,
        "image": profile.image or settings.job_image,
        "imagePullPolicy": settings.job_image_pull_policy,
        "env": [
            *(
                # Kubernetes expands $(NAME) in values; a doubled $ stands for itself.
                {"name": name, "value": value.replace("$", "$$")}
                for name, value in variables.items()
            ),
            *profile.extra_env,
        ],
        "resources": profile.resources,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "terminationMessagePath": environment.termination_message_path,
        "terminationMessagePolicy": "File",
        "volumeMounts": [mount for mount, _ in volumes],
    }
    pod_spec: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "containers": [container],
        "enableServiceLinks": False,
        "restartPolicy": "Never",
        "securityContext": {
            "fsGroup": _USER,
            "runAsGroup": _USER,
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationGracePeriodSeconds": TERMINATION_GRACE_SECONDS,
        "volumes": [volume for _, volume in volumes],
    }
    if settings.job_service_account:
        pod_spec["serviceAccountName"] = settings.job_service_account
    if profile.node_selector:
        pod_spec["nodeSelector"] = profile.node_selector
    if profile.tolerations:
        pod_spec["tolerations"] = list(profile.tolerations)
    if profile.affinity:
        pod_spec["affinity"] = profile.affinity
    if profile.runtime_class_name:
        pod_spec["runtimeClassName"] = profile.runtime_class_name
    priority = transcription_job.spec.priority
    if priority_class := settings.priority_classes.get(priority) or profile.priority_class_name:
        pod_spec["priorityClassName"] = priority_class
    return pod_spec


def _trace_variables(transcription_job: TranscriptionJob) -> dict[str, str]:
    """Return the variable by which a program finds its trace (OpenTelemetry's own name for it)."""
    known = transcription_job.metadata.annotations.get(TRACEPARENT_ANNOTATION)
    traceparent = read_traceparent(known)
    return {"TRACEPARENT": traceparent} if traceparent else {}


def _build_volumes(
    environment: JobEnvironment, settings: ReconcileSettings, secret_name: str
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return each mount with its volume."""
    # A directory, not single files: the kubelet renews a Secret's files only in a whole mount.
    urls = (
        {"name": "urls", "mountPath": environment.urls_directory, "readOnly": True},
        {"name": "urls", "secret": {"secretName": secret_name, "defaultMode": 0o440}},
    )
    scratch = (
        {"name": "scratch", "mountPath": environment.scratch_directory},
        {"name": "scratch", "emptyDir": {"sizeLimit": settings.scratch_size}},
    )
    source: dict[str, Any]
    if settings.model_cache_image:
        source = {"image": {"reference": settings.model_cache_image}}
    elif settings.model_cache_claim:
        claim = {"claimName": settings.model_cache_claim, "readOnly": True}
        source = {"persistentVolumeClaim": claim}
    else:
        return [urls, scratch]
    models = (
        {"name": "models", "mountPath": environment.model_directory, "readOnly": True},
        {"name": "models", **source},
    )
    return [urls, scratch, models]
