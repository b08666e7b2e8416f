"""GET / and GET /web/…: the web page, which is everybody's to read and shows nothing of anybody's.

What it may do in a browser is told here: it loads nothing but its own files, asks nobody but this
service, and no text becomes a script of it.
"""

from fastapi import APIRouter, Request, Response

from waas_api.dependencies import WiredServices
from waas_api.http.conditions import matches_weakly
from waas_api.http.page_files import PREFIX, PageFile

router = APIRouter(include_in_schema=False)

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    # Recordings of one's own that are opened and never sent.
    "media-src 'self' blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    # No text can be made into markup or script, whatever a mistake does with it.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
)
_PROTECTION = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_ASK_EACH_TIME = "no-cache"
_FOR_EVER = "public, max-age=31536000, immutable"
_NOT_FOUND = 404
_NOT_MODIFIED = 304


@router.api_route("/", methods=["GET", "HEAD"])
async def show_page(request: Request, services: WiredServices) -> Response:
    """Return the page."""
    return _answer(request, services.page_files.page, _ASK_EACH_TIME)


@router.api_route(PREFIX + "{version}/{path:path}", methods=["GET", "HEAD"])
async def send_page_file(
    version: str, path: str, request: Request, services: WiredServices
) -> Response:
    """Return one of the page's files; under another version's address, as it is now."""
    found = services.page_files.others.get(path)
    if found is None:
        return Response(None, _NOT_FOUND, _PROTECTION)
    is_current = version == services.page_files.version
    return _answer(request, found, _FOR_EVER if is_current else _ASK_EACH_TIME)


def _answer(request: Request, file: PageFile, cache_control: str) -> Response:
    packs = "gzip" in request.headers.get("accept-encoding", "")
    etag = f"{file.etag}-gzip" if packs else file.etag
    headers = {
        **_PROTECTION,
        "Cache-Control": cache_control,
        "ETag": f'"{etag}"',
        "Vary": "Accept-Encoding",
    }
    if matches_weakly(request.headers.get("if-none-match", ""), etag):
        return Response(None, _NOT_MODIFIED, headers)
    if packs:
        headers["Content-Encoding"] = "gzip"
    return Response(file.packed if packs else file.content, 200, headers, file.media_type)
