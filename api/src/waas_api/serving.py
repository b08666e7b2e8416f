"""Runs the app, and lets its event streams end before uvicorn waits for all answers to."""

import gc
import socket
from collections.abc import Callable

import uvicorn

from waas_api.http.live_streams import LiveStreams

_ROUNDS_BEFORE_ALL = 100
"""Rounds over what is not so young any more before one over all that there is."""


def look_for_garbage_less_often() -> None:
    """Spare the collector what is there for good, and long looks at what is no garbage.

    A transcript of ten hours is a million objects without a cycle. By Python's own measure all that
    the program holds is gone through four times while one is read, and nobody gets an answer.
    """
    young, older, _ = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(young, older, _ROUNDS_BEFORE_ALL)


class Server(uvicorn.Server):
    """A server that can stop although clients listen to events."""

    def __init__(
        self,
        config: uvicorn.Config,
        streams: LiveStreams,
        at_the_end: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(config)
        self._streams = streams
        self._at_the_end = at_the_end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, with all imports done and all that lasts made."""
        look_for_garbage_less_often()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, do as uvicorn does, then what is left to do."""
        self._streams.close()
        await super().shutdown(sockets)
        # Not after `run`: uvicorn raises the signal that stopped it once more, and that ends all.
        if self._at_the_end:
            self._at_the_end()
