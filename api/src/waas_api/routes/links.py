"""POST /v2/jobs/<id>/links."""

from datetime import timedelta
from urllib.parse import quote

from fastapi import APIRouter, Request
from pydantic import Field

from waas_api.access.callers import Permission, SharedJob
from waas_api.access.links import Link, sign_link
from waas_api.dependencies import CallersDesk
from waas_api.document.bodies import answered, takes
from waas_api.document.errors import problems
from waas_api.document.examples import LINK
from waas_api.document.schemas import schema_of
from waas_api.errors import InvalidRequest, JobNotFound, LinksOff, UploadStalled, UploadTooLarge
from waas_api.routes.incoming import read_short_body
from waas_contract.wire import Time, WireModel

router = APIRouter(tags=["jobs"])

_DAY_SECONDS = 24 * 3600


class LinkRequest(WireModel):
    """How long a link is wanted for."""

    lifetime_seconds: int = Field(default=_DAY_SECONDS, ge=1)


class LinkView(WireModel):
    """A link, and until when it works."""

    link: str
    """What `?link=` takes at the job and at each of its results."""

    path: str
    """The job's path with it."""

    expiration_time: Time


@router.post(
    "/v2/jobs/{job_id}/links",
    status_code=201,
    operation_id="createLink",
    responses=answered(LINK, status=201)
    | problems(InvalidRequest, JobNotFound, LinksOff, UploadStalled, UploadTooLarge),
    openapi_extra=takes(
        body={
            "application/json": {
                "schema": schema_of(LinkRequest),
                "example": {"lifetimeSeconds": 3600},
            }
        },
        required=False,
    ),
)
async def create_link(job_id: str, request: Request, desk: CallersDesk) -> LinkView:
    """Make a link by which anybody can read this job and its results until it expires."""
    job = await desk.find_job(job_id, Permission.CHANGE)
    settings = desk.settings
    if settings.link_secret is None:
        raise LinksOff(
            "This service makes no links: its administrator has set no WAAS_LINK_SECRET."
        )
    wanted = await read_short_body(request, settings, LinkRequest)
    lifetime_seconds = wanted.lifetime_seconds
    if lifetime_seconds > settings.longest_link_seconds:
        raise InvalidRequest(
            f"lifetimeSeconds is at most {settings.longest_link_seconds} on this service."
        )
    link = Link(
        desk.tenant.namespace,
        SharedJob(job.metadata.name, job.metadata.creation_timestamp),
        (desk.services.now() + timedelta(seconds=lifetime_seconds)).replace(microsecond=0),
    )
    text = sign_link(link, settings.link_secret.get_secret_value())
    return LinkView(
        link=text,
        path=f"/v2/jobs/{quote(job.metadata.name)}?link={text}",
        expiration_time=link.expiration_time,
    )
