"""Where a TranscriptionJob's audio, results and state lie in the bucket.

Every key hangs on namespace and name alone, so that it is known before the resource exists and
no two tenants can meet (a tenant is a namespace).
"""

import re
from datetime import UTC, datetime

from waas_contract.formats import OutputFormat

PREVIEW_FILE_NAME = "sound.webm"
_UNSAFE_CHARACTERS = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_FILE_NAME = 100


def require_whole_prefix(prefix: str) -> None:
    """Raise ValueError for a prefix with which keys of others could begin, too."""
    if not prefix.endswith("/") or not prefix.strip("/"):
        raise ValueError(f"{prefix!r} could be a part of others' keys")


def tenant_prefix(namespace: str) -> str:
    """Return the prefix below which everything of a tenant lies."""
    return f"{namespace}/"


def job_prefix(namespace: str, name: str) -> str:
    """Return the prefix below which everything of one TranscriptionJob lies."""
    return f"{tenant_prefix(namespace)}{name}/"


def audio_prefix(namespace: str, name: str) -> str:
    """Return the prefix below which the audio of one TranscriptionJob lies."""
    return f"{job_prefix(namespace, name)}audio/"


def audio_key(namespace: str, name: str, file_name: str, upload: str | None = None) -> str:
    """Return the key of an upload, its file name made safe for any tool that lists the bucket.

    `upload` keeps uploads apart that are for the same job, and of which one will be its audio.
    """
    safe_name = _UNSAFE_CHARACTERS.sub("_", file_name)[-_LONGEST_FILE_NAME:].strip("._")
    place = f"{upload}/" if upload else ""
    return f"{audio_prefix(namespace, name)}{place}{safe_name or 'audio'}"


def uploads_prefix(namespace: str) -> str:
    """Return the prefix of notes on uploads that are not whole yet.

    No job lies below it: a name has no underscore.
    """
    return f"{tenant_prefix(namespace)}_uploads/"


def upload_prefix(namespace: str, name: str) -> str:
    """Return the prefix of the notes on the upload that will be the job of that name."""
    return f"{uploads_prefix(namespace)}{name}/"


def upload_state_key(namespace: str, name: str) -> str:
    """Return the key of the note that says what an upload is to be."""
    return f"{upload_prefix(namespace, name)}state.json"


def held_prefix(namespace: str) -> str:
    """Return the prefix of recordings whose clients wait, until it is known which job they are of.

    No job lies below it: a name has no underscore.
    """
    return f"{tenant_prefix(namespace)}_held/"


def held_key(namespace: str, name: str, time: datetime) -> str:
    """Return the key of a held recording, which says since when it is held."""
    return f"{held_prefix(namespace)}{int(time.timestamp())}-{name}"


def parse_held_key(key: str) -> datetime | None:
    """Return since when a recording is held; None where the key is none of a held one."""
    found = re.fullmatch(r".*/_held/(\d{1,11})-[^/]+", key)
    return datetime.fromtimestamp(int(found[1]), UTC) if found else None


def result_file_name(output_format: OutputFormat) -> str:
    """Return the name of the file that holds a format, for example `transcript.srt`."""
    return f"transcript.{output_format}"


def result_key(namespace: str, name: str, attempt: int, output_format: OutputFormat) -> str:
    """Return the key of one result of one attempt (counted from 1)."""
    return f"{job_prefix(namespace, name)}results/{attempt}/{result_file_name(output_format)}"


def manifest_key(namespace: str, name: str) -> str:
    """Return the key of the manifest, which is written last and means that results are whole."""
    return f"{job_prefix(namespace, name)}manifest.json"


def record_key(namespace: str, name: str) -> str:
    """Return the key of the record of a job that has ended."""
    return f"{job_prefix(namespace, name)}record.json"


def progress_key(namespace: str, name: str) -> str:
    """Return the key of the note in which a running job says how far it is."""
    return f"{job_prefix(namespace, name)}state/progress.json"


def partial_key(namespace: str, name: str) -> str:
    """Return the key of the segments that a running job has done so far."""
    return f"{job_prefix(namespace, name)}state/partial.json"


def checkpoint_key(namespace: str, name: str) -> str:
    """Return the key of what a job has done so far, from which its next attempt goes on."""
    return f"{job_prefix(namespace, name)}state/checkpoint.json"


def preview_key(namespace: str, name: str) -> str:
    """Return the key of the recording in a form that browsers play."""
    return f"{job_prefix(namespace, name)}preview/{PREVIEW_FILE_NAME}"


def peaks_key(namespace: str, name: str) -> str:
    """Return the key of how loud the recording is over its length."""
    return f"{job_prefix(namespace, name)}preview/peaks.json"


def edits_prefix(namespace: str, name: str) -> str:
    """Return the prefix below which people's revisions of a transcript lie."""
    return f"{job_prefix(namespace, name)}edits/"


def edit_key(namespace: str, name: str, revision: int) -> str:
    """Return the key of a revision (counted from 1); keys sort as their numbers do."""
    return f"{edits_prefix(namespace, name)}{revision:06d}.json"


def parse_edit_key(key: str) -> int | None:
    """Return the number of the revision under a key; None where the key is none of a revision."""
    found = re.fullmatch(r".*/edits/(\d{6,9})\.json", key)
    return int(found[1]) if found else None
