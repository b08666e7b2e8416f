"""Builds what belongs to each tenant that the settings serve."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from waas_api.intake.leftovers import Leftovers
from waas_api.intake.resumable_uploads import ResumableUploads
from waas_api.intake.uploads import Uploads
from waas_api.jobs.attaching import Attaching
from waas_api.jobs.awaited_jobs import AwaitedJobs
from waas_api.jobs.live_jobs import LiveJobs
from waas_api.jobs.transcribed_time import TranscribedTime
from waas_api.jobs.transcription_jobs import TranscriptionJobs
from waas_api.jobs.waiting_line import WaitingLine
from waas_api.settings import Settings
from waas_api.storage.object_storage import ObjectStorage
from waas_api.tenants import Tenant, Tenants

_MARGIN_OF_HOLDS = timedelta(hours=1)
"""For storage that is slow, and for other replicas' clocks."""


@dataclass(frozen=True)
class SharedParts:
    """What all tenants have in common."""

    object_storage: ObjectStorage
    leftovers: Leftovers
    new_id: Callable[[], str]
    now: Callable[[], datetime]
    create_backoff_seconds: tuple[float, ...]


def build_tenants(
    settings: Settings, jobs_of: Callable[[str], TranscriptionJobs], shared: SharedParts
) -> Tenants:
    """Return the tenants, who share the uploads that may run at once."""
    slots = asyncio.Semaphore(settings.uploads_at_once)

    def build(namespace: str) -> Tenant:
        return _build_tenant(namespace, jobs_of(namespace), settings, shared, slots)

    return Tenants(build, settings.served_namespaces(settings.namespace))


def _build_tenant(
    namespace: str,
    jobs: TranscriptionJobs,
    settings: Settings,
    shared: SharedParts,
    slots: asyncio.Semaphore,
) -> Tenant:
    live_jobs = LiveJobs(
        jobs, most=settings.most_live_jobs, most_per_owner=settings.most_live_jobs_per_caller
    )
    uploads = Uploads(
        namespace,
        shared.object_storage,
        jobs,
        shared.leftovers,
        live_jobs,
        slots=slots,
        longest_wait_seconds=settings.longest_upload_wait_seconds,
        new_id=shared.new_id,
        backoff_seconds=shared.create_backoff_seconds,
    )
    in_pieces = ResumableUploads(
        namespace,
        shared.object_storage,
        jobs,
        uploads,
        new_id=shared.new_id,
        now=shared.now,
        lifetime=timedelta(seconds=settings.unfinished_upload_seconds),
        longest_piece=timedelta(seconds=settings.longest_upload_seconds),
    )
    awaited = AwaitedJobs(jobs, grace_seconds=settings.openai_grace_seconds, now=shared.now)
    attaching = Attaching(
        namespace,
        shared.object_storage,
        jobs,
        uploads,
        awaited,
        shared.leftovers,
        live_jobs,
        largest_transcript_bytes=settings.largest_transcript_bytes,
        longest_hold=_find_longest_hold(settings),
        new_id=shared.new_id,
        now=shared.now,
    )
    return Tenant(
        namespace,
        jobs,
        uploads,
        in_pieces,
        WaitingLine(jobs),
        TranscribedTime(jobs),
        live_jobs,
        awaited,
        attaching,
    )


def _find_longest_hold(settings: Settings) -> timedelta:
    """Return how long a request can be at a recording that it holds."""
    seconds = settings.longest_upload_wait_seconds + settings.longest_upload_seconds
    return timedelta(seconds=seconds) + _MARGIN_OF_HOLDS
