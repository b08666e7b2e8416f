"""/v2/uploads: recordings in pieces, by the protocol tus 1.0; the last piece makes the job."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from waas_api.access.callers import Permission
from waas_api.dependencies import CallersDesk, Desk, WiredServices
from waas_api.document.bodies import nothing, takes
from waas_api.document.errors import Responses, problems
from waas_api.document.headers import (
    LOCATION_OF_JOB,
    LOCATION_OF_UPLOAD,
    TAKES_METHOD,
    TAKES_TUS_RESUMABLE,
    TAKES_UPLOAD_LENGTH,
    TAKES_UPLOAD_METADATA,
    TAKES_UPLOAD_OFFSET,
    TUS_ABILITIES,
    TUS_RESUMABLE,
    UPLOAD_EXPIRES,
    UPLOAD_LENGTH,
    UPLOAD_OFFSET,
)
from waas_api.document.recordings import PIECE
from waas_api.errors import (
    ApiError,
    CreationUnknown,
    EnglishOnly,
    InvalidRequest,
    NoRecording,
    NotARecording,
    ProtocolMismatch,
    StorageFull,
    StorageUnavailable,
    TooManyUploads,
    UnknownLanguage,
    UnknownModel,
    UnknownTask,
    UnsupportedPiece,
    UploadComplete,
    UploadCutOff,
    UploadExpired,
    UploadLocked,
    UploadNotFound,
    UploadStalled,
    UploadTooLarge,
    WrongOffset,
)
from waas_api.http.answers import answer_error
from waas_api.intake import tus
from waas_api.intake.resumable_uploads import Upload
from waas_api.native.parameters import read_parameters
from waas_api.native.request import parse_asked
from waas_api.routes.incoming import bound_body, check_media, choices_of

_RECORDS = "/v2/uploads"


class TusRoute(APIRoute):
    """Says in every answer, errors included, which protocol it is."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what handles a request."""
        handle = super().get_route_handler()

        async def handle_and_tell(request: Request) -> Response:
            try:
                response = await handle(request)
            except ApiError as error:
                response = await answer_error(request, error)
                if isinstance(error, WrongOffset):
                    response.headers["Upload-Offset"] = str(error.length)
            response.headers["Tus-Resumable"] = tus.VERSION
            if response.status_code == 412:  # Precondition Failed
                response.headers["Tus-Version"] = tus.VERSION
            return response

        return handle_and_tell


router = APIRouter(route_class=TusRoute, tags=["uploads"], default_response_class=Response)

_PATH = f"{_RECORDS}/{{upload_id}}"
_OF_PIECES = (
    InvalidRequest,
    UploadCutOff,
    UploadStalled,
    UploadTooLarge,
    NotARecording,
    TooManyUploads,
    StorageUnavailable,
    CreationUnknown,
    StorageFull,
)
_OF_UPLOADS = (InvalidRequest, UploadNotFound, UploadExpired, ProtocolMismatch, StorageUnavailable)
_OF_APPENDING = (*_OF_UPLOADS, *_OF_PIECES, UnsupportedPiece, WrongOffset, UploadLocked)
_APPENDED = nothing(
    204,
    "The piece is there; `Location` comes with the last one.",
    TUS_RESUMABLE | UPLOAD_OFFSET | UPLOAD_EXPIRES | LOCATION_OF_JOB,
)
_APPEND = takes(TAKES_TUS_RESUMABLE, TAKES_UPLOAD_OFFSET, body=PIECE)


def _describe_protocol(operation_id: str) -> dict[str, Any]:
    told: Responses = nothing(204, "The protocol's abilities.", TUS_ABILITIES)
    return {"operation_id": operation_id, "responses": told, "status_code": 204}


@router.options(_RECORDS, **_describe_protocol("tellProtocol"))
@router.options(_PATH, **_describe_protocol("tellProtocolOfUpload"))
async def tell_protocol(services: WiredServices) -> Response:
    """Tell what of the protocol is spoken, and how long a recording may be."""
    headers = {
        "Tus-Version": tus.VERSION,
        "Tus-Extension": tus.EXTENSIONS,
        "Tus-Max-Size": str(services.settings.largest_upload_bytes),
    }
    return Response(status_code=204, headers=headers)


@router.post(
    _RECORDS,
    status_code=201,
    operation_id="beginUpload",
    responses=nothing(
        201,
        "The upload may begin, or has begun.",
        TUS_RESUMABLE | LOCATION_OF_UPLOAD | UPLOAD_EXPIRES | UPLOAD_OFFSET,
    )
    | problems(
        *_OF_PIECES,
        UnknownModel,
        UnknownLanguage,
        UnknownTask,
        EnglishOnly,
        NoRecording,
        ProtocolMismatch,
    ),
    openapi_extra=takes(
        TAKES_TUS_RESUMABLE,
        TAKES_UPLOAD_LENGTH,
        TAKES_UPLOAD_METADATA,
        body=PIECE,
        required=False,
    ),
)
async def begin_upload(request: Request, desk: CallersDesk) -> Response:
    """Begin an upload; what it is to be is checked now, before the recording is sent."""
    desk.require(Permission.CREATE)
    tus.check_version(request.headers)
    length = tus.parse_length(request.headers, largest_bytes=desk.settings.largest_upload_bytes)
    metadata = request.headers.get("upload-metadata", "")
    given = read_parameters([*request.query_params.multi_items(), *tus.parse_metadata(metadata)])
    asked = parse_asked(given, choices_of(desk), takes_source=False, short_names=True)
    upload = await desk.begin_upload(asked.order, length=length, metadata=metadata)
    headers = {"Location": f"{_RECORDS}/{upload.id}", **tus.expiry_header(upload.expiry_time)}
    if _has_piece(request):
        headers["Upload-Offset"] = str(await _append(request, desk, upload, 0))
    return Response(status_code=201, headers=headers)


@router.head(
    _PATH,
    operation_id="measureUpload",
    responses=nothing(
        200,
        "How much has arrived.",
        TUS_RESUMABLE | UPLOAD_OFFSET | UPLOAD_LENGTH | UPLOAD_EXPIRES,
    )
    | problems(*_OF_UPLOADS),
    openapi_extra=takes(TAKES_TUS_RESUMABLE),
)
async def measure_upload(upload_id: str, request: Request, desk: CallersDesk) -> Response:
    """Tell how much of an upload has arrived."""
    tus.check_version(request.headers)
    upload = await desk.find_upload(upload_id)
    headers = {
        "Upload-Offset": str(await desk.tenant.resumable_uploads.measure(upload)),
        "Upload-Length": str(upload.length),
        "Cache-Control": "no-store",
        **tus.expiry_header(upload.expiry_time),
    }
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    return Response(status_code=200, headers=headers)


@router.patch(
    _PATH,
    status_code=204,
    operation_id="appendToUpload",
    responses=_APPENDED | problems(*_OF_APPENDING),
    openapi_extra=_APPEND,
)
async def append_to_upload(upload_id: str, request: Request, desk: CallersDesk) -> Response:
    """Take a piece; with the last one, the answer names the job."""
    tus.check_version(request.headers)
    if not _has_piece(request):
        raise UnsupportedPiece(f"A piece is sent as {tus.PIECE_TYPE}.")
    upload = await desk.find_upload(upload_id)
    length = await _append(request, desk, upload, tus.parse_offset(request.headers))
    headers = {"Upload-Offset": str(length), **tus.expiry_header(upload.expiry_time)}
    if length == upload.length:
        headers["Location"] = f"/v2/jobs/{upload.id}"
    return Response(status_code=204, headers=headers)


@router.delete(
    _PATH,
    status_code=204,
    operation_id="removeUpload",
    responses=nothing(204, "It is gone.", TUS_RESUMABLE)
    | problems(*_OF_UPLOADS, UploadComplete, UploadLocked),
    openapi_extra=takes(TAKES_TUS_RESUMABLE),
)
async def remove_upload(upload_id: str, request: Request, desk: CallersDesk) -> Response:
    """Remove an upload that is no job yet."""
    tus.check_version(request.headers)
    await desk.tenant.resumable_uploads.remove(await desk.find_upload(upload_id))
    return Response(status_code=204)


@router.post(
    _PATH,
    operation_id="actOnUpload",
    responses=nothing(200, "How much has arrived.", TUS_RESUMABLE | UPLOAD_OFFSET)
    | _APPENDED
    | problems(*_OF_APPENDING, UploadComplete),
    openapi_extra=takes(
        TAKES_TUS_RESUMABLE,
        TAKES_METHOD,
        {**TAKES_UPLOAD_OFFSET, "required": False},
        body=PIECE,
        required=False,
    ),
)
async def act_on_upload(upload_id: str, request: Request, desk: CallersDesk) -> Response:
    """Do what a client asks for that can send neither PATCH nor DELETE."""
    actions = {"PATCH": append_to_upload, "DELETE": remove_upload, "HEAD": measure_upload}
    method = request.headers.get("x-http-method-override", "").upper()
    if method not in actions:
        raise InvalidRequest("Send PATCH, HEAD or DELETE.")
    return await actions[method](upload_id, request, desk)


def _has_piece(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip() == tus.PIECE_TYPE


async def _append(request: Request, desk: Desk, upload: Upload, offset: int) -> int:
    uploads = desk.tenant.resumable_uploads
    await uploads.check_offset(upload, offset)
    # One more, for a limit of none would be the service's own.
    body = bound_body(request, desk.settings, largest_bytes=max(1, upload.length - offset))
    if offset == 0:
        try:
            await check_media(body)
        except InvalidRequest:
            await uploads.remove(upload)
            raise
    return await desk.append_to_upload(upload, offset, body)
