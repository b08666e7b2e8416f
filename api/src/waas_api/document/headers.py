"""The headers that routes take and send."""

from collections.abc import Mapping
from typing import Any

Headers = dict[str, dict[str, Any]]
Parameter = dict[str, Any]


def _sent(description: str, example: object, **schema: object) -> dict[str, Any]:
    return {
        "description": description,
        "schema": {"type": "string"} | schema,
        "example": example,
    }


def _taken(
    name: str, description: str, example: object, *, required: bool = False, **schema: object
) -> Parameter:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string"} | schema,
        "example": example,
    }


_BYTES: Mapping[str, object] = {"type": "integer", "minimum": 0}

LOCATION_OF_JOB: Headers = {"Location": _sent("The job's path.", "/v2/jobs/83085672-3a9e")}
RETRY_AFTER: Headers = {
    "Retry-After": _sent("Seconds until it is worth another try.", 10, type="integer", minimum=0)
}
WWW_AUTHENTICATE: Headers = {"WWW-Authenticate": _sent("How to log in.", 'Bearer realm="waas"')}
ALLOW: Headers = {"Allow": _sent("The methods that the path has.", "GET, HEAD, OPTIONS")}
JOB_ID: Headers = {"X-Waas-Job": _sent("The id of the job that did it.", "83085672-3a9e")}
ETAG: Headers = {"ETag": _sent("Names this state of it, strongly.", '"0-5f1d7a84db00d2fc"')}
REVISION: Headers = {
    "Waas-Revision": _sent("The number of the edit; 0 for the original.", 0, **_BYTES)
}
DISPOSITION: Headers = {
    "Content-Disposition": _sent(
        "The name to save it by (RFC 6266).",
        "attachment; filename=\"Blabaer.srt\"; filename*=UTF-8''Bl%C3%A5b%C3%A6r.srt",
    )
}
SET_COOKIE: Headers = {
    "Set-Cookie": _sent(
        "What the browser keeps, out of reach of scripts.", "waas-login=…; HttpOnly"
    )
}
RANGED: Headers = ETAG | {
    "Accept-Ranges": _sent("One range may be asked for.", "bytes"),
    "Cache-Control": _sent("May be kept, and is to be asked about.", "private, no-cache"),
}
CONTENT_RANGE: Headers = {"Content-Range": _sent("Which bytes of how many.", "bytes 0-99/1234")}

TUS_RESUMABLE: Headers = {"Tus-Resumable": _sent("The protocol's version.", "1.0.0")}
UPLOAD_OFFSET: Headers = {"Upload-Offset": _sent("Bytes that have arrived.", 5_242_880, **_BYTES)}
UPLOAD_LENGTH: Headers = {"Upload-Length": _sent("Bytes of the whole.", 10_485_760, **_BYTES)}
UPLOAD_EXPIRES: Headers = {
    "Upload-Expires": _sent("Until when it waits.", "Mon, 23 Nov 2026 18:00:00 GMT")
}
LOCATION_OF_UPLOAD: Headers = {"Location": _sent("The upload's path.", "/v2/uploads/83085672-3a9e")}
TUS_ABILITIES: Headers = {
    "Tus-Version": _sent("The versions that are spoken.", "1.0.0"),
    "Tus-Extension": _sent("Parts of it.", "creation,creation-with-upload,termination,expiration"),
    "Tus-Max-Size": _sent("Bytes of the longest upload.", 17_179_869_184, **_BYTES),
}

TAKES_KEY = _taken(
    "Idempotency-Key",
    "Makes the request safe to repeat: there will be one job, whatever happens to the answer.",
    '"interview-of-monday"',
    pattern=r"^[!-~]([ -~]{0,253}[!-~])?$",
)
TAKES_EXPECT = _taken(
    "Expect", "A repeat is answered before the recording is sent again.", "100-continue"
)
TAKES_IF_MATCH = _taken("If-Match", "The ETag that it has to have.", '"0-5f1d7a84db00d2fc"')
TAKES_IF_NONE_MATCH = _taken(
    "If-None-Match", "The ETag of what is there already.", '"0-5f1d7a84db00d2fc"'
)
TAKES_IF_RANGE = _taken("If-Range", "The ETag for which the range counts.", '"0-5f1d7a84db00d2fc"')
TAKES_RANGE = _taken(
    "Range", "The bytes that are wanted, one range.", "bytes=1048576-", format="byte-range"
)
TAKES_CONDITIONS = (TAKES_IF_MATCH, TAKES_IF_NONE_MATCH, TAKES_IF_RANGE, TAKES_RANGE)
TAKES_TUS_RESUMABLE = _taken(
    "Tus-Resumable", "The protocol's version.", "1.0.0", required=True, enum=["1.0.0"]
)
TAKES_UPLOAD_LENGTH = _taken(
    "Upload-Length",
    "Bytes of the recording.",
    10_485_760,
    required=True,
    type="integer",
    minimum=1,
    maximum=17_179_869_184,
)
TAKES_UPLOAD_METADATA = _taken(
    "Upload-Metadata",
    "What is asked for: short names, each with its value in Base64, and commas between them.",
    "filename aW50ZXJ2aWV3LmZsYWM=,language bm8=",
)
TAKES_UPLOAD_OFFSET = _taken(
    "Upload-Offset", "Where the piece begins.", 0, required=True, type="integer", minimum=0
)
TAKES_METHOD = _taken(
    "X-HTTP-Method-Override",
    "What is meant, by a client that can send POST alone.",
    "PATCH",
    required=True,
    enum=["PATCH", "DELETE", "HEAD"],
)
