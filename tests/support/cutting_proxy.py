"""A network that breaks: passes bytes on to a server, and cuts connections as a test says."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_PIECE_BYTES = 64 * 1024


class CuttingProxy:
    """Cuts each of the next connections after so many bytes to the server; later ones never."""

    def __init__(self, port: int, cuts: list[int]) -> None:
        self._port = port
        self._cuts = cuts
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.bytes_sent = 0
        """Bytes that went to the server in all."""

    def run(self) -> None:
        """Serve until closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def close(self) -> None:
        # A thread that waits in `accept` learns of a shutdown, not of a close.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _pass_on(self, client: socket.socket) -> None:
        with (
            client,
            socket.create_connection(("127.0.0.1", self._port)) as server,
            suppress(OSError),
        ):
            back = threading.Thread(target=self._copy, args=(server, client), daemon=True)
            back.start()
            sent = 0
            while data := client.recv(_PIECE_BYTES):
                server.sendall(data)
                sent += len(data)
                self.bytes_sent += len(data)
                # Requests of a few bytes belong to no cut.
                if self._cuts and sent >= self._cuts[0]:
                    self._cuts.pop(0)
                    for each in (client, server):
                        each.shutdown(socket.SHUT_RDWR)
                    return

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_PIECE_BYTES):
                target.sendall(data)


@contextmanager
def cutting(port: int, *cuts: int) -> Iterator[CuttingProxy]:
    """Give a proxy before a port that cuts as many connections, each after so many bytes."""
    proxy = CuttingProxy(port, list(cuts))
    thread = threading.Thread(target=proxy.run, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join(10)
