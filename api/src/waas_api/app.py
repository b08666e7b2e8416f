"""The api as a whole: `create_app` wires it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from fastapi import FastAPI

from waas_api.access.access_reviews import AccessReviews
from waas_api.access.building import build_logins, build_trusted_proxies
from waas_api.access.caller_limits import CallerLimits
from waas_api.access.callers import Authenticator
from waas_api.access.gate import Gate
from waas_api.access.settings import LoginMode
from waas_api.dependencies import Services
from waas_api.document.app import DocumentedApp
from waas_api.http.answers import answer_errors
from waas_api.http.live_streams import LiveStreams
from waas_api.http.page_files import load_page_files
from waas_api.http.upload_body import UploadLimits
from waas_api.intake.leftovers import Leftovers
from waas_api.intake.sweeping import sweeping
from waas_api.intake.uploads import BACKOFF_SECONDS
from waas_api.intake.web_sources import LookUp, SourcePolicy, WebSources, look_up
from waas_api.jobs.awaited_jobs import cancel_abandoned_again_and_again
from waas_api.jobs.detection import Detections
from waas_api.jobs.transcription_jobs import TranscriptionJobs
from waas_api.old_service.allowed_webhooks import read_webhook_ids
from waas_api.readiness import Readiness
from waas_api.routes.routers import ROUTERS
from waas_api.settings import Settings
from waas_api.storage.credentials import find_credentials
from waas_api.storage.minio_object_storage import MinioObjectStorage
from waas_api.storage.object_storage import ObjectStorage
from waas_api.storage.signed_requests import Bucket
from waas_api.tenant_building import SharedParts, build_tenants
from waas_api.trace_context import SpanOfRequest, TraceContext
from waas_api.transcripts.partial_segments import PartialReaders

if TYPE_CHECKING:
    from waas_api.kubernetes.cluster import Cluster


def _new_id() -> str:
    return str(uuid4())


def _now() -> datetime:
    return datetime.now(UTC)


def create_app(
    settings: Settings,
    *,
    object_storage: ObjectStorage | None = None,
    transcription_jobs: Callable[[str], TranscriptionJobs] | None = None,
    authenticator: Authenticator | None = None,
    access_reviews: AccessReviews | None = None,
    new_id: Callable[[], str] = _new_id,
    now: Callable[[], datetime] = _now,
    create_backoff_seconds: tuple[float, ...] = BACKOFF_SECONDS,
    resolve: LookUp = look_up,
    storage_name: str = "object storage",
    records_name: str = "kubernetes",
    span_of_request: SpanOfRequest | None = None,
) -> FastAPI:
    """Return the app on the given adapters, or on MinIO and Kubernetes by the settings.

    Jobs are kept by namespace. The app opens and closes those adapters that it makes itself.
    By their names /readyz tells which of them does not answer.
    """
    own_storage = None if object_storage else _build_object_storage(settings)
    needs_reviews = settings.needs_kubernetes_login and access_reviews is None
    own_cluster = _build_cluster(settings) if needs_reviews or not transcription_jobs else None
    storage = object_storage or own_storage
    jobs_of = transcription_jobs or (own_cluster.transcription_jobs if own_cluster else None)
    assert storage is not None
    assert jobs_of is not None
    leftovers = Leftovers(storage)
    detections = Detections(storage, longest_seconds=settings.longest_detection_seconds)
    shared = SharedParts(
        storage, leftovers, new_id=new_id, now=now, create_backoff_seconds=create_backoff_seconds
    )
    tenants = build_tenants(settings, jobs_of, shared)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if own_storage is not None:
                stack.callback(own_storage.close)
            if own_cluster is not None:
                await stack.enter_async_context(own_cluster.connection)
            stack.push_async_callback(leftovers.close)
            stack.push_async_callback(tenants.close)
            await stack.enter_async_context(sweeping(tenants))
            stack.push_async_callback(detections.close)
            abandoned = asyncio.create_task(
                cancel_abandoned_again_and_again(
                    tenants.list_awaited_jobs, grace_seconds=settings.openai_grace_seconds
                )
            )
            stack.callback(abandoned.cancel)
            stack.callback(app.state.services.live_streams.close)
            yield

    app = DocumentedApp(
        title="Whisper as a Service",
        needs_login=LoginMode.NONE not in settings.authentication,
        lifespan=lifespan,
        redirect_slashes=False,
        # Both pages load scripts from strangers.
        docs_url=None,
        redoc_url=None,
    )
    if needs_reviews and own_cluster is not None:
        access_reviews = own_cluster.access_reviews()
    logins = build_logins(settings, access_reviews, now=now)
    limits = _build_limits(settings)
    app.state.services = Services(
        settings=settings,
        webhook_ids=read_webhook_ids(settings.allowed_webhooks_file),
        object_storage=storage,
        authenticator=authenticator or logins.authenticator,
        tenants=tenants,
        detections=detections,
        readiness=Readiness(
            {
                storage_name: storage.is_ready,
                records_name: tenants.get(settings.namespace).transcription_jobs.is_ready,
            },
            warnings=logins.warnings,
        ),
        live_streams=LiveStreams(settings.event_streams_at_once),
        partial_readers=PartialReaders(storage, largest_bytes=settings.largest_transcript_bytes),
        new_id=new_id,
        now=now,
        limits=limits,
        web_sources=_build_web_sources(settings, resolve),
        page_files=load_page_files(settings.disclaimer),
    )
    app.add_middleware(
        Gate,
        authenticator=app.state.services.authenticator,
        proxies=build_trusted_proxies(settings),
        limits=limits,
        link_secret=settings.link_secret,
        now=now,
    )
    app.add_middleware(TraceContext, span_of_request=span_of_request)
    answer_errors(app)
    for router in ROUTERS:
        app.include_router(router)
    return app


def _build_object_storage(settings: Settings) -> MinioObjectStorage:
    return MinioObjectStorage(
        Bucket(
            endpoint=str(settings.s3_endpoint).rstrip("/"),
            name=settings.s3_bucket,
            region=settings.s3_region,
            credentials=find_credentials(settings, settings.s3_region),
        ),
        part_bytes=settings.upload_part_bytes,
        uploads_at_once=settings.uploads_at_once,
    )


def _build_web_sources(settings: Settings, resolve: LookUp) -> WebSources | None:
    if not settings.url_sources:
        return None
    limits = UploadLimits(
        largest_bytes=settings.largest_upload_bytes,
        longest_idle_seconds=settings.longest_upload_idle_seconds,
        longest_seconds=settings.longest_upload_seconds,
    )
    policy = SourcePolicy(settings.url_source_networks, settings.url_source_ports, limits)
    return WebSources(policy, resolve=resolve)


def _build_limits(settings: Settings) -> CallerLimits:
    return CallerLimits(
        requests_per_minute=settings.requests_per_minute_per_caller,
        uploads_at_once=settings.uploads_at_once_per_caller,
        upload_bytes_per_day=settings.upload_bytes_per_day_per_caller,
    )


def _build_cluster(settings: Settings) -> "Cluster":
    from waas_api.kubernetes.cluster import Cluster

    return Cluster(settings)
