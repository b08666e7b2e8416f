"""What is answered where nothing is served: an unknown path, or a method that a path has not."""

from http import HTTPStatus

from fastapi import Request, Response
from starlette.routing import Match

_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_ADVICE = {
    HTTPStatus.NOT_FOUND: "Nothing is served under this path. Look at its spelling.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This path is served by other methods: see the header Allow.",
}


def allowed_methods(request: Request) -> str:
    """Return the methods of a request's path, as the header Allow has them."""
    # A route knows only its own methods, and a path may have several.
    routes = request.app.routes
    return ", ".join(
        method
        for method in _METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes
        )
    )


def answer_unserved(request: Request, status_code: int) -> Response:
    """Return the page of a 404 or a 405."""
    status = HTTPStatus(status_code)
    page = (
        "<!doctype html>\n<html lang=en>\n"
        f"<title>{status.value} {status.phrase}</title>\n<h1>{status.phrase}</h1>\n"
        f"<p>{_ADVICE[status]}</p>\n"
    )
    is_known = status is HTTPStatus.METHOD_NOT_ALLOWED
    headers = {"Allow": allowed_methods(request)} if is_known else {}
    return Response(page, status, headers, media_type="text/html")
