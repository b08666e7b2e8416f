"""The operator on a machine whose clock is wrong by `CLOCK_SKEW_SECONDS`; run with `python -m`.

It decides by that clock. URLs are signed by the right one: a store refuses requests whose clock is
off by a quarter of an hour, which is an outage and has tests of its own.
"""

import asyncio
import os
from datetime import UTC, datetime, timedelta

from waas_operator.cluster import KubernetesCluster
from waas_operator.main import configure_logging, run_operator
from waas_operator.object_storage import MinioObjectStorage
from waas_operator.senders import build_senders
from waas_operator.settings import Settings

_SKEW = timedelta(seconds=float(os.environ.get("CLOCK_SKEW_SECONDS", "0")))


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + _SKEW


async def _run() -> None:
    settings = Settings()
    configure_logging("INFO")
    cluster = await KubernetesCluster.connect()
    store = MinioObjectStorage.connect(settings)
    await run_operator(settings, cluster, store, build_senders(settings), clock=_now)


if __name__ == "__main__":
    asyncio.run(_run())
