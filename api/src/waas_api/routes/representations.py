"""Answers with a representation as its request's conditions and range ask for it (RFC 9110)."""

from collections.abc import AsyncIterator, Callable, Mapping

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from waas_api.errors import PreconditionFailed
from waas_api.http.conditions import (
    ByteRange,
    Unsatisfiable,
    matches_strongly,
    matches_weakly,
    parse_range,
)

_CACHE_CONTROL = "private, no-cache"  # to be kept, and asked about each time


def answer_content(
    request: Request, content: bytes, *, etag: str, media_type: str, headers: Mapping[str, str]
) -> Response:
    """Return bytes that are in memory."""

    def respond(part: ByteRange, status: int, told: Mapping[str, str]) -> Response:
        piece = content[part.first : part.first + part.length]
        return Response(piece, status, told, media_type=media_type)

    return _answer(request, len(content), etag, headers, respond)


def answer_stream(
    request: Request,
    size: int,
    read: Callable[[int, int], AsyncIterator[bytes]],
    *,
    etag: str,
    media_type: str,
    headers: Mapping[str, str],
) -> Response:
    """Return bytes that are read as the client takes them; `read` has first and length."""

    def respond(part: ByteRange, status: int, told: Mapping[str, str]) -> Response:
        length = {"Content-Length": str(part.length)}
        if request.method == "HEAD":
            return Response(None, status, {**told, **length}, media_type=media_type)
        pieces = read(part.first, part.length)
        return StreamingResponse(pieces, status, {**told, **length}, media_type=media_type)

    return _answer(request, size, etag, headers, respond)


def _answer(
    request: Request,
    size: int,
    etag: str,
    headers: Mapping[str, str],
    respond: Callable[[ByteRange, int, Mapping[str, str]], Response],
) -> Response:
    asked = request.headers
    told = {
        "ETag": f'"{etag}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": _CACHE_CONTROL,
        "X-Content-Type-Options": "nosniff",
        **headers,
    }
    if "if-match" in asked and not matches_strongly(asked["if-match"], etag):
        raise PreconditionFailed("This is another version than the one that If-Match names.")
    if "if-none-match" in asked and matches_weakly(asked["if-none-match"], etag):
        return Response(None, 304, told)
    header = asked.get("range") if request.method == "GET" else None
    if "if-range" in asked and not matches_strongly(asked["if-range"], etag):
        header = None
    try:
        part = parse_range(header, size)
    except Unsatisfiable:
        return Response(None, 416, {**told, "Content-Range": f"bytes */{size}"})
    if part is None:
        return respond(ByteRange(0, size), 200, told)
    return respond(part, 206, {**told, "Content-Range": part.content_range(size)})
