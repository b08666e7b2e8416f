"""Every router, in the order in which they are asked."""

from fastapi import APIRouter

from waas_api.routes import (
    audio,
    detection,
    downloads,
    events,
    health,
    job_actions,
    job_audio,
    jobs,
    links,
    openai_models,
    options,
    own_jobs,
    page,
    previews,
    queue,
    recordings,
    results,
    resumable_uploads,
    service,
    sessions,
    transcript_edits,
    transcriptions,
)

_OLD_SERVICE = (transcriptions, detection, downloads, queue, options)
_NATIVE = (health, service, recordings, resumable_uploads, jobs, results, own_jobs, links)
_OPENAI = (audio, openai_models)
_PAGE = (events, job_actions, job_audio, previews, transcript_edits, sessions, page)

ROUTERS: tuple[APIRouter, ...] = tuple(
    each.router for each in (*_OLD_SERVICE, *_NATIVE, *_OPENAI, *_PAGE)
)
"""The page comes last: it answers for its files, wherever they lie."""
