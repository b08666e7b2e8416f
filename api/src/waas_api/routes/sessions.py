"""/v2/session: the login that a browser keeps for the web page, and the tenants that it reaches."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from waas_api.access.callers import Permission
from waas_api.access.login_cookie import (
    build_login_cookie,
    build_logout_cookies,
    has_login_cookie,
    login_to_keep,
    with_cookie_login,
)
from waas_api.dependencies import CallersDesk, Desk
from waas_api.document.bodies import answered, nothing
from waas_api.document.errors import problems
from waas_api.document.examples import NAMESPACES, SESSION
from waas_api.document.headers import SET_COOKIE
from waas_api.errors import Forbidden, InvalidRequest, Unauthenticated
from waas_contract.wire import WireModel

router = APIRouter(tags=["sessions"])

_PATH = "/v2/session"


class SessionView(WireModel):
    """Who the caller is."""

    owner: str | None
    """None where nobody logs in."""

    namespace: str
    permissions: tuple[Permission, ...]
    is_kept: bool
    """Whether a cookie logs the caller in, which DELETE ends."""


@router.head(_PATH, include_in_schema=False)
@router.get(_PATH, operation_id="getSession", responses=answered(SESSION))
async def show_session(request: Request, desk: CallersDesk) -> SessionView:
    """Tell who the caller is and what they may do."""
    return _show(desk, is_kept=has_login_cookie(request.headers))


@router.post(
    _PATH,
    operation_id="createSession",
    responses=answered(SESSION, headers=SET_COOKIE) | problems(InvalidRequest),
)
async def log_in(
    request: Request,
    response: Response,
    desk: CallersDesk,
    remember: Annotated[
        bool, Query(description="Whether the browser keeps it for 30 days, even when it is closed.")
    ] = False,
) -> SessionView:
    """Keep the login of this request, in the tenant that it names, out of every script's reach."""
    login = login_to_keep(with_cookie_login(request.method, request.headers))
    if login is None:
        raise InvalidRequest("Send what you log in with as Authorization: Bearer, or as X-API-Key.")
    cookie = build_login_cookie(login, request.headers, remember=remember)
    response.headers["Set-Cookie"] = cookie
    response.headers["Cache-Control"] = "no-store"
    return _show(desk, is_kept=True)


@router.delete(
    _PATH,
    status_code=204,
    operation_id="deleteSession",
    responses=nothing(204, "The browser forgets it.", SET_COOKIE),
)
async def log_out(response: Response, desk: CallersDesk) -> None:  # noqa: ARG001 # asks for a login
    """End the login that the browser keeps."""
    for cookie in build_logout_cookies():
        response.headers.append("Set-Cookie", cookie)


class NamespaceList(WireModel):
    """Tenants."""

    namespaces: tuple[str, ...]


@router.head("/v2/namespaces", include_in_schema=False)
@router.get("/v2/namespaces", operation_id="listNamespaces", responses=answered(NAMESPACES))
async def list_namespaces(request: Request, desk: CallersDesk) -> NamespaceList:
    """List the tenants that the caller's login reaches, by `X-Waas-Namespace`."""
    headers = with_cookie_login(request.method, request.headers)
    served = desk.settings.served_namespaces(desk.settings.namespace)
    reached = await asyncio.gather(*(_reaches(desk, headers, each) for each in served))
    return NamespaceList(
        namespaces=tuple(
            name for name, is_reached in zip(served, reached, strict=True) if is_reached
        )
    )


async def _reaches(desk: Desk, headers: Mapping[str, str], namespace: str) -> bool:
    if namespace == desk.caller.namespace:
        return True
    asked = {**headers, "x-waas-namespace": namespace}
    try:
        found = await desk.services.authenticator.authenticate(asked)
    except (Forbidden, Unauthenticated):
        return False
    return found.namespace == namespace


def _show(desk: CallersDesk, *, is_kept: bool) -> SessionView:
    caller = desk.caller
    permissions = tuple(each for each in Permission if each in caller.permissions)
    return SessionView(
        owner=caller.owner, namespace=caller.namespace, permissions=permissions, is_kept=is_kept
    )
