"""DELETE /v2/jobs?owner=me."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from waas_api.access.callers import Permission
from waas_api.dependencies import CallersDesk
from waas_api.document.bodies import answered
from waas_api.document.errors import problems
from waas_api.errors import InvalidRequest, StorageUnavailable
from waas_api.jobs.erasure import erase_jobs_of
from waas_contract.wire import WireModel

router = APIRouter(tags=["jobs"])


class Erased(WireModel):
    """How many of the caller's jobs are gone, and how many are not yet."""

    deleted: int
    remaining: int
    """Those that are still ending; ask again until there is none."""


_ALL = answered({"deleted": 12, "remaining": 0})
_SOME = answered(
    {"deleted": 11, "remaining": 1}, status=202, description="Some are still ending: ask again."
)


@router.delete(
    "/v2/jobs",
    operation_id="deleteOwnJobs",
    responses={**_ALL, 202: {"model": Erased, **_SOME[202]}}
    | problems(InvalidRequest, StorageUnavailable),
)
async def delete_own_jobs(
    response: Response,
    desk: CallersDesk,
    owner: Annotated[Literal["me"], Query(description="Whose they are.")],
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
