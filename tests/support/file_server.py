"""A web server for files, which breaks off, forgets its manners and changes its mind on demand."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Request:
    """What a client asked for, and how many bytes of a file it got."""

    method: str
    path: str
    range: str | None
    if_match: str | None
    sent: int = 0


@dataclass
class FileServer:
    """What is served, and what goes wrong."""

    host: str = "127.0.0.1"
    port: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    """Path -> the file's ETag; a file without one has none."""

    statuses: dict[str, list[int]] = field(default_factory=dict)
    """Path -> what the next GETs of it are answered with; the last one stays."""

    cuts: dict[str, list[int]] = field(default_factory=dict)
    """Path -> numbers of bytes after which the next GETs of it break off."""

    knows_ranges: bool = True
    tells_length: bool = True
    stalls: dict[str, int] = field(default_factory=dict)
    """Path -> number of bytes after which a GET of it waits for the gate."""

    gate: threading.Event = field(default_factory=threading.Event)

    requests: list[Request] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, path: str) -> str:
        return f"http://{self.host}:{self.port}{path}"

    def gets(self, path: str) -> list[Request]:
        with self.lock:
            return [each for each in self.requests if (each.method, each.path) == ("GET", path)]

    def bytes_sent(self, path: str) -> int:
        return sum(each.sent for each in self.gets(path))


@contextmanager
def running_file_server(host: str = "127.0.0.1") -> Iterator[FileServer]:
    """Serve files at one of this machine's addresses until the block ends."""
    server_files = FileServer(host)

    class Handler(_Handler):
        files = server_files

    with ThreadingHTTPServer((host, 0), Handler) as server:
        server_files.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server_files
        finally:
            server_files.gate.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    files: FileServer

    def do_HEAD(self) -> None:
        self._note(0)
        content = self.files.files.get(self.path)
        self.send_response(404 if content is None else 200)
        if content is not None and self.files.tells_length:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()

    def do_GET(self) -> None:
        files = self.files
        content = files.files.get(self.path, b"")
        etag = files.etags.get(self.path)
        if status := self._refusal(etag):
            self._note(0)
            self._refuse(status)
            return
        start = self._range_start()
        if start > len(content) or start == len(content) > 0:
            self._note(0)
            self._refuse(416)
            return
        body = content[start:]
        cut = files.cuts[self.path].pop(0) if files.cuts.get(self.path) else None
        self._note(len(body) if cut is None else min(cut, len(body)))
        self.send_response(206 if start else 200)
        if etag:
            self.send_header("ETag", etag)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if files.tells_length:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        self._send(body if cut is None else body[:cut])
        if cut is not None or not files.tells_length:
            self.close_connection = True

    def _send(self, body: bytes) -> None:
        stall = self.files.stalls.get(self.path, len(body))
        # A client that was killed meanwhile takes nothing any more.
        with suppress(ConnectionError):
            self.wfile.write(body[:stall])
            self.wfile.flush()
            if stall < len(body):
                self.files.gate.wait()
                self.wfile.write(body[stall:])

    def _refusal(self, etag: str | None) -> int | None:
        files = self.files
        with files.lock:
            if left := files.statuses.get(self.path):
                status = left.pop(0) if len(left) > 1 else left[0]
                if status != 200:
                    return status
        if self.path not in files.files:
            return 404
        asked = self.headers.get("If-Match")
        return 412 if asked and asked != etag else None

    def _refuse(self, status: int) -> None:
        body = b"no"
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/moved" + self.path)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _range_start(self) -> int:
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(found[1]) if found and self.files.knows_ranges else 0

    def _note(self, sent: int) -> None:
        request = Request(
            self.command, self.path, self.headers.get("Range"), self.headers.get("If-Match"), sent
        )
        with self.files.lock:
            self.files.requests.append(request)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
