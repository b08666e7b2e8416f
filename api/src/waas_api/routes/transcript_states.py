"""Reads the state of a transcript that a request asks for."""

from waas_api.dependencies import Desk
from waas_api.http.reading_aside import read_aside
from waas_api.transcripts.edits import TranscriptEdits, TranscriptState, state_of_original
from waas_api.transcripts.finding import find_manifest, read_original
from waas_contract.manifest import Manifest
from waas_contract.transcription_job import TranscriptionJob


def edits_of(job: TranscriptionJob, desk: Desk) -> TranscriptEdits:
    """Return the revisions of a job's transcript."""
    return TranscriptEdits(
        job.metadata.namespace,
        job.metadata.name,
        desk.services.object_storage,
        largest_bytes=desk.settings.largest_transcript_bytes,
    )


async def read_state(
    job: TranscriptionJob, desk: Desk, *, revision: int | None = None
) -> tuple[Manifest, TranscriptState]:
    """Return a revision of a transcript, 0 for the original, the newest where none is named."""
    storage = desk.services.object_storage
    manifest = await find_manifest(job, storage)
    edits = edits_of(job, desk)
    if revision is None:
        revision = max(await edits.numbers(), default=0)
    if revision:
        return manifest, await edits.read(revision)
    largest = desk.settings.largest_transcript_bytes
    content = await read_original(manifest, storage, largest_bytes=largest)
    return manifest, await read_aside(state_of_original, content)
