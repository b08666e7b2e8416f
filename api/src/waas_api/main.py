"""The api as a whole: `create_app` wires it, `main` runs it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from uuid import uuid4

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError
from pydantic_settings import SettingsError

from waas_api.answers import answer_errors
from waas_api.callers import Anonymous, Authenticator
from waas_api.dependencies import Services
from waas_api.documented_app import DocumentedApp
from waas_api.leftovers import Leftovers
from waas_api.live_streams import LiveStreams
from waas_api.logs import configure_logging
from waas_api.object_storage import Bucket, MinioObjectStorage, ObjectStorage
from waas_api.partial_segments import PartialReaders
from waas_api.readiness import Readiness
from waas_api.routes import (
    audio,
    downloads,
    events,
    health,
    job_actions,
    jobs,
    queue,
    results,
    service,
    transcript_edits,
    transcriptions,
)
from waas_api.serving import Server
from waas_api.settings import Settings, read_webhook_ids
from waas_api.tenants import Tenant, Tenants
from waas_api.transcription_jobs import TranscriptionJobs
from waas_api.uploads import BACKOFF_SECONDS, Uploads
from waas_api.waiting_line import WaitingLine

_EX_CONFIG = 78  # sysexits.h
_NOT_STARTED = 3  # uvicorn's own


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
        return Tenant(namespace, jobs, uploads, WaitingLine(jobs))

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
            stack.callback(app.state.services.live_streams.close)
            yield

    app = DocumentedApp(
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
        live_streams=LiveStreams(settings.event_streams_at_once),
        partial_readers=PartialReaders(storage, largest_bytes=settings.largest_transcript_bytes),
        new_id=new_id,
        now=now,
    )
    answer_errors(app)
    for each in (transcriptions, downloads, queue, health, service, jobs, results):
        app.include_router(each.router)
    for each in (events, job_actions, audio, transcript_edits):
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
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        timeout_graceful_shutdown=settings.longest_shutdown_seconds,
    )
    server = Server(config, app.state.services.live_streams)
    with suppress(KeyboardInterrupt):
        server.run()
    return 0 if server.started else _NOT_STARTED
