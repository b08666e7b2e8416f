"""A small object store behind presigned URLs, which fails when a test wants it to."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

SIGNATURE_PARAMETER = "X-Amz-Signature"


@dataclass
class ObjectServer:
    """What is stored, and what goes wrong."""

    port: int = 0
    objects: dict[str, bytes] = field(default_factory=dict)
    signature: str = "5ca1ab1e"
    """The one that is accepted; every other has ended."""

    failing: dict[str, int] = field(default_factory=dict)
    """Key -> status that every request for it is answered with."""

    cuts: dict[str, list[int]] = field(default_factory=dict)
    """Key -> numbers of bytes after which the next GETs of it break off."""

    holds: dict[str, threading.Event] = field(default_factory=dict)
    """Key -> what the answers to PUTs of it wait for; the object is stored all the same."""

    knows_conditions: bool = True
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    """Method, key and Range of each request."""

    lock: threading.Lock = field(default_factory=threading.Lock)

    def hold(self, key: str) -> threading.Event:
        """Let whoever stores this object wait for an answer until the event is set."""
        self.holds[key] = threading.Event()
        return self.holds[key]

    def url(self, key: str, *, signature: str | None = None) -> str:
        """Return a URL as S3 presigns it."""
        return (
            f"http://127.0.0.1:{self.port}/{key}?X-Amz-Algorithm=AWS4-HMAC-SHA256"
            f"&X-Amz-Credential=waas%2F20261122&{SIGNATURE_PARAMETER}={signature or self.signature}"
        )


@contextmanager
def running_object_server() -> Iterator[ObjectServer]:
    """Serve objects until the block ends."""
    store = ObjectServer()

    class Handler(_Handler):
        server_store = store

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        store.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield store
        finally:
            for hold in store.holds.values():
                hold.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_store: ObjectServer

    def do_GET(self) -> None:
        store, key = self.server_store, self._key()
        with store.lock:
            store.requests.append(("GET", key, self.headers.get("Range")))
            status = self._refusal(key) or (200 if key in store.objects else 404)
            content = store.objects.get(key, b"")
            cut = store.cuts[key].pop(0) if status == 200 and store.cuts.get(key) else None
        if status != 200:
            self._refuse(status)
            return
        start = self._range_start()
        self.send_response(206 if start else 200)
        self.send_header("ETag", '"v1"')
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if cut is None:
            self.wfile.write(content[start:])
        else:
            self.wfile.write(content[start : start + cut])
            self.close_connection = True

    def do_PUT(self) -> None:
        store, key = self.server_store, self._key()
        content = self.rfile.read(int(self.headers["Content-Length"]))
        is_conditional = self.headers.get("If-None-Match") == "*"
        with store.lock:
            store.requests.append(("PUT", key, None))
            status = self._refusal(key)
            if not status and is_conditional and not store.knows_conditions:
                status = 501
            if not status and is_conditional and key in store.objects:
                status = 412
            if not status:
                store.objects[key] = content
        if status:
            self._refuse(status)
            return
        if hold := store.holds.get(key):
            hold.wait()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _refusal(self, key: str) -> int | None:
        query = parse_qs(urlsplit(self.path).query)
        if query.get(SIGNATURE_PARAMETER) != [self.server_store.signature]:
            return 403
        return self.server_store.failing.get(key)

    def _refuse(self, status: int) -> None:
        # As S3 does, with the address in it: none of this may reach a log.
        code = "NoSuchKey" if status == 404 else "Refused"
        body = f"<Error><Code>{code}</Code><Resource>{self.path}</Resource></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _key(self) -> str:
        return urlsplit(self.path).path.lstrip("/")

    def _range_start(self) -> int:
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(found[1]) if found else 0

    def log_message(self, *_: object) -> None:
        """Say nothing."""
