"""Ends jobs that were made for a client who waits, once nobody has waited for a while.

Nothing is kept in memory: each such job bears in an annotation until when it may go on without
a client, whoever waits pushes that on, and any replica cancels a job that is past it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from waas_api.errors import ApiError, JobNotFound
from waas_api.jobs.transcription_jobs import TranscriptionJobs
from waas_contract.log_lines import log_fields
from waas_contract.names import AWAITED_LABEL, AWAITED_UNTIL_ANNOTATION
from waas_contract.transcription_job import TranscriptionJob

logger = logging.getLogger(__name__)

AWAITED_LABELS = {AWAITED_LABEL: "true"}
_FOR_GOOD = datetime(9999, 12, 31, tzinfo=UTC)
_RENEWALS_IN_GRACE = 10


class AwaitedJobs:
    """The jobs of one tenant that clients wait for."""

    def __init__(
        self, jobs: TranscriptionJobs, *, grace_seconds: float, now: Callable[[], datetime]
    ) -> None:
        self._jobs = jobs
        self._grace = timedelta(seconds=grace_seconds)
        self._interval_seconds = grace_seconds / _RENEWALS_IN_GRACE
        self._now = now

    async def renew(self, name: str) -> TranscriptionJob:
        """Let a job go on for the grace time after the next renewal, and return it."""
        return await self._allow(
            name, self._now() + self._grace + timedelta(seconds=self._interval_seconds)
        )

    async def keep(self, name: str) -> None:
        """Let a job go on for good, as somebody was told that it does."""
        await self._allow(name, _FOR_GOOD)

    @asynccontextmanager
    async def awaited(self, name: str) -> AsyncIterator[None]:
        """Have a job go on for as long as somebody waits, and for the grace time after that."""
        renewing = asyncio.create_task(self._renew_again_and_again(name))
        try:
            yield
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing

    async def cancel_abandoned(self) -> None:
        """Cancel what nobody has waited for since the grace time."""
        index = await self._jobs.index()
        names = [
            job.name
            for job in index.newest_first()
            if AWAITED_LABEL in job.labels and not job.phase.is_final
        ]
        for name in names:
            await self._cancel_if_abandoned(name)

    async def _cancel_if_abandoned(self, name: str) -> None:
        with suppress(JobNotFound):
            job = await self._jobs.get(name)
            if job.phase.is_final or job.spec.cancelled or not self._is_abandoned(job):
                return
            await self._jobs.cancel(name)
            logger.info(
                "job cancelled, for nobody waits for it any more",
                extra=log_fields(transcription_job=name),
            )

    def _is_abandoned(self, job: TranscriptionJob) -> bool:
        until = _read_until(job.metadata.annotations)
        if until is None and job.metadata.creation_timestamp is not None:
            until = job.metadata.creation_timestamp + self._grace
        return until is not None and self._now() > until

    async def _allow(self, name: str, until: datetime) -> TranscriptionJob:
        job = await self._jobs.get(name)
        known = _read_until(job.metadata.annotations)
        if job.phase.is_final or (known is not None and known >= until):
            return job
        text = until.isoformat(timespec="seconds")
        return await self._jobs.annotate(name, {AWAITED_UNTIL_ANNOTATION: text})

    async def _renew_again_and_again(self, name: str) -> None:
        while True:
            try:
                await self.renew(name)
            except ApiError as error:
                logger.warning(
                    "could not note that a job is awaited: %s",
                    error,
                    extra=log_fields(transcription_job=name),
                )
            await asyncio.sleep(self._interval_seconds)


def _read_until(annotations: Mapping[str, str]) -> datetime | None:
    """Return what the annotation says; one that a person has spoilt says nothing."""
    try:
        until = datetime.fromisoformat(annotations[AWAITED_UNTIL_ANNOTATION])
    except (KeyError, ValueError):
        return None
    return until if until.tzinfo else None


async def cancel_abandoned_again_and_again(
    list_all: Callable[[], Iterable[AwaitedJobs]], *, grace_seconds: float
) -> None:
    """Look after all tenants' awaited jobs until cancelled.

    The first look comes after a grace time: clients that lost their connection to a service that
    was away, or to a replica that was replaced, get that long to come back.
    """
    await asyncio.sleep(grace_seconds)
    while True:
        for awaited in list_all():
            try:
                await awaited.cancel_abandoned()
            except ApiError as error:
                logger.warning("could not look for jobs that nobody waits for: %s", error)
        await asyncio.sleep(grace_seconds / _RENEWALS_IN_GRACE)
