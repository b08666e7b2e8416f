"""What people are mailed when a job has ended. Plain text, one language. Pure."""

from dataclasses import dataclass

from waas_contract.exit_codes import FailureReason
from waas_contract.job_status import ConditionType, Phase
from waas_contract.transcription_job import TranscriptionJob
from waas_operator.webhook_messages import UNTITLED

_LONGEST_NAME = 150
_LONGEST_MESSAGE = 1024

# Joiners shape letters in several scripts; everything else that is invisible could mislead.
_JOINERS = "\u200c\u200d"

_DOWNLOADS = (
    ("Text with timecodes", "timecode_txt"),
    ("Text", "txt"),
    ("Subtitles (SRT)", "srt"),
    ("Subtitles (WebVTT)", "vtt"),
    ("For the JoJo editor", "jojo"),
)

_SEND_AGAIN = "Please send the recording again."
_ASK = "Please ask those who run this service, and give them the job's number below."
_ADVICE: dict[str, str] = {
    FailureReason.BAD_AUDIO: (
        "Please check that the file plays on your computer, and send it again; if it does not, "
        "export it anew, for example as MP3 or WAV."
    ),
    FailureReason.SOURCE_NOT_FOUND: _SEND_AGAIN,
    FailureReason.MODEL_NOT_FOUND: f"Please choose another model. {_ASK}",
    FailureReason.OUT_OF_MEMORY: f"Please try a smaller model, or a shorter recording. {_ASK}",
    FailureReason.DEADLINE_EXCEEDED: "Please allow it more time, or try a smaller model.",
    FailureReason.QUEUE_DEADLINE_EXCEEDED: "Too much was waiting. Please send it again later.",
    FailureReason.STORAGE_UNAVAILABLE: "Please send the recording again later.",
    FailureReason.RESULTS_MISSING: _SEND_AGAIN,
    FailureReason.INTERRUPTED: _SEND_AGAIN,
    FailureReason.CANCELLED: "If that was a mistake, please send the recording again.",
}


@dataclass(frozen=True)
class Mail:
    """One mail; none of its texts holds a line end that could begin another header."""

    recipient: str
    subject: str
    body: str
    message_id: str
    """The left part of the Message-ID, the same at each attempt."""


def build_mail(transcription_job: TranscriptionJob, recipient: str, *, base_url: str) -> Mail:
    """Return what somebody is told about a job that has ended; without `base_url`, no links."""
    name = _make_safe(transcription_job.spec.source.file_name or UNTITLED, _LONGEST_NAME)
    parts = {
        Phase.SUCCEEDED: ("Transcript ready", _tell_success),
        Phase.CANCELLED: ("Transcription cancelled", _tell_failure),
    }
    beginning, tell = parts.get(transcription_job.phase, ("Transcription failed", _tell_failure))
    paragraphs = [
        *tell(transcription_job, name, base_url),
        f"Job {transcription_job.metadata.name}",
    ]
    return Mail(
        recipient=recipient,
        subject=f"{beginning}: {name}",
        body="\n\n".join(paragraphs) + "\n",
        message_id=f"{transcription_job.metadata.uid}.email",
    )


def _tell_success(transcription_job: TranscriptionJob, name: str, base_url: str) -> list[str]:
    job_id = transcription_job.metadata.name
    message = _succeeded_message(transcription_job)
    paragraphs = [f"Your recording “{name}” has been transcribed. {message}".rstrip()]
    if base_url:
        links = (
            f"{label}:\n{base_url}/v1/download/{job_id}?output={output}"
            for label, output in _DOWNLOADS
        )
        paragraphs.append("Download it as\n\n" + "\n\n".join(links))
    else:
        paragraphs.append("It waits for you where you sent the recording, under the number below.")
    expiry_time = transcription_job.status and transcription_job.status.expiry_time
    if expiry_time:
        paragraphs.append(f"It will be deleted on {expiry_time:%d %B %Y at %H:%M} UTC.")
    return paragraphs


def _tell_failure(transcription_job: TranscriptionJob, name: str, _: str) -> list[str]:
    status = transcription_job.status
    succeeded = status.condition(ConditionType.SUCCEEDED) if status else None
    reason = succeeded.reason if succeeded else FailureReason.INTERNAL_ERROR.value
    if transcription_job.phase is Phase.CANCELLED:
        first = f"The transcription of your recording “{name}” was cancelled."
    else:
        first = f"Your recording “{name}” could not be transcribed."
    message = _succeeded_message(transcription_job)
    cause = f"Reason: {reason}" + (f"\n{message}" if message else "")
    return [first, cause, _ADVICE.get(reason, _ASK)]


def _succeeded_message(transcription_job: TranscriptionJob) -> str:
    status = transcription_job.status
    succeeded = status.condition(ConditionType.SUCCEEDED) if status else None
    return _make_safe(succeeded.message, _LONGEST_MESSAGE) if succeeded else ""


def _make_safe(text: str, longest: int) -> str:
    """Return one line without control, direction and other invisible characters."""
    shown = "".join(each if each.isprintable() or each in _JOINERS else " " for each in text)
    one_line = " ".join(shown.split())
    return one_line if len(one_line) <= longest else f"{one_line[: longest - 1]}…"
