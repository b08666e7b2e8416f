"""Of which trace a request is, so that the job that it makes is a part of the same.

Without a collector it is what the client says of itself; with one, the span of the request.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from waas_contract.names import TRACEPARENT_ANNOTATION
from waas_contract.trace_context import read_traceparent

SpanOfRequest = Callable[[Scope, str | None], AbstractContextManager[str]]
"""Opens a span below the client's, if there is one, and gives its traceparent."""

_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def trace_annotations() -> dict[str, str]:
    """Return the annotation of what this request makes; none where it is of no trace."""
    traceparent = _current.get()
    return {TRACEPARENT_ANNOTATION: traceparent} if traceparent else {}


class TraceContext:
    """ASGI middleware that knows the trace of each request."""

    def __init__(self, app: ASGIApp, span_of_request: SpanOfRequest | None) -> None:
        """Take what opens spans; None where there is no collector."""
        self._app = app
        self._span_of_request = span_of_request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request within its trace."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = read_traceparent(Headers(scope=scope).get("traceparent"))
        if self._span_of_request is None:
            _current.set(told)
            await self._app(scope, receive, send)
            return
        with self._span_of_request(scope, told) as traceparent:
            _current.set(traceparent)
            await self._app(scope, receive, send)
