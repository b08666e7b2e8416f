"""How a client is told what went wrong: the codes and the short texts of the old service."""

import logging
from dataclasses import dataclass

from fastapi import FastAPI, Request, Response

from waas_api.errors import (
    ApiError,
    ClusterError,
    ClusterRefused,
    CreationUnknown,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    JobNotDone,
    JobNotFound,
    ObjectTooLarge,
    StorageError,
    TooManyUploads,
    TranscriptMissing,
    UnknownWebhook,
    UnsupportedOutput,
    UploadCutOff,
    UploadStalled,
    UploadTooLarge,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """How one kind of error is told to the client."""

    status: int
    text: str | None = None
    """The old service's text; None for the error's own."""

    retry_after_seconds: int | None = None


_RETRY = 10
_ANSWERS: dict[type[ApiError], Answer] = {
    InvalidRequest: Answer(400),
    UnknownWebhook: Answer(405),
    UploadCutOff: Answer(400),
    UploadStalled: Answer(408),
    UploadTooLarge: Answer(413),
    TooManyUploads: Answer(503, retry_after_seconds=60),
    JobNotFound: Answer(404, "No such job"),
    JobFailed: Answer(500, "Job failed"),
    JobCancelled: Answer(400, "Job canceled"),
    JobNotDone: Answer(425, "Job not done yet"),
    UnsupportedOutput: Answer(400, "Output not supported"),
    TranscriptMissing: Answer(500),
    ObjectTooLarge: Answer(500, "The transcript is too large to be shown"),
    StorageError: Answer(
        503, "Object storage does not work just now. Try again in a moment.", _RETRY
    ),
    ClusterError: Answer(
        503, "Kubernetes does not answer just now. Try again in a moment.", _RETRY
    ),
    CreationUnknown: Answer(
        503,
        "Nobody could tell whether your transcription was accepted. Try again in a moment.",
        _RETRY,
    ),
}


def _find_answer(error: ApiError) -> Answer:
    return next((_ANSWERS[each] for each in type(error).__mro__ if each in _ANSWERS), Answer(500))


async def answer_error(_: Request, error: Exception) -> Response:
    """Return the response that tells a client of an ApiError."""
    assert isinstance(error, ApiError)
    if isinstance(error, ClusterRefused):
        # The API server's words may quote the request: never let a browser read them as HTML.
        status = 400 if error.is_request_invalid else 503
        logger.error("Kubernetes refused: %s", error)
        return Response(str(error), status, media_type="text/plain")
    answer = _find_answer(error)
    if answer.status >= 500 and not isinstance(error, JobFailed):
        # No traceback: the libraries' own errors quote whole requests.
        logger.error("request failed: %s: %s", type(error).__name__, error)
    headers = {}
    if answer.retry_after_seconds is not None:
        headers["Retry-After"] = str(answer.retry_after_seconds)
    if isinstance(error, UnknownWebhook):
        return Response(
            '{"error":"Invalid webhook id"}\n', 405, headers, media_type="application/json"
        )
    text = str(error) if answer.text is None else answer.text
    return Response(text, answer.status, headers, media_type="text/html")


async def answer_unexpected(_: Request, __: Exception) -> Response:
    """Return the response to an error that nobody foresaw; Starlette logs it."""
    return Response("Server error", 500, media_type="text/html")


def answer_errors(app: FastAPI) -> None:
    """Make the app answer every error by this module."""
    app.add_exception_handler(ApiError, answer_error)
    app.add_exception_handler(Exception, answer_unexpected)
