"""What the routes work with, and how they get it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from waas_api.object_storage import ObjectStorage
from waas_api.readiness import Readiness
from waas_api.settings import Settings
from waas_api.transcription_jobs import TranscriptionJobs
from waas_api.uploads import Uploads
from waas_api.waiting_line import WaitingLine


@dataclass(frozen=True)
class Services:
    """Everything that `create_app` wired together."""

    settings: Settings
    webhook_ids: frozenset[str]
    object_storage: ObjectStorage
    transcription_jobs: TranscriptionJobs
    uploads: Uploads
    waiting_line: WaitingLine
    readiness: Readiness
    new_id: Callable[[], str]
    now: Callable[[], datetime]


def _get_services(request: Request) -> Services:
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


WiredServices = Annotated[Services, Depends(_get_services)]
