"""Runs the app, and lets its event streams end before uvicorn waits for all answers to."""

import socket

import uvicorn

from waas_api.live_streams import LiveStreams


class Server(uvicorn.Server):
    """A server that can stop although clients listen to events."""

    def __init__(self, config: uvicorn.Config, streams: LiveStreams) -> None:
        super().__init__(config)
        self._streams = streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then do as uvicorn does."""
        self._streams.close()
        await super().shutdown(sockets)
