"""Fetches official releases and checks them against their published SHA-256."""

from __future__ import annotations

import hashlib
import http.client
import io
import tarfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from urllib.parse import urlsplit

from cluster.binaries.pins import Release
from cluster.errors import BinaryUnavailable

Fetch = Callable[[str], bytes]

_PROBE_SECONDS = 3.0
_STALL_SECONDS = 30.0
_PAUSES_SECONDS = (1.0, 5.0)

_answers_of_hosts: dict[str, bool] = {}


def reaches(address: str) -> bool:
    """Asks the address's host once, for at most three seconds, and remembers its answer."""
    host = urlsplit(address).netloc
    if host not in _answers_of_hosts:
        _answers_of_hosts[host] = _answers(f"https://{host}/")
    return _answers_of_hosts[host]


def _answers(address: str) -> bool:
    # A thread, because a timeout on the socket does not bound the look-up of the host's name.
    answered = threading.Event()

    def ask() -> None:
        request = urllib.request.Request(address, method="HEAD")
        try:
            with urllib.request.urlopen(request, timeout=_PROBE_SECONDS):
                answered.set()
        except urllib.error.HTTPError as error:
            error.close()
            answered.set()
        except OSError:
            pass

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_PROBE_SECONDS)
    return answered.is_set()


def fetch(address: str) -> bytes:
    """Returns the whole body at an https address; asks again where a connection breaks."""
    for pause in _PAUSES_SECONDS:
        try:
            return _fetch_once(address)
        except (OSError, http.client.HTTPException):
            time.sleep(pause)
    return _fetch_once(address)


def _fetch_once(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=_STALL_SECONDS) as answer:
        body: bytes = answer.read()
    return body


def download(release: Release, system: str, architecture: str, get: Fetch = fetch) -> bytes:
    """Returns the binary of a release, checked and unpacked."""

    def filled(text: str) -> str:
        return text.format(os=system, arch=architecture)

    address = filled(release.address)
    try:
        body = get(address)
        published = get(filled(release.checksums)).decode()
    except (OSError, http.client.HTTPException) as error:
        raise BinaryUnavailable(f"the download of {address} failed: {error}") from error
    if hashlib.sha256(body).hexdigest() != _checksum_of(address.rsplit("/", 1)[1], published):
        raise BinaryUnavailable(f"{address} does not match its published SHA-256; not used")
    if release.member is None:
        return body
    with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as archive:
        member = archive.extractfile(filled(release.member))
        if member is None:
            raise BinaryUnavailable(f"{address} has no {filled(release.member)} inside")
        return member.read()


def _checksum_of(file_name: str, published: str) -> str | None:
    lines = [line.split() for line in published.splitlines() if line.strip()]
    if len(lines) == 1 and len(lines[0]) == 1:
        return lines[0][0]
    return next((words[0] for words in lines if words[-1].lstrip("*") == file_name), None)
