"""The resumable upload protocol tus 1.0 by its headers: https://tus.io/protocols/resumable-upload."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime

from waas_api.errors import Fault, InvalidRequest, ProtocolMismatch, UploadTooLarge

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,expiration"
PIECE_TYPE = "application/offset+octet-stream"

_TOLD_TWICE = ("filetype", "type", "name")
"""What usual clients send beside the file's name; the recording itself tells more."""


def check_version(headers: Mapping[str, str]) -> None:
    """Raise ProtocolMismatch unless a request is of the protocol's one version."""
    if headers.get("tus-resumable") != VERSION:
        raise ProtocolMismatch(f"Send the header Tus-Resumable: {VERSION}.")


def parse_length(headers: Mapping[str, str], *, largest_bytes: int) -> int:
    """Return the length of the whole upload."""
    length = _parse_number(headers, "Upload-Length")
    if not length:
        raise InvalidRequest(
            "The upload is empty.", faults=[Fault("Upload-Length", "the bytes of the recording")]
        )
    if length > largest_bytes:
        raise UploadTooLarge(f"Upload too large: at most {largest_bytes} bytes are accepted.")
    return length


def parse_offset(headers: Mapping[str, str]) -> int:
    """Return where a piece begins."""
    return _parse_number(headers, "Upload-Offset")


def _parse_number(headers: Mapping[str, str], name: str) -> int:
    text = headers.get(name.lower(), "")
    if not (text.isascii() and text.isdecimal()):
        detail = "a number of bytes; a length that is told later is not supported"
        raise InvalidRequest(f"{name} is {detail}.", faults=[Fault(name, detail)])
    return int(text)


def parse_metadata(header: str) -> list[tuple[str, str]]:
    """Return what is said of the recording, by the short names of a request."""
    pairs = []
    for entry in filter(None, map(str.strip, header.split(","))):
        name, _, encoded = entry.partition(" ")
        try:
            value = base64.b64decode(encoded.strip(), validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise InvalidRequest(
                "Upload-Metadata does not fit.", faults=[Fault(name, "UTF-8 in Base64")]
            ) from error
        if name not in _TOLD_TWICE:
            pairs.append(("file_name" if name == "filename" else name, value))
    return pairs


def expiry_header(time: datetime) -> dict[str, str]:
    """Return the header that says how long an upload waits for its rest."""
    return {"Upload-Expires": format_datetime(time, usegmt=True)}
