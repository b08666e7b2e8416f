"""A real receiver of webhooks on loopback, which answers as a test wants and notes what came."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(frozen=True)
class Call:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    port: int = 0
    calls: list[Call] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    """Status codes of the next answers, in order; then 200."""

    location: str = ""
    """Where it sends callers, with a status that redirects."""

    body_pieces: int = 0
    """Pieces of 64 KiB that follow its head; -1 for ever."""

    is_stalling: bool = False
    end: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?key=hidden"


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:  # the standard library's name
        receiver = self.receiver
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver.calls.append(Call(self.path, headers, body))
        if receiver.is_stalling:
            receiver.end.wait(60)
            return
        self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
        if receiver.location:
            self.send_header("Location", receiver.location)
        self.end_headers()
        try:
            pieces = receiver.body_pieces
            while pieces and not receiver.end.is_set():
                self.wfile.write(b"x" * 65536)
                pieces -= 1
        except OSError:
            return

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@contextmanager
def open_receiver(port: int = 0) -> Iterator[Receiver]:
    """Serve on loopback, in threads, until the block ends."""
    receiver = Receiver()
    handler = type("Handler", (_Handler,), {"receiver": receiver})
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        server.daemon_threads = True
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield receiver
        finally:
            receiver.end.set()
            server.shutdown()
            thread.join(10)


def write_webhook(folder: Path, url: str, *, token: str = "t0ken") -> Path:
    """Write an administrator's list with one webhook, `desk`."""
    path = folder / "allowed-webhooks.json"
    path.write_text(json.dumps([{"id": "desk", "url": url, "token": token}]))
    return path
