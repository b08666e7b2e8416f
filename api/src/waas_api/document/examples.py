"""What the answers of /v2 look like, each made of the model that it is an answer of."""

from datetime import UTC, datetime, timedelta

from pydantic import BaseModel

from waas_api.jobs.estimates import Basis, Estimate
from waas_api.native.views import (
    AudioView,
    JobList,
    JobView,
    Service,
    show_models,
)
from waas_api.transcripts.edits import RevisionView
from waas_api.transcripts.results import ResultList, ResultView
from waas_contract.formats import OutputFormat
from waas_contract.job_status import Phase
from waas_contract.manifest import Outcome
from waas_contract.transcript import Segment, Transcript, Word
from waas_contract.transcription_job import Priority, Task

JOB_ID = "83085672-3a9e-4b7f-9f51-6c1c3e0a7d42"
_PATH = f"/v2/jobs/{JOB_ID}"
_MADE = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
_STARTED = _MADE + timedelta(seconds=12)


def _render(model: BaseModel) -> dict[str, object]:
    return model.model_dump(mode="json", by_alias=True)


_RUNNING = JobView(
    id=JOB_ID,
    file_name="Blåbær.flac",
    phase=Phase.RUNNING,
    reason=None,
    message=None,
    progress=42,
    processed_seconds=1563.2,
    audio=AudioView(duration_seconds=3725.5, language="no"),
    position_in_queue=None,
    estimate=Estimate(completion_time=_STARTED + timedelta(minutes=9), basis=Basis.PROGRESS),
    model="large-v3",
    task=Task.TRANSCRIBE,
    language="no",
    formats=(OutputFormat.JSON, OutputFormat.SRT, OutputFormat.VTT),
    word_timestamps=False,
    speakers_by_channel=False,
    cancelled=False,
    suspended=False,
    priority=Priority.NORMAL,
    queue_name=None,
    owner="anna",
    labels={"desk": "news"},
    retry_of=None,
    ttl_seconds_after_finished=604_800,
    ttl_seconds_after_failure=None,
    attempts=1,
    creation_time=_MADE,
    start_time=_STARTED,
    completion_time=None,
    expiry_time=None,
)
_WAITING = _RUNNING.model_copy(
    update={
        "phase": Phase.QUEUED,
        "progress": None,
        "processed_seconds": None,
        "audio": None,
        "position_in_queue": 3,
        "estimate": None,
        "attempts": 0,
        "start_time": None,
    }
)
_TRANSCRIPT = Transcript(
    language="no",
    duration=3.92,
    text=" Hei på deg.",
    segments=(
        Segment(
            id=0,
            start=0.0,
            end=3.92,
            text=" Hei på deg.",
            tokens=(50364, 1042),
            words=(Word(word=" Hei", start=0.1, end=0.6, probability=0.98),),
        ),
    ),
)

RUNNING_JOB = _render(_RUNNING)
WAITING_JOB = _render(_WAITING)
CANCELLED_JOB = _render(_WAITING.model_copy(update={"cancelled": True}))
SUSPENDED_JOB = _render(
    _WAITING.model_copy(
        update={"phase": Phase.SUSPENDED, "suspended": True, "position_in_queue": None}
    )
)
JOB_LIST = _render(JobList(jobs=(_RUNNING,), cursor=None, total=1))
TRANSCRIPT = _render(_TRANSCRIPT)
RESULT_LIST = _render(
    ResultList(
        outcome=Outcome.COMPLETE,
        revision=0,
        unsupported_options=("speakersByChannel",),
        results=(
            ResultView(
                format="srt",
                media_type="text/plain; charset=utf-8",
                href=f"{_PATH}/results/srt",
                stored=True,
            ),
        ),
    )
)
REVISIONS = [
    _render(
        RevisionView(
            revision=0,
            saved_time=_STARTED,
            saved_by=None,
            href=f"{_PATH}/transcript?revision=0",
        )
    )
]
SERVICE = _render(Service(version="0.1.0", logins=("api-keys",)))
MODELS: dict[str, object] = _render(show_models(("tiny", "tiny.en", "large-v3"), "tiny"))

SUBTITLES = "1\n00:00:00,000 --> 00:00:03,920\nHei på deg.\n\n"
CAPTIONS = "WEBVTT\n\n00:00.000 --> 00:03.920\nHei på deg.\n\n"
EVENTS = (
    'event: progress\ndata: {"id":"83085672-3a9e-4b7f-9f51-6c1c3e0a7d42","progress":42}\n'
    "id: 8731\n\n"
)
LINK = {
    "link": "WyJkZWZhdWx0Iiw",
    "path": f"{_PATH}?link=WyJkZWZhdWx0Iiw",
    "expirationTime": "2026-11-24T08:30:00Z",
}
NAMESPACES = {"namespaces": ["newsroom", "research"]}
SESSION = {
    "owner": "anna",
    "namespace": "newsroom",
    "permissions": ["read", "create"],
    "isKept": True,
}
