"""Turns what a server answers, and what never becomes an answer, into the client's errors."""

import json
from typing import Any

import httpx

from waas_client.errors import (
    Forbidden,
    JobNotEnded,
    JobNotFound,
    NotARecording,
    NotAWaasServer,
    Refused,
    ResultNotReady,
    ServerBusy,
    ServerFailed,
    ServerUnreachable,
    Unauthenticated,
    UnknownModel,
    UploadInterrupted,
    UploadTooLarge,
    WaasError,
)

_PROBLEM_TYPE = "application/problem+json"
_REFUSALS: dict[str, type[Refused]] = {
    "unauthenticated": Unauthenticated,
    "forbidden": Forbidden,
    "unknown-model": UnknownModel,
    "upload-too-large": UploadTooLarge,
    "not-a-recording": NotARecording,
    "job-not-found": JobNotFound,
    "job-not-ended": JobNotEnded,
    "job-not-done": ResultNotReady,
    "job-failed": ResultNotReady,
    "job-cancelled": ResultNotReady,
    "transcript-missing": ResultNotReady,
}
_BUSY = (429, 502, 503, 504)
_UNAUTHENTICATED = 401
_TOO_LARGE = 413


def address_of(url: httpx.URL) -> str:
    """Return a server's address as people may see it: without a password."""
    return str(url.copy_with(username=None, password=None, query=None)).rstrip("/")


def check_answer(response: httpx.Response) -> None:
    """Raise the error that an answer stands for, if it does."""
    if response.is_success:
        return
    problem = _read_problem(response)
    detail = str(problem.get("detail") or problem.get("title") or "")
    name = str(problem.get("type", "")).rpartition(":")[2]
    status = response.status_code
    server = address_of(response.request.url.copy_with(path="/"))
    if status in _BUSY:
        raise ServerBusy(
            detail or f"{server} is busy or does not work just now ({status}). Try again later.",
            problem=name,
            retry_after_seconds=_retry_after(response),
        )
    if response.is_server_error:
        raise ServerFailed(detail or f"{server} failed with status {status}.")
    if status == _TOO_LARGE:
        # A proxy before the server may say so, too, and in its own words.
        raise UploadTooLarge(
            detail or f"The recording is larger than {server} accepts.", status=status, problem=name
        )
    if status == _UNAUTHENTICATED and not {"authorization", "x-api-key"} & set(
        response.request.headers
    ):
        raise Unauthenticated(
            f"{server} lets nobody in without a key. Put yours into WAAS_API_KEY, and name the "
            "server by --server or WAAS_SERVER: it is sent to no other. (In Python: "
            "Client(server, api_key=…).)",
            status=status,
            problem=name,
        )
    if not problem:
        raise NotAWaasServer(
            f"What answers at {server} is not a server of this service, or an older one "
            f"(it answered {status})."
        )
    raise _REFUSALS.get(name, Refused)(detail, status=status, problem=name)


def _read_problem(response: httpx.Response) -> dict[str, Any]:
    if response.headers.get("content-type", "").partition(";")[0].strip() != _PROBLEM_TYPE:
        return {}
    try:
        problem = json.loads(response.content)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("retry-after", "")
    return float(text) if text.isdecimal() else None


def translate_failure(error: httpx.HTTPError, server: str, *, is_upload: bool) -> WaasError:
    """Return our error for the library's."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return ServerUnreachable(f"Nobody answers at {server}: {_explain(error)}.")
    if is_upload:
        return UploadInterrupted(
            f"{server} went away during the upload ({_explain(error)}). Nothing was transcribed; "
            "send the recording again."
        )
    if isinstance(error, httpx.TimeoutException):
        return ServerUnreachable(f"{server} does not answer in time.")
    return ServerUnreachable(f"The connection to {server} broke: {_explain(error)}.")


def _explain(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "it took too long"
    return str(error).rstrip(".") or type(error).__name__
