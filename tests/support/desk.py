"""What a person with `kubectl` and an S3 client does and sees in one namespace."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from minio import Minio

from support.kubernetes_api import (
    KubernetesApi,
    Resource,
    jobs_path,
    pods_path,
    transcription_job_resource,
    transcription_jobs_path,
)
from support.service import BUCKET
from support.speech import Clip
from support.waiting import wait_until
from waas_contract.manifest import Manifest
from waas_contract.names import TRANSCRIPTION_JOB_LABEL
from waas_contract.object_keys import manifest_key


class Place(Protocol):
    """Where the desk stands: a namespace, and an administrator's way into it."""

    @property
    def namespace(self) -> str: ...

    @property
    def api(self) -> KubernetesApi: ...


@dataclass(frozen=True)
class Desk:
    """A person's hands and eyes."""

    tenant: Place
    store: Minio

    def put_audio(self, name: str, content: Clip) -> str:
        """Put a clip into the store; returns its key."""
        key = f"{self.tenant.namespace}/by-hand/{name}{content.path.suffix}"
        self.store.fput_object(BUCKET, key, str(content.path))
        return key

    def create(self, name: str, **spec: object) -> None:
        path = transcription_jobs_path(self.tenant.namespace)
        self.tenant.api.create(path, transcription_job_resource(name, **spec))

    def change(self, name: str, **spec: object) -> None:
        path = transcription_jobs_path(self.tenant.namespace, name)
        self.tenant.api.merge(path, {"spec": spec})

    def get(self, name: str) -> Resource:
        return self.tenant.api.get(transcription_jobs_path(self.tenant.namespace, name))

    def transcription_jobs(self) -> list[Resource]:
        """Return every TranscriptionJob of the namespace."""
        return self.tenant.api.items(transcription_jobs_path(self.tenant.namespace))

    def jobs(self) -> list[Resource]:
        return self.tenant.api.items(jobs_path(self.tenant.namespace))

    def pods(self, name: str) -> list[Resource]:
        """Return the pods of a TranscriptionJob, oldest first."""
        pods = self.tenant.api.items(
            pods_path(self.tenant.namespace), labelSelector=f"{TRANSCRIPTION_JOB_LABEL}={name}"
        )
        return sorted(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))

    def wait_for(
        self, name: str, claim: str, look: Callable[[Resource], bool], timeout_seconds: float = 900
    ) -> Resource:
        def find() -> Resource | None:
            found = self.get(name)
            return found if look(found) else None

        try:
            return wait_until(find, f"{name}: {claim}", timeout_seconds=timeout_seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {self.get(name).get('status')}") from None

    def wait_for_phase(self, name: str, *phases: str) -> Resource:
        return self.wait_for(
            name,
            f"is {' or '.join(phases)}",
            lambda found: found.get("status", {}).get("phase") in phases,
        )

    def wait_for_end(self, name: str, timeout_seconds: float = 900) -> Resource:
        ends = ("Succeeded", "Failed", "Cancelled")
        return self.wait_for(
            name,
            "has ended",
            lambda found: found.get("status", {}).get("phase") in ends,
            timeout_seconds,
        )

    def manifest(self, name: str) -> Manifest:
        content = self.read(manifest_key(self.tenant.namespace, name))
        return Manifest.model_validate_json(content)

    def read(self, key: str) -> bytes:
        response = self.store.get_object(BUCKET, key)
        try:
            return response.read()
        finally:
            response.close()
            response.release_conn()

    def keys(self, prefix: str) -> set[str]:
        found = self.store.list_objects(
            BUCKET, prefix=f"{self.tenant.namespace}/{prefix}", recursive=True
        )
        return {each.object_name or "" for each in found}


def condition(resource: Resource, condition_type: str) -> Resource:
    """Return a condition of a TranscriptionJob."""
    conditions = resource.get("status", {}).get("conditions", [])
    return next((each for each in conditions if each["type"] == condition_type), {})
