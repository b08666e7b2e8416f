"""Removes uploads whose time is over and that nobody is at, for as long as the api runs."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from waas_api.errors import ApiError
from waas_api.tenants import Tenants

logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 600.0


@asynccontextmanager
async def sweeping(tenants: Tenants) -> AsyncIterator[None]:
    """Sweep within the context."""
    task = asyncio.create_task(_sweep_forever(tenants))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait((task,))


async def _sweep_forever(tenants: Tenants) -> None:
    """Look at the uploads of every tenant, again and again."""
    while True:
        for tenant in tenants.all():
            for sweep in (tenant.resumable_uploads.sweep, tenant.attaching.sweep):
                try:
                    await sweep()
                except ApiError as error:
                    logger.warning("could not look at uploads: %s", error)
        await asyncio.sleep(_PAUSE_SECONDS)
