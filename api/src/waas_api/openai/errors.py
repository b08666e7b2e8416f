"""What is told of an error below /v1/audio and /v1/models: OpenAI's shape.

Its clients choose their exception by the status, retry by it too, and show the message.
"""

from dataclasses import dataclass, replace
from http import HTTPStatus

from waas_api.errors import (
    ApiError,
    AuthenticationUnavailable,
    BadRecording,
    ClientLeft,
    ClusterError,
    ClusterRefused,
    EnglishOnly,
    Forbidden,
    InvalidField,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    JobNotFound,
    LimitReached,
    MalformedForm,
    NoRecording,
    NotAForm,
    RecordingUnreadable,
    StorageError,
    StorageFull,
    TooManyUploads,
    TranscriptMissing,
    Unauthenticated,
    UnknownLanguage,
    UnknownModel,
    UploadCutOff,
    UploadStalled,
    UploadTooLarge,
    WaitIsOver,
)

_INVALID = "invalid_request_error"
_SERVER = "server_error"
_RETRY_SECONDS = 10
_AGAIN = "Try again in a moment."


@dataclass(frozen=True)
class OpenAIError:
    """One kind of error as a client of OpenAI's learns of it."""

    status: int
    type: str
    code: str | None = None
    param: str | None = None
    message: str = ""
    """A sentence for the client; empty for the error's own."""

    retry_after_seconds: int | None = None
    is_final: bool = False
    """Whether OpenAI's client is told not to try again, which it would do by the status."""

    job_url: str | None = None

    def render(self) -> dict[str, object]:
        """Return the JSON object."""
        error: dict[str, object] = {
            "message": self.message,
            "type": self.type,
            "param": self.param,
            "code": self.code,
        }
        if self.job_url is not None:
            error["job"] = self.job_url
        return {"error": error}

    def headers(self) -> dict[str, str]:
        """Return the headers that go with it."""
        headers: dict[str, str] = {}
        if self.retry_after_seconds is not None:
            headers["Retry-After"] = str(self.retry_after_seconds)
        if self.is_final:
            headers["x-should-retry"] = "false"
        if self.job_url is not None:
            headers["Location"] = self.job_url
        return headers


_ERRORS: dict[type[ApiError], OpenAIError] = {
    InvalidRequest: OpenAIError(400, _INVALID),
    NotAForm: OpenAIError(415, _INVALID, "unsupported_content_type"),
    MalformedForm: OpenAIError(400, _INVALID, "malformed_form"),
    NoRecording: OpenAIError(400, _INVALID, "missing_required_parameter", "file"),
    UnknownModel: OpenAIError(404, _INVALID, "model_not_found", "model"),
    UnknownLanguage: OpenAIError(400, _INVALID, "unsupported_language", "language"),
    EnglishOnly: OpenAIError(400, _INVALID, "unsupported_value", "model"),
    RecordingUnreadable: OpenAIError(400, _INVALID, "unsupported_audio", "file"),
    BadRecording: OpenAIError(400, _INVALID, "unsupported_audio", "file"),
    UploadCutOff: OpenAIError(400, _INVALID, "upload_cut_off", "file"),
    UploadStalled: OpenAIError(408, _INVALID, "upload_stalled", "file"),
    UploadTooLarge: OpenAIError(413, _INVALID, "file_too_large", "file"),
    LimitReached: OpenAIError(429, "rate_limit_error", "rate_limit_exceeded"),
    TooManyUploads: OpenAIError(503, _SERVER, "too_many_uploads", retry_after_seconds=60),
    Unauthenticated: OpenAIError(401, _INVALID, "invalid_api_key"),
    Forbidden: OpenAIError(403, _INVALID, "insufficient_permissions"),
    AuthenticationUnavailable: OpenAIError(
        503, _SERVER, "authentication_unavailable", None,
        f"Logins cannot be checked just now. {_AGAIN}", _RETRY_SECONDS,
    ),
    ClientLeft: OpenAIError(499, _INVALID, "client_left"),
    JobNotFound: OpenAIError(
        404, _INVALID, "job_not_found", None,
        "Somebody deleted the transcription while you waited for it.",
    ),
    JobCancelled: OpenAIError(409, _INVALID, "job_cancelled", is_final=True),
    # The job has had its own attempts.
    JobFailed: OpenAIError(500, _SERVER, "job_failed", is_final=True),
    WaitIsOver: OpenAIError(504, _SERVER, "transcription_in_progress"),
    TranscriptMissing: OpenAIError(500, _SERVER, "transcript_missing"),
    StorageFull: OpenAIError(
        507, _SERVER, "storage_full", None, "The service has no room for another recording.",
        is_final=True,
    ),
    StorageError: OpenAIError(
        503, _SERVER, "storage_unavailable", None,
        f"Object storage does not work just now. {_AGAIN}", _RETRY_SECONDS,
    ),
    ClusterError: OpenAIError(
        503, _SERVER, "records_unavailable", None,
        f"The service's records cannot be reached just now. {_AGAIN}", _RETRY_SECONDS,
    ),
}  # fmt: skip

_UNEXPECTED = OpenAIError(
    500, _SERVER, "internal_error", None,
    "The service made a mistake. Its log says more; tell your administrator.",
)  # fmt: skip


def find_openai_error(error: ApiError) -> OpenAIError:
    """Return how an error is told."""
    if isinstance(error, ClusterRefused):
        if error.is_request_invalid:
            return openai_error_of(InvalidRequest, str(error))
        return OpenAIError(503, _SERVER, "not_allowed", None, str(error), is_final=True)
    told = openai_error_of(type(error), str(error))
    if isinstance(error, InvalidField):
        return replace(told, param=error.field, code=error.code)
    if isinstance(error, WaitIsOver):
        return replace(told, job_url=f"/v2/jobs/{error.job_name}")
    return told


def openai_error_of(kind: type[ApiError], message: str) -> OpenAIError:
    """Return how a kind of error is told, by its own sentence where it has one."""
    found = next((_ERRORS[each] for each in kind.__mro__ if each in _ERRORS), _UNEXPECTED)
    return replace(found, message=found.message or message)


def openai_error_of_status(status: int, request: str = "") -> OpenAIError:
    """Return the error that an HTTP status alone stands for, such as an unknown path."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _UNEXPECTED
    if status == HTTPStatus.NOT_FOUND:
        return OpenAIError(404, _INVALID, "unknown_url", None, f"Unknown request URL: {request}.")
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return OpenAIError(405, _INVALID, "method_not_supported", None, f"Not allowed: {request}.")
    phrase = HTTPStatus(status).phrase
    return OpenAIError(status, _INVALID, phrase.lower().replace(" ", "_"), None, f"{phrase}.")
