"""How a client is told what went wrong.

Under /v2 by problem details; elsewhere by the codes and the short texts of the old service.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import FastAPI, Request, Response
from fastapi.exception_handlers import (
    http_exception_handler,
    request_validation_exception_handler,
)
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from waas_api.errors import (
    ApiError,
    AuthenticationUnavailable,
    ClusterError,
    ClusterRefused,
    CreationUnknown,
    DetectionError,
    DetectionTimedOut,
    Fault,
    Forbidden,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    JobNotDone,
    JobNotFound,
    LimitReached,
    ObjectTooLarge,
    RecordingUnreadable,
    RecordsFull,
    StorageError,
    StorageFull,
    TooManyUploads,
    TranscriptMissing,
    Unauthenticated,
    UnknownWebhook,
    UnsupportedOutput,
    UploadCutOff,
    UploadStalled,
    UploadTooLarge,
)
from waas_api.http.problems import (
    MEDIA_TYPE,
    Problem,
    find_problem,
    problem_of_status,
    unexpected_problem,
)
from waas_api.http.unserved import allowed_methods, answer_unserved
from waas_api.openai.errors import find_openai_error, openai_error_of_status

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """How one kind of error is told to the client."""

    status: int
    text: str | None = None
    """The old service's text; None for the error's own."""

    retry_after_seconds: int | None = None
    media_type: str = "text/html"
    """What the old service called its texts; a text with words of others is not to be HTML."""


_RETRY = 10
_ANSWERS: dict[type[ApiError], Answer] = {
    InvalidRequest: Answer(400),
    UnknownWebhook: Answer(405, '{"error":"Invalid webhook id"}\n', media_type="application/json"),
    RecordingUnreadable: Answer(400, media_type="text/plain"),
    UploadCutOff: Answer(400),
    UploadStalled: Answer(408),
    UploadTooLarge: Answer(413),
    TooManyUploads: Answer(503, retry_after_seconds=60),
    Unauthenticated: Answer(401),
    Forbidden: Answer(403),
    LimitReached: Answer(429),
    AuthenticationUnavailable: Answer(503, retry_after_seconds=_RETRY),
    JobNotFound: Answer(404, "No such job"),
    JobFailed: Answer(500, "Job failed"),
    JobCancelled: Answer(400, "Job canceled"),
    JobNotDone: Answer(425, "Job not done yet"),
    DetectionError: Answer(500, media_type="text/plain"),
    DetectionTimedOut: Answer(504, retry_after_seconds=_RETRY),
    UnsupportedOutput: Answer(400, "Output not supported"),
    TranscriptMissing: Answer(500),
    ObjectTooLarge: Answer(500, "The transcript is too large to be shown"),
    StorageFull: Answer(507, "The service has no room for another recording."),
    RecordsFull: Answer(507, "The service has no room for another recording."),
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


def answer_of(kind: type[ApiError]) -> Answer:
    """Return how the old service's routes tell of a kind of error."""
    return next((_ANSWERS[each] for each in kind.__mro__ if each in _ANSWERS), Answer(500))


def is_native(path: str) -> bool:
    """Tell whether errors under a path are problem details."""
    return path == "/v2" or path.startswith("/v2/")


def is_openai(path: str) -> bool:
    """Tell whether errors under a path have OpenAI's shape."""
    return f"{path}/".startswith(("/v1/audio/", "/v1/models/"))


def _retry_headers(seconds: int | None) -> dict[str, str]:
    return {} if seconds is None else {"Retry-After": str(seconds)}


def access_headers(error: ApiError) -> dict[str, str]:
    """Return the headers by which any client understands that it must log in, or wait."""
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": 'Bearer realm="waas"'}
    if isinstance(error, LimitReached):
        return _retry_headers(error.retry_after_seconds)
    return {}


def _answer_problem(problem: Problem, detail: str = "", faults: Sequence[Fault] = ()) -> Response:
    return JSONResponse(
        problem.render(detail, faults),
        problem.status,
        _retry_headers(problem.retry_after_seconds),
        media_type=MEDIA_TYPE,
    )


def _log_failure(error: ApiError, status: int) -> None:
    if isinstance(error, ClusterRefused):
        logger.error("Kubernetes refused: %s", error)
    elif status >= 500 and not isinstance(error, JobFailed | DetectionError):
        # No traceback: the libraries' own errors quote whole requests.
        logger.error("request failed: %s: %s", type(error).__name__, error)


async def answer_error(request: Request, error: Exception) -> Response:
    """Return the response that tells a client of an ApiError."""
    assert isinstance(error, ApiError)
    if is_native(request.url.path):
        problem = find_problem(error)
        _log_failure(error, problem.status)
        faults = error.faults if isinstance(error, InvalidRequest) else ()
        response = _answer_problem(problem, str(error), faults)
        response.headers.update(access_headers(error))
        return response
    if is_openai(request.url.path):
        openai_error = find_openai_error(error)
        _log_failure(error, openai_error.status)
        headers = openai_error.headers() | access_headers(error)
        return JSONResponse(openai_error.render(), openai_error.status, headers)
    answer = answer_of(type(error))
    _log_failure(error, answer.status)
    if isinstance(error, ClusterRefused):
        # The API server's words may quote the request: never let a browser read them as HTML.
        status = 400 if error.is_request_invalid else 503
        return Response(str(error), status, media_type="text/plain")
    headers = _retry_headers(answer.retry_after_seconds) | access_headers(error)
    text = str(error) if answer.text is None else answer.text
    return Response(text, answer.status, headers, media_type=answer.media_type)


async def answer_unexpected(request: Request, _: Exception) -> Response:
    """Return the response to an error that nobody foresaw; Starlette logs it."""
    if is_native(request.url.path):
        return _answer_problem(unexpected_problem())
    if is_openai(request.url.path):
        return JSONResponse(openai_error_of_status(500).render(), 500)
    return Response("Server error", 500, media_type="text/html")


async def answer_framework(request: Request, error: Exception) -> Response:
    """Return the response to a request that the framework itself turned down."""
    assert isinstance(error, HTTPException)
    if is_native(request.url.path):
        problem = problem_of_status(error.status_code)
        response = _answer_problem(problem, f"{request.method} {request.url.path} is not served.")
        response.headers.update(error.headers or {})
        if error.status_code == 405:
            response.headers["Allow"] = allowed_methods(request)
        return response
    if is_openai(request.url.path):
        openai_error = openai_error_of_status(
            error.status_code, f"{request.method} {request.url.path}"
        )
        return JSONResponse(openai_error.render(), error.status_code, error.headers)
    if error.status_code in (404, 405):
        return answer_unserved(request, error.status_code)
    return await http_exception_handler(request, error)


async def answer_invalid(request: Request, error: Exception) -> Response:
    """Return the response to parameters that do not fit."""
    assert isinstance(error, RequestValidationError)
    if is_native(request.url.path):
        faults = [Fault(str(each["loc"][-1]), each["msg"]) for each in error.errors()]
        found = "; ".join(f"{each.field}: {each.detail}" for each in faults)
        return _answer_problem(find_problem(InvalidRequest()), f"{found}.", faults)
    return await request_validation_exception_handler(request, error)


def answer_errors(app: FastAPI) -> None:
    """Make the app answer every error by this module."""
    app.add_exception_handler(ApiError, answer_error)
    app.add_exception_handler(HTTPException, answer_framework)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.add_exception_handler(Exception, answer_unexpected)
