"""A guarded app in which there is something of everything: a job, its results, half an upload."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from support.api_builders import (
    JOB_ID,
    NAMESPACE,
    NOW,
    TRANSCRIPT,
    make_manifest,
    make_spec,
    make_status,
)
from support.fake_object_storage import FakeObjectStorage
from support.fake_transcription_jobs import FakeTranscriptionJobs
from support.logins import GuardedApi
from waas_api.http.live_streams import LiveStreams
from waas_api.intake.resumable_uploads import Upload
from waas_api.jobs.detection import Detections
from waas_contract.job_status import Phase
from waas_contract.object_keys import (
    audio_prefix,
    manifest_key,
    peaks_key,
    preview_key,
    upload_state_key,
)
from waas_contract.transcription_job import TranscriptionRequest

GROWING_KEY = f"{audio_prefix(NAMESPACE, JOB_ID)}in-pieces.mp3"
FILE_NAME = "secret-interview.mp3"


def furnish_api(folder: Path, phase: Phase) -> GuardedApi:
    """Return an app with a job of Anna's, with its recording and its transcript.

    Whoever waits for anything waits for a moment only.
    She also sends something in pieces, two bytes of five so far, under the same id.
    """
    api = GuardedApi(folder)
    api.app.state.services = replace(
        api.app.state.services,
        detections=Detections(api.storage, longest_seconds=0),
        live_streams=LiveStreams(10, longest_seconds=0.01),
    )
    furnish(api.jobs, api.storage, phase)
    return api


def furnish(jobs: FakeTranscriptionJobs, storage: FakeObjectStorage, phase: Phase) -> None:
    """Have everything there, whatever has become of it."""
    jobs.put("earlier", make_spec(owner="anna"))
    spec = make_spec(FILE_NAME, owner="anna")
    jobs.put(JOB_ID, spec, make_status(phase))
    content = TRANSCRIPT.model_dump_json(exclude_none=True).encode()
    manifest = make_manifest(spec, content)
    storage.objects[manifest_key(NAMESPACE, JOB_ID)] = manifest.model_dump_json(
        by_alias=True, exclude_none=True
    ).encode()
    storage.objects[manifest.files[0].key] = content
    storage.objects[spec.source.key] = b"Anna's voice"
    storage.objects[preview_key(NAMESPACE, JOB_ID)] = b"Anna's voice in short"
    storage.objects[peaks_key(NAMESPACE, JOB_ID)] = b'{"durationSeconds": 0.1, "peaks": [5]}'
    upload = Upload(
        id=JOB_ID,
        request=TranscriptionRequest(owner="anna"),
        file_name=FILE_NAME,
        length=5,
        key=GROWING_KEY,
        handle="fake",
        expiry_time=NOW + timedelta(hours=1),
    )
    note = upload.model_dump_json(by_alias=True, exclude_none=True).encode()
    storage.objects[upload_state_key(NAMESPACE, JOB_ID)] = note
    storage.growing[GROWING_KEY] = b"An"
