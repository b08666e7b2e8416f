"""What is told of an error under /v2: problem details (RFC 9457), the same shape for all."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from waas_api.errors import (
    ApiError,
    AudioMissing,
    AuthenticationUnavailable,
    ClusterError,
    ClusterRefused,
    CreationUnknown,
    EnglishOnly,
    Fault,
    Forbidden,
    FormSent,
    IdempotencyKeyReused,
    InvalidCursor,
    InvalidLink,
    InvalidRequest,
    JobCancelled,
    JobEnded,
    JobFailed,
    JobNotDone,
    JobNotEnded,
    JobNotFound,
    LimitReached,
    LinksOff,
    NoRecording,
    NotAcceptable,
    NotARecording,
    ObjectTooLarge,
    PreconditionFailed,
    PreconditionMissing,
    PreviewMissing,
    ProtocolMismatch,
    RecordsFull,
    SourceForbidden,
    SourceNotAudio,
    SourceTooLarge,
    SourceUnreachable,
    StorageError,
    StorageFull,
    TooManyStreams,
    TooManyUploads,
    TranscriptMissing,
    Unauthenticated,
    UnknownLanguage,
    UnknownModel,
    UnknownTask,
    UnsupportedOutput,
    UnsupportedPiece,
    UploadComplete,
    UploadCutOff,
    UploadExpired,
    UploadLocked,
    UploadNotFound,
    UploadStalled,
    UploadTooLarge,
    WrongOffset,
)

MEDIA_TYPE = "application/problem+json"
_TYPE_PREFIX = "tag:waas.dev,2026:"
_RETRY_SECONDS = 10


@dataclass(frozen=True)
class Problem:
    """One kind of error as a client learns of it."""

    status: int
    name: str
    """What programs know it by, the end of its `type`; never changes."""

    title: str
    detail: str | None = None
    """A sentence that says what to do; None for the error's own."""

    retry_after_seconds: int | None = None

    def render(self, detail: str, faults: Sequence[Fault] = ()) -> dict[str, object]:
        """Return the JSON object; `errors` names the fields, where it is about fields."""
        errors = [{"field": each.field, "detail": each.detail} for each in faults]
        return {
            "type": f"{_TYPE_PREFIX}{self.name}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail or detail,
        } | ({"errors": errors} if errors else {})


_AGAIN = "Try again in a moment."
_NO_ROOM = Problem(
    507, "storage-full", "The disk of the service is full",
    "There is no room for this recording. Delete jobs that nobody needs any more, or tell your "
    "administrator.",
)  # fmt: skip
_PROBLEMS: dict[type[ApiError], Problem] = {
    InvalidRequest: Problem(400, "invalid-request", "Request not acceptable"),
    InvalidCursor: Problem(400, "invalid-cursor", "No page begins there"),
    UnknownModel: Problem(
        400, "unknown-model", "Model not available",
        "This service has no such model. GET /v2/models lists those that it has.",
    ),
    UnknownLanguage: Problem(
        400, "unknown-language", "Language not supported",
        "Give a language by its English name or its code, for example norwegian or no.",
    ),
    UnknownTask: Problem(
        400, "unknown-task", "Task not supported", "The task is transcribe, translate or detect."
    ),
    EnglishOnly: Problem(400, "english-only-model", "The model knows English alone"),
    NoRecording: Problem(
        400, "no-recording", "No recording", "Send the recording as the request's body."
    ),
    FormSent: Problem(
        415, "form-sent", "A form is not a recording",
        "Send the recording itself as the body with a Content-Type of its own, or as the part "
        "'file' of multipart/form-data.",
    ),
    NotARecording: Problem(415, "not-a-recording", "That is no recording"),
    IdempotencyKeyReused: Problem(
        422, "idempotency-key-reused", "The key stands for another request",
        "This Idempotency-Key was sent before with another request. Send a new key with it.",
    ),
    SourceForbidden: Problem(403, "source-forbidden", "The service may not read that source"),
    SourceUnreachable: Problem(422, "source-unreachable", "The source cannot be read"),
    SourceTooLarge: Problem(413, "source-too-large", "The source is too large"),
    SourceNotAudio: Problem(415, "source-not-audio", "The source is no recording"),
    UploadNotFound: Problem(404, "upload-not-found", "No such upload"),
    UploadExpired: Problem(410, "upload-expired", "The upload came too late"),
    UploadLocked: Problem(423, "upload-locked", "The upload is under way", retry_after_seconds=1),
    UploadComplete: Problem(409, "upload-complete", "The upload is a job by now"),
    WrongOffset: Problem(409, "wrong-offset", "The upload goes on elsewhere"),
    UnsupportedPiece: Problem(415, "unsupported-piece", "That is no piece of an upload"),
    ProtocolMismatch: Problem(412, "protocol-mismatch", "Another version of tus"),
    UploadCutOff: Problem(400, "upload-cut-off", "Upload cut off"),
    UploadStalled: Problem(408, "upload-stalled", "Upload stalled"),
    UploadTooLarge: Problem(413, "upload-too-large", "Upload too large"),
    TooManyUploads: Problem(
        503, "too-many-uploads", "Too many uploads at once", retry_after_seconds=60
    ),
    Unauthenticated: Problem(401, "unauthenticated", "Who are you?"),
    Forbidden: Problem(403, "forbidden", "Not allowed"),
    InvalidLink: Problem(403, "invalid-link", "The link does not work"),
    LinksOff: Problem(403, "links-off", "This service makes no links"),
    # Its Retry-After is the error's own.
    LimitReached: Problem(429, "limit-reached", "A limit is reached"),
    AuthenticationUnavailable: Problem(
        503, "authentication-unavailable", "Logins cannot be checked just now", _AGAIN,
        _RETRY_SECONDS,
    ),
    JobNotFound: Problem(404, "job-not-found", "No such job", "There is no job of that id."),
    JobNotEnded: Problem(409, "job-not-ended", "The job has not ended"),
    JobEnded: Problem(409, "job-ended", "The job has ended"),
    AudioMissing: Problem(410, "audio-missing", "The recording is gone"),
    PreviewMissing: Problem(404, "preview-missing", "There is no preview"),
    PreconditionFailed: Problem(412, "precondition-failed", "It was changed meanwhile"),
    PreconditionMissing: Problem(428, "precondition-required", "Say what you have seen"),
    NotAcceptable: Problem(406, "not-acceptable", "None of these media types is there"),
    TooManyStreams: Problem(
        503, "too-many-streams", "Too many clients listen", retry_after_seconds=_RETRY_SECONDS
    ),
    JobFailed: Problem(
        409, "job-failed", "The job failed",
        "The job ended without a transcript; its reason and message say why.",
    ),
    JobCancelled: Problem(
        409, "job-cancelled", "The job was cancelled",
        "Somebody cancelled the job before it had a transcript.",
    ),
    JobNotDone: Problem(
        409, "job-not-done", "The job is not done yet",
        "The transcript comes when the job's phase is Succeeded.",
        retry_after_seconds=_RETRY_SECONDS,
    ),
    UnsupportedOutput: Problem(404, "unsupported-format", "Nobody renders that format"),
    TranscriptMissing: Problem(
        410, "transcript-missing", "The transcript is gone",
    ),
    ObjectTooLarge: Problem(
        500, "transcript-too-large", "The transcript is too large to be shown",
        "The transcript is larger than this service is willing to hold in memory.",
    ),
    StorageFull: _NO_ROOM,
    RecordsFull: _NO_ROOM,
    StorageError: Problem(
        503, "storage-unavailable", "Object storage does not work just now", _AGAIN,
        _RETRY_SECONDS,
    ),
    ClusterError: Problem(
        503, "records-unavailable", "The service's records cannot be reached just now", _AGAIN,
        _RETRY_SECONDS,
    ),
    CreationUnknown: Problem(
        503, "creation-unknown", "Nobody could tell whether the job was made",
        "The job may have been made or not: list the jobs before you send the recording again.",
        _RETRY_SECONDS,
    ),
}  # fmt: skip
_UNEXPECTED = Problem(
    500, "internal-error", "An error of the service's own",
    "The service made a mistake. Its log says more; tell your administrator.",
)  # fmt: skip


def find_problem(error: ApiError) -> Problem:
    """Return how an error is told."""
    if isinstance(error, ClusterRefused):
        if error.is_request_invalid:
            return _PROBLEMS[InvalidRequest]
        return Problem(503, "not-allowed", "The service is not allowed to do this", str(error))
    return problem_of(type(error))


def problem_of(kind: type[ApiError]) -> Problem:
    """Return how a kind of error is told."""
    return next((_PROBLEMS[each] for each in kind.__mro__ if each in _PROBLEMS), _UNEXPECTED)


def unexpected_problem() -> Problem:
    """Return how an error that nobody foresaw is told."""
    return _UNEXPECTED


def problem_of_status(status: int) -> Problem:
    """Return the problem that an HTTP status alone stands for, such as an unknown path."""
    phrase = HTTPStatus(status).phrase
    return Problem(status, phrase.lower().replace(" ", "-"), phrase)
