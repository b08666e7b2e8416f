"""Every request of the client as a value, with what reads its answer; nothing here sends it."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from waas_client.answers import Job, JobPage, Models, Service
from waas_client.errors import NotAWaasServer
from waas_client.recordings import Recording
from waas_client.refusals import check_answer
from waas_contract.wire import WireModel

Answer = TypeVar("Answer")
_AnswerModel = TypeVar("_AnswerModel", bound=WireModel)


@dataclass(frozen=True)
class Call(Generic[Answer]):
    """One request."""

    method: str
    path: str
    parse: Callable[[httpx.Response], Answer]
    """From an answer that is already known to be no refusal."""

    query: Mapping[str, str] = field(default_factory=dict)
    recording: Recording | None = None
    """The body; None for none."""

    offset: int = 0
    """Where in the recording the body begins."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """Beside those of the body."""

    needs_login: bool = True
    """Whether it says who asks, where that is known."""

    def read(self, response: httpx.Response) -> Answer:
        """Return what the answer says, or raise the WaasError that it stands for."""
        check_answer(response)
        return self.parse(response)


@dataclass(frozen=True)
class JobOptions:
    """How a recording is to be transcribed; what is None is left to the server."""

    model: str | None = None
    language: str | None = None
    """English name or code; None to have it detected."""

    task: str | None = None
    """`transcribe`, or `translate` into English."""

    formats: tuple[str, ...] | None = None
    """What the job stores; a server renders every other format when it is asked for."""

    prompt: str | None = None
    """Text that sets vocabulary and style."""

    word_timestamps: bool = False
    speakers_by_channel: bool = False
    """Whether each channel of the recording is a speaker, as on stereo calls."""

    beam_size: int | None = None
    """Beams of the search at temperature 0; None for greedy decoding."""

    temperature: float | None = None
    """How much is left to chance, from 0 to 1."""

    max_line_width: int | None = None
    """Characters in a line of a caption."""

    max_line_count: int | None = None
    """Lines in a caption."""

    priority: str | None = None
    """`low`, `normal` or `high`."""

    profile: str | None = None
    """Which of the administrator's sets of resources it gets."""

    queue_name: str | None = None
    """The LocalQueue of Kueue's in which it waits, where the server lets jobs name one."""

    ttl_seconds: int | None = None
    """Seconds after its end for which everything is kept; None for as long as the server likes."""

    deadline_seconds: int | None = None
    """Seconds after which it fails, those in the queue included."""

    labels: Mapping[str, str] = field(default_factory=dict)
    """By which jobs are found again; keys and values as Kubernetes has them."""

    def query(self) -> dict[str, str]:
        """Return the options as parameters."""
        numbers = {
            "beam_size": self.beam_size,
            "temperature": self.temperature,
            "max_line_width": self.max_line_width,
            "max_line_count": self.max_line_count,
            "ttl_seconds_after_finished": self.ttl_seconds,
            "active_deadline_seconds": self.deadline_seconds,
        }
        given = {
            "model": self.model,
            "language": self.language,
            "task": self.task,
            "formats": ",".join(self.formats) if self.formats else None,
            "prompt": self.prompt,
            "word_timestamps": "true" if self.word_timestamps else None,
            "speakers_by_channel": "true" if self.speakers_by_channel else None,
            "priority": self.priority,
            "profile": self.profile,
            "queue_name": self.queue_name,
            "request": json.dumps({"labels": dict(self.labels)}) if self.labels else None,
            **{name: None if number is None else str(number) for name, number in numbers.items()},
        }
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class JobFilter:
    """Which jobs are listed, and in which order; what is empty is left to the server."""

    phases: tuple[str, ...] = ()
    label_selector: str = ""
    """As Kubernetes has it: `project=news,!draft`."""

    sort: str = ""
    """creation_time, completion_time, file_name or phase; with "-" before it for the reverse."""

    def query(self) -> dict[str, str]:
        """Return it as parameters."""
        given = {
            "phase": ",".join(self.phases),
            "label_selector": self.label_selector,
            "sort": self.sort,
        }
        return {name: value for name, value in given.items() if value}


def _reader(model: type[_AnswerModel]) -> Callable[[httpx.Response], _AnswerModel]:
    def read(response: httpx.Response) -> _AnswerModel:
        try:
            return model.model_validate_json(response.content)
        except ValidationError as error:
            raise NotAWaasServer(
                f"{response.request.url.host} gave an answer that this release cannot read."
            ) from error

    return read


def _nothing(_: httpx.Response) -> None:
    return None


def _job_path(job_id: str) -> str:
    return f"/v2/jobs/{quote(job_id, safe='')}"


def identify() -> Call[Service]:
    """Ask a server what it is, before it is told who asks."""
    return Call("GET", "/v2", _reader(Service), needs_login=False)


def models() -> Call[Models]:
    """Ask for the models."""
    return Call("GET", "/v2/models", _reader(Models))


def submit(recording: Recording, options: JobOptions) -> Call[Job]:
    """Send a recording."""
    query = options.query()
    if recording.file_name:
        query["file_name"] = recording.file_name
    return Call("POST", "/v2/jobs", _reader(Job), query, recording)


_UPLOADS = "/v2/uploads"
_TUS = {"Tus-Resumable": "1.0.0"}


def begin_upload(recording: Recording, options: JobOptions) -> Call[str]:
    """Ask to send a recording in pieces; the answer is the id of the upload and of its job."""
    given = options.query() | ({"file_name": recording.file_name} if recording.file_name else {})
    metadata = ",".join(
        f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in given.items()
    )
    headers = {**_TUS, "Upload-Length": str(recording.size), "Upload-Metadata": metadata}
    return Call("POST", _UPLOADS, _upload_id, headers=headers)


def append(upload_id: str, recording: Recording, offset: int) -> Call[int]:
    """Send a recording from an offset; the answer is how much the server has."""
    headers = {
        **_TUS,
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": str(offset),
    }
    path = f"{_UPLOADS}/{quote(upload_id, safe='')}"
    return Call("PATCH", path, _offset, recording=recording, offset=offset, headers=headers)


def measure_upload(upload_id: str) -> Call[int]:
    """Ask how much of an upload the server has."""
    return Call("HEAD", f"{_UPLOADS}/{quote(upload_id, safe='')}", _offset, headers=_TUS)


def _upload_id(response: httpx.Response) -> str:
    path = httpx.URL(response.headers.get("location", "")).path
    if not path.startswith(f"{_UPLOADS}/"):
        raise NotAWaasServer(f"{response.request.url.host} says of no upload where it is.")
    return path.removeprefix(f"{_UPLOADS}/")


def _offset(response: httpx.Response) -> int:
    text = response.headers.get("upload-offset", "")
    if not text.isdecimal():
        raise NotAWaasServer(f"{response.request.url.host} does not say how much it has.")
    return int(text)


def job_page(jobs: JobFilter, *, limit: int, cursor: str | None) -> Call[JobPage]:
    """Ask for some of the jobs."""
    query = jobs.query() | {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
    return Call("GET", "/v2/jobs", _reader(JobPage), query)


def job(job_id: str) -> Call[Job]:
    """Ask how far a job is."""
    return Call("GET", _job_path(job_id), _reader(Job))


_EVENTS = "text/event-stream"


def job_events(job_id: str, last_event_id: str = "") -> Call[None]:
    """Ask to be told of a job, from the last event on that is known."""
    # What is packed comes in pieces of the packer's choosing.
    headers = {"Accept": _EVENTS, "Accept-Encoding": "identity"}
    if last_event_id:
        headers["Last-Event-ID"] = last_event_id
    return Call("GET", f"{_job_path(job_id)}/events", _check_events, headers=headers)


def _check_events(response: httpx.Response) -> None:
    if response.headers.get("content-type", "").partition(";")[0].strip() != _EVENTS:
        raise NotAWaasServer(f"{response.request.url.host} has no events to tell.")


def cancel(job_id: str) -> Call[Job]:
    """Ask for a job's end."""
    return Call("POST", f"{_job_path(job_id)}/cancel", _reader(Job))


def suspend(job_id: str) -> Call[Job]:
    """Ask for a job to wait."""
    return Call("POST", f"{_job_path(job_id)}/suspend", _reader(Job))


def resume(job_id: str) -> Call[Job]:
    """Ask for a suspended job to go on."""
    return Call("POST", f"{_job_path(job_id)}/resume", _reader(Job))


def retry(job_id: str) -> Call[Job]:
    """Ask for a new job of the same recording."""
    return Call("POST", f"{_job_path(job_id)}/retry", _reader(Job))


def delete(job_id: str) -> Call[None]:
    """Ask for a job's removal."""
    return Call("DELETE", _job_path(job_id), _nothing)


def result(job_id: str, output_format: str) -> Call[bytes]:
    """Ask for a transcript."""
    path = f"{_job_path(job_id)}/results/{quote(output_format, safe='')}"
    return Call("GET", path, lambda response: response.content)
