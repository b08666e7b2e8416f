"""POST /v1/audio/transcriptions and /v1/audio/translations, as OpenAI's API has them."""

import anyio.to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from waas_api.access.callers import Permission
from waas_api.dependencies import CallersDesk, Desk
from waas_api.document.bodies import answered_in
from waas_api.document.errors import openai_errors
from waas_api.document.examples import CAPTIONS, SUBTITLES
from waas_api.document.headers import JOB_ID
from waas_api.document.openai import TRANSCRIPTIONS, TRANSLATIONS
from waas_api.errors import (
    BadRecording,
    EnglishOnly,
    InvalidField,
    JobCancelled,
    JobFailed,
    JobNotFound,
    MalformedForm,
    NoRecording,
    NotAForm,
    StorageFull,
    StorageUnavailable,
    TooManyUploads,
    TranscriptMissing,
    UnknownLanguage,
    UnknownModel,
    UploadCutOff,
    UploadStalled,
    UploadTooLarge,
    WaitIsOver,
)
from waas_api.openai.answers import media_type_of, render_answer
from waas_api.openai.request import (
    AudioRequest,
    Models,
    parse_audio_request,
    read_choices,
)
from waas_api.openai.stream import MEDIA_TYPE
from waas_api.routes.incoming import open_form
from waas_api.transcripts.waiting import TranscriptWait
from waas_contract.transcription_job import Task

router = APIRouter(tags=["drop-in for OpenAI's API"])

_NEITHER_KEPT_NOR_HELD_BACK = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


_STREAM = (
    'data: {"type":"transcript.text.delta","delta":"Hei"}\n\n'
    'data: {"type":"transcript.text.done","text":"Hei på deg."}\n\n'
)
_ANSWERS = answered_in(
    {
        "application/json": {"text": "Hei på deg.", "usage": {"type": "duration", "seconds": 4}},
        "text/plain": "Hei på deg.\n",
        "application/x-subrip": SUBTITLES,
        "text/vtt": CAPTIONS,
        MEDIA_TYPE: _STREAM,
    },
    headers=JOB_ID,
)
_ERRORS = openai_errors(
    InvalidField,
    MalformedForm,
    NoRecording,
    UnknownLanguage,
    EnglishOnly,
    BadRecording,
    UploadCutOff,
    UnknownModel,
    JobNotFound,
    UploadStalled,
    JobCancelled,
    UploadTooLarge,
    NotAForm,
    JobFailed,
    TranscriptMissing,
    TooManyUploads,
    StorageUnavailable,
    WaitIsOver,
    StorageFull,
)


@router.post(
    "/v1/audio/transcriptions",
    operation_id="transcribeAsOpenAI",
    response_class=Response,
    responses=_ANSWERS | _ERRORS,
    openapi_extra=TRANSCRIPTIONS,
)
async def transcribe(request: Request, desk: CallersDesk) -> Response:
    """Answer with what is said in a recording."""
    return await _answer(request, desk, Task.TRANSCRIBE)


@router.post(
    "/v1/audio/translations",
    operation_id="translateAsOpenAI",
    response_class=Response,
    responses=_ANSWERS | _ERRORS,
    openapi_extra=TRANSLATIONS,
)
async def translate(request: Request, desk: CallersDesk) -> Response:
    """Answer with what is said in a recording, in English."""
    return await _answer(request, desk, Task.TRANSLATE)


async def _answer(request: Request, desk: Desk, task: Task) -> Response:
    desk.require(Permission.CREATE)
    desk.require(Permission.READ)
    asked, job_name = await _attach(request, desk, task)
    wait = TranscriptWait(
        job_name,
        desk.tenant.transcription_jobs,
        desk.services.object_storage,
        desk.tenant.awaited_jobs,
        longest_seconds=desk.settings.openai_longest_wait_seconds,
        largest_transcript_bytes=desk.settings.largest_transcript_bytes,
        has_left=request.is_disconnected,
    )
    headers = {"X-Waas-Job": job_name}
    if asked.is_streamed:
        headers |= _NEITHER_KEPT_NOR_HELD_BACK
        return StreamingResponse(wait.stream(), headers=headers, media_type=MEDIA_TYPE)
    transcript = await wait.wait()

    def render() -> bytes:
        return render_answer(transcript, asked.response_format, task, asked.granularities).encode()

    # Hours of speech take a noticeable time, in which others want answers.
    content = await anyio.to_thread.run_sync(render)
    return Response(content, headers=headers, media_type=media_type_of(asked.response_format))


async def _attach(request: Request, desk: Desk, task: Task) -> tuple[AudioRequest, str]:
    """Take the form in and return what it asks for, with the name of the job that does it."""
    settings = desk.settings
    models = Models(
        settings.models,
        default=settings.default_model,
        whisper_1=settings.openai_model or settings.default_model,
    )
    form = open_form(request, settings)
    await form.find_file()
    read_choices(form.fields, task, models)
    async with desk.hold(form.file()) as recording:
        await form.finish()
        asked = parse_audio_request(
            form.fields,
            task,
            models,
            file_name=form.file_name,
            ttl_seconds=settings.openai_ttl_seconds,
        )
        return asked, await desk.attach(asked.order, recording)
