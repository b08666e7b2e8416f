"""DELETE /v2/jobs?owner=me."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from waas_api.callers import Permission
from waas_api.dependencies import CallersDesk
from waas_api.erasure import erase_jobs_of
from waas_api.errors import InvalidRequest
from waas_contract.wire import WireModel

router = APIRouter()


class Erased(WireModel):
    """How many of the caller's jobs are gone, and how many are not yet."""

    deleted: int
    remaining: int
    """Those that are still ending; ask again until there is none."""


@router.delete("/v2/jobs", responses={202: {"model": Erased}})
async def delete_own_jobs(
    response: Response, desk: CallersDesk, owner: Annotated[Literal["me"], Query()]
) -> Erased:
    """Cancel and delete all jobs of the caller's own, with their recordings and transcripts."""
    assert owner == "me"
    desk.require(Permission.CHANGE)
    desk.require(Permission.DELETE)
    if desk.caller.owner is None:
        raise InvalidRequest(
            "Nobody logs in here, so that no job is anybody's own. Delete jobs one by one."
        )
    erasure = await erase_jobs_of(
        desk.caller.owner, desk.services.object_storage, desk.tenant.transcription_jobs
    )
    if erasure.remaining:
        response.status_code = 202
    return Erased(deleted=erasure.deleted, remaining=erasure.remaining)
