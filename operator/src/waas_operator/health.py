"""Answers the kubelet's probes about the operator.

Live as long as the resync loop goes round, which takes an API server that answers and an event
loop that turns; ready once it went round for the first time.
"""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

_MISSED_ROUNDS = 3


@dataclass
class Health:
    """What the probes are answered from; `clock` gives monotonic seconds."""

    clock: Callable[[], float]
    resync_seconds: float
    last_round: float | None = None
    started: float = 0.0

    def __post_init__(self) -> None:
        """Note the start, from which the first round's time counts."""
        self.started = self.clock()

    def note_round(self) -> None:
        """Say that everything was listed and queued."""
        self.last_round = self.clock()

    @property
    def is_ready(self) -> bool:
        """Tell whether the operator has seen what there is."""
        return self.last_round is not None

    @property
    def is_live(self) -> bool:
        """Tell whether the loops still turn; false asks for a restart."""
        latest = self.started if self.last_round is None else self.last_round
        return self.clock() - latest < _MISSED_ROUNDS * self.resync_seconds


async def serve_health(
    health: Health, port: int, render_metrics: Callable[[], tuple[bytes, str]]
) -> web.AppRunner:
    """Serve `/healthz`, `/readyz` and `/metrics`; the caller cleans the runner up."""

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(status=200 if health.is_live else 503)

    async def readyz(_: web.Request) -> web.Response:
        return web.Response(status=200 if health.is_ready else 503)

    async def metrics(_: web.Request) -> web.Response:
        content, media_type = render_metrics()
        return web.Response(body=content, headers={"Content-Type": media_type})

    application = web.Application()
    application.add_routes(
        [
            web.get("/healthz", healthz),
            web.get("/readyz", readyz),
            web.get("/metrics", metrics),
        ]
    )
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, port=port).start()
    return runner
