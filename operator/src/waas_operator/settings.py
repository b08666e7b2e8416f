"""The operator's settings, read from the environment once and passed down."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from waas_contract.job_environment import Device, Precision
from waas_contract.name_lists import split_names
from waas_contract.notification_settings import NotificationSettings
from waas_contract.store_credentials import StoreCredentials
from waas_contract.transcription_job import (
    LONGEST_TTL_SECONDS,
    Priority,
    TranscriptionJob,
)
from waas_contract.wire import WireModel

ENV_PREFIX = "WAAS_"


class Profile(WireModel, extra="forbid"):
    """What one class of Job gets from the cluster; the default is a CPU job without limits."""

    resources: dict[str, dict[str, str | int]] = Field(default_factory=dict)
    """Kubernetes resources of the container, for example `{"limits": {"nvidia.com/gpu": 1}}`."""

    node_selector: dict[str, str] = Field(default_factory=dict)
    tolerations: tuple[dict[str, Any], ...] = ()
    runtime_class_name: str | None = None
    priority_class_name: str | None = None
    affinity: dict[str, Any] = Field(default_factory=dict)
    pod_labels: dict[str, str] = Field(default_factory=dict)
    """Labels of the pods beside the operator's own."""

    pod_annotations: dict[str, str] = Field(default_factory=dict)
    extra_env: tuple[dict[str, Any], ...] = ()
    """Environment variables beside the operator's own, as in a pod; never of `WAAS_…`."""

    image: str | None = None
    """Another image than the default one, for example one for another accelerator."""

    device: Device = "auto"
    precision: Precision = "auto"
    queue_name: str | None = None
    """A LocalQueue of Kueue's; the namespace's where absent."""

    @field_validator("extra_env")
    @classmethod
    def _leave_ours_alone(cls, variables: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
        for each in variables:
            if not each.get("name") or each["name"].startswith(ENV_PREFIX):
                raise ValueError("each variable has a name, and none begins with WAAS_")
        return variables


_Address = Annotated[str, Field(pattern=r"^https?://[^/?#]+/?$")]
"""Scheme, host and port."""


class ReconcileSettings(BaseModel):
    """What the reconcile hangs on, wherever it runs."""

    job_namespaces: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(split_names), Field(min_length=1)
    ]
    """The namespaces that the operator serves, separated by commas; each is one tenant."""

    job_image: str
    """The image of the job program."""

    job_image_pull_policy: str = "IfNotPresent"
    job_service_account: str | None = None
    """ServiceAccount of the pods, for what their image is fetched by; None: the namespace's own."""

    model_cache_claim: str | None = None
    """PersistentVolumeClaim with the checkpoints, mounted read-only; the same name everywhere."""

    model_cache_image: str | None = None
    """Image with the checkpoints at its root, which Kubernetes mounts in place of a claim."""

    scratch_size: str = "20Gi"
    """Largest audio that a pod may hold on its node's disk."""

    profiles: dict[str, Profile] = {"default": Profile()}
    """Profiles by name, as JSON; `spec.profile` chooses one."""

    priority_classes: dict[Priority, str] = {}
    """PriorityClasses by `spec.priority`, as JSON; one that is named goes before the profile's."""

    queue_names: dict[str, str] = {}
    """Kueue's LocalQueues by namespace, as JSON; the Jobs of others start by themselves."""

    jobs_name_queues: bool = True
    """Whether `spec.queueName` counts; a Job waits for ever where no Kueue would start it."""

    default_ttl_seconds: int | None = Field(default=None, ge=0, le=LONGEST_TTL_SECONDS)
    """How long what has ended is kept where its spec does not say; None for ever.

    It holds for what ended earlier, too, from the operator's next start.
    """

    finished_job_seconds: int = Field(default=86_400, ge=60, le=LONGEST_TTL_SECONDS)
    """How long a Job is kept after its end, with its pod and the log.

    A failed one that no operator has looked at within this time runs once more.
    """

    removal_grace_seconds: float = Field(default=60, ge=0)
    """How long what has expired is kept after this process saw so first: a clock may be wrong."""

    source_buckets: dict[str, tuple[str, ...]] = {}
    """Buckets beside the service's own from which a namespace may read, as JSON."""

    s3_bucket: str = "waas"

    storage_patience_seconds: float = 300
    """How long a pod tries to reach the store before it gives up for now."""

    progress_interval_seconds: float = 15
    """How often running jobs tell how far they are."""

    checkpoint_interval_seconds: float = Field(default=60, ge=0)
    """How often running jobs keep what they heard: the work that a killed pod can cost."""

    resync_seconds: float = 300
    """How often everything is listed anew, in case an event was missed."""

    def queue_for(self, transcription_job: TranscriptionJob) -> str | None:
        """Return the LocalQueue in which a Job waits for its start; None where it need not.

        The job's own goes before the profile's, and that before the namespace's.
        """
        spec = transcription_job.spec
        if self.jobs_name_queues and spec.queue_name:
            return spec.queue_name
        profile = self.profiles.get(spec.profile)
        if profile and profile.queue_name:
            return profile.queue_name
        return self.queue_names.get(transcription_job.metadata.namespace)


class Settings(BaseSettings, ReconcileSettings, NotificationSettings, StoreCredentials):
    """Everything an administrator can set, as `WAAS_…` variables."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        frozen=True,
        # Those that have two names in the environment have a third one in Python.
        populate_by_name=True,
    )

    s3_endpoint: _Address
    """Address of the store as the operator reaches it, for example `http://minio:9000`."""

    s3_endpoint_for_jobs: _Address | None = None
    """Address of the store as pods reach it, where that differs."""

    s3_region: str = "us-east-1"

    url_lifetime_seconds: int = Field(default=43_200, ge=10, le=604_800)
    """How long presigned URLs live; they are renewed at half of it.

    None outlives the credentials that it was signed by, which a storage user has for ever.
    """

    lease_name: str | None = None
    """Lease that one operator of several has to hold to act; None where there is only one."""

    lease_namespace: str = "default"
    """Where the Lease is: the operator's own namespace."""

    lease_identity: str = "waas-operator"
    """Who holds the Lease, as people see it: the pod's name. A process adds a part of its own."""

    reconcile_concurrency: int = Field(default=16, ge=1)
    health_port: int = 8080
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
