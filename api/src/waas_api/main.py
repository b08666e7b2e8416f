"""The api as a whole: `create_app` wires it, `main` runs it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError
from pydantic_settings import SettingsError

from waas_api.answers import answer_errors
from waas_api.callers import Anonymous, Authenticator
from waas_api.dependencies import Services
from waas_api.leftovers import Leftovers
from waas_api.logs import configure_logging
from waas_api.object_storage import MinioObjectStorage, ObjectStorage
from waas_api.readiness import Readiness
from waas_api.resumable_uploads import ResumableUploads
from waas_api.routes import (
    downloads,
    health,
    jobs,
    queue,
    recordings,
    results,
    resumable_uploads,
    service,
    transcriptions,
)
from waas_api.settings import Settings, read_webhook_ids
from waas_api.signed_requests import Bucket
from waas_api.sweeping import sweeping
from waas_api.tenants import Tenant, Tenants
from waas_api.transcription_jobs import TranscriptionJobs
from waas_api.upload_body import UploadLimits
from waas_api.uploads import BACKOFF_SECONDS, Uploads
from waas_api.waiting_line import WaitingLine
from waas_api.web_sources import LookUp, SourcePolicy, WebSources, look_up

_EX_CONFIG = 78  # sysexits.h


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
    new_id: Callable[[], str] = _new_id,
    now: Callable[[], datetime] = _now,
    create_backoff_seconds: tuple[float, ...] = BACKOFF_SECONDS,
    resolve: LookUp = look_up,
) -> FastAPI:
    """Return the app on the given adapters, or on MinIO and Kubernetes by the settings.

    Jobs are kept by namespace. The app opens and closes those adapters that it makes itself.
    """
    own_storage = None if object_storage else _build_object_storage(settings)
    own_cluster = None if transcription_jobs else _Cluster(settings)
    storage = object_storage or own_storage
    jobs_of = own_cluster.transcription_jobs if own_cluster else transcription_jobs
    assert storage is not None
    assert jobs_of is not None
    leftovers = Leftovers(storage)
    slots = asyncio.Semaphore(settings.uploads_at_once)

    def build_tenant(namespace: str) -> Tenant:
        jobs = jobs_of(namespace)
        uploads = Uploads(
            namespace,
            storage,
            jobs,
            leftovers,
            slots=slots,
            longest_wait_seconds=settings.longest_upload_wait_seconds,
            new_id=new_id,
            backoff_seconds=create_backoff_seconds,
        )
        in_pieces = ResumableUploads(
            namespace,
            storage,
            jobs,
            uploads,
            new_id=new_id,
            now=now,
            lifetime=timedelta(seconds=settings.unfinished_upload_seconds),
            longest_piece=timedelta(seconds=settings.longest_upload_seconds),
        )
        return Tenant(namespace, jobs, uploads, in_pieces, WaitingLine(jobs))

    tenants = Tenants(build_tenant)

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
            yield

    app = FastAPI(
        title="Whisper as a Service",
        lifespan=lifespan,
        redirect_slashes=False,
        # Both pages load scripts from strangers.
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = Services(
        settings=settings,
        webhook_ids=read_webhook_ids(settings.allowed_webhooks_file),
        object_storage=storage,
        authenticator=authenticator or Anonymous(settings.namespace),
        tenants=tenants,
        readiness=Readiness(
            {
                "object storage": storage.is_ready,
                "kubernetes": tenants.get(settings.namespace).transcription_jobs.is_ready,
            }
        ),
        new_id=new_id,
        now=now,
        web_sources=_build_web_sources(settings, resolve),
    )
    answer_errors(app)
    for each in (
        transcriptions,
        downloads,
        queue,
        health,
        service,
        recordings,
        resumable_uploads,
        jobs,
        results,
    ):
        app.include_router(each.router)
    return app


def _build_object_storage(settings: Settings) -> MinioObjectStorage:
    return MinioObjectStorage(
        Bucket(
            endpoint=str(settings.s3_endpoint).rstrip("/"),
            name=settings.s3_bucket,
            region=settings.s3_region,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key.get_secret_value(),
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


class _Cluster:
    """What the app has of Kubernetes where it is on its own."""

    def __init__(self, settings: Settings) -> None:
        # The library takes most of a second to import, and one machine alone does without.
        from waas_api.kubernetes_connection import KubernetesConnection

        self.connection = KubernetesConnection(
            kubeconfig=settings.kubeconfig, timeout_seconds=settings.kubernetes_timeout_seconds
        )

    def transcription_jobs(self, namespace: str) -> TranscriptionJobs:
        from waas_api.kubernetes_transcription_jobs import KubernetesTranscriptionJobs

        return KubernetesTranscriptionJobs(namespace, self.connection)


def explain_settings(error: Exception) -> str:
    """Return which variables do not fit and why, without what they hold."""
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(
        f"WAAS_{'.'.join(map(str, each['loc'])).upper()}: {each['msg']}".removeprefix("WAAS_: ")
        for each in error.errors(include_input=False)
    )


def main() -> int:
    """Serve until told to stop; returns the exit code."""
    try:
        settings = Settings()
        app = create_app(settings)
    except (ValueError, SettingsError) as error:
        sys.stderr.write(f"waas-api: the settings do not fit: {explain_settings(error)}\n")
        return _EX_CONFIG
    configure_logging()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        timeout_graceful_shutdown=settings.longest_shutdown_seconds,
    )
    return 0
