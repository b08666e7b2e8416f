"""What is left of a job that completed, as the job program and the Job controller write it."""

from datetime import UTC, datetime

from support.kubernetes_api import Resource
from support.manifest_parts import NO_TIME
from waas_contract.formats import OutputFormat
from waas_contract.manifest import AudioFacts, EngineFacts, Manifest, Outcome, ResultFile
from waas_contract.object_keys import result_key


def completed_status() -> Resource:
    """Return what the Job controller writes about a Job that completes now."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    condition = {"status": "True", "reason": "CompletionsReached", "lastTransitionTime": now}
    return {
        "startTime": now,
        "completionTime": now,
        "succeeded": 1,
        "uncountedTerminatedPods": {},
        "conditions": [{"type": each, **condition} for each in ("SuccessCriteriaMet", "Complete")],
    }


def build_manifest(namespace: str, name: str, spec_digest: str) -> bytes:
    """Return the manifest of a recording of a minute."""
    files = tuple(
        ResultFile(
            format=each, key=result_key(namespace, name, 1, each), bytes=1000, sha256="0" * 64
        )
        for each in OutputFormat
    )
    now = datetime.now(UTC).replace(microsecond=0)
    return (
        Manifest(
            namespace=namespace,
            name=name,
            spec_digest=spec_digest,
            outcome=Outcome.COMPLETE,
            attempt=1,
            files=files,
            audio=AudioFacts(duration_seconds=60, language="en"),
            engine=EngineFacts(name="none", version="0", model="tiny.en", device="cpu"),
            timing=NO_TIME.model_copy(update={"transcribe_seconds": 1}),
            start_time=now,
            completion_time=now,
        )
        .model_dump_json(by_alias=True)
        .encode()
    )
