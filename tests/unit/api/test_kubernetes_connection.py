"""What the API server's answers mean to the rest of the api."""

import json
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from kubernetes.aio.client.exceptions import ApiException

from waas_api.errors import (
    ApiError,
    ClusterRefused,
    ClusterUnavailable,
    JobNotFound,
    NameTaken,
)
from waas_api.kubernetes.connection import translate_failure


def make_answer(status: int, reason: str = "", message: str = "", **details: object) -> Exception:
    body = {"kind": "Status", "reason": reason, "message": message, "details": details}
    return ApiException(status=status, reason=reason, body=json.dumps(body))


UNREACHED = aiohttp.ClientConnectorError(
    ConnectionKey("api", 443, False, True, None, None, None), OSError(111, "refused")
)


@dataclass(frozen=True)
class Case:
    """A failure and what it means."""

    sentence: str
    failure: Exception
    error: type[ApiError]
    may_have_happened: bool | None = None
    text: str | None = None
    is_request_invalid: bool | None = None


@pytest.mark.parametrize(
    "case",
    [
        Case("a connection never made", UNREACHED, ClusterUnavailable, may_have_happened=False),
        Case("a connection that broke", aiohttp.ServerDisconnectedError(), ClusterUnavailable,
             may_have_happened=True),
        Case("a time-out", TimeoutError(), ClusterUnavailable, may_have_happened=True),
        Case("too many requests", make_answer(429), ClusterUnavailable, may_have_happened=False),
        Case("a server error", make_answer(500), ClusterUnavailable, may_have_happened=True),
        Case("a gateway's page", ApiException(status=502, body="<html>"), ClusterUnavailable,
             may_have_happened=True),
        Case("quota's book-keeping", make_answer(409, "Conflict"), ClusterUnavailable,
             may_have_happened=False),
        Case("a name in use", make_answer(409, "AlreadyExists", '"a" already exists'), NameTaken),
        Case("a job that is not there",
             make_answer(404, "NotFound", kind="transcriptionjobs", name="a"), JobNotFound),
        Case("a namespace that is not there",
             make_answer(404, "NotFound", kind="namespaces", name="a"),
             ClusterRefused, is_request_invalid=False),
        Case("a kind that is not there", ApiException(status=404, body="404 page not found"),
             ClusterRefused, is_request_invalid=False),
        Case("a cursor that is too old", make_answer(410, "Expired", "too old"),
             ClusterRefused, is_request_invalid=True),
        Case("a rule of the CRD", make_answer(
            422, "Invalid", causes=[{"field": "spec.task", "message": "needs another model"}]),
             ClusterRefused, is_request_invalid=True,
             text="Request not accepted: spec.task: needs another model"),
        Case("a bad request without causes", make_answer(400, message="strict decoding error"),
             ClusterRefused, is_request_invalid=True,
             text="Request not accepted: strict decoding error"),
        Case("quota", make_answer(403, "Forbidden", 'tj "x" is forbidden: exceeded quota: few, '
                                  "requested: 1, used: 5, limited: 5"),
             ClusterRefused, is_request_invalid=False,
             text="Quota used up: few, requested: 1, used: 5, limited: 5. Try again later."),
        Case("a missing right, of which a client learns no details",
             make_answer(403, "Forbidden", 'User "system:serviceaccount:x:y" cannot create'),
             ClusterRefused, is_request_invalid=False,
             text="Kubernetes does not let the service do this. Tell your administrator."),
    ],
    ids=lambda case: case.sentence,
)  # fmt: skip
def test_a_failure_is_translated(case: Case) -> None:
    error = translate_failure(case.failure)

    assert type(error) is case.error
    if isinstance(error, ClusterUnavailable):
        assert error.may_have_happened is case.may_have_happened
    if isinstance(error, ClusterRefused):
        assert error.is_request_invalid is case.is_request_invalid
    if case.text is not None:
        assert str(error) == case.text
