"""POST /v2/jobs/<id>/links."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Body
from pydantic import Field

from waas_api.callers import Permission, SharedJob
from waas_api.dependencies import CallersDesk
from waas_api.errors import InvalidRequest, LinksOff
from waas_api.links import Link, sign_link
from waas_contract.wire import Time, WireModel

router = APIRouter()

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


@router.post("/v2/jobs/{job_id}/links", status_code=201)
async def create_link(
    job_id: str, desk: CallersDesk, wanted: Annotated[LinkRequest | None, Body()] = None
) -> LinkView:
    """Make a link by which anybody can read this job and its results until it expires."""
    job = await desk.find_job(job_id, Permission.CHANGE)
    settings = desk.settings
    if settings.link_secret is None:
        raise LinksOff(
            "This service makes no links: its administrator has set no WAAS_LINK_SECRET."
        )
    lifetime_seconds = (wanted or LinkRequest()).lifetime_seconds
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
