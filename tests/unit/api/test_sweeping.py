"""What nobody is at any more is looked for in every tenant, asked for or not."""

from collections import defaultdict
from datetime import timedelta

from fastapi import FastAPI

from support.api_builders import NAMESPACE, NOW, make_settings, make_spec, make_status, wait_for
from support.fake_object_storage import FakeObjectStorage
from support.fake_transcription_jobs import FakeTranscriptionJobs
from support.logins import OTHER_NAMESPACE
from waas_api.app import create_app
from waas_api.jobs.awaited_jobs import AWAITED_LABELS
from waas_contract.job_status import Phase
from waas_contract.names import AWAITED_UNTIL_ANNOTATION
from waas_contract.object_keys import audio_key, held_key


class Service:
    """An app that serves two tenants, of which nobody asks for the second."""

    def __init__(self, **settings: object) -> None:
        self.storage = FakeObjectStorage()
        self.jobs: dict[str, FakeTranscriptionJobs] = defaultdict(FakeTranscriptionJobs)
        self.app: FastAPI = create_app(
            make_settings(namespaces=f"{NAMESPACE},{OTHER_NAMESPACE}", **settings),
            object_storage=self.storage,
            transcription_jobs=lambda namespace: self.jobs[namespace],
            now=lambda: NOW,
        )


async def test_a_held_recording_goes_once_no_request_can_be_at_it_any_more() -> None:
    service = Service(longest_upload_seconds=3600, longest_upload_wait_seconds=0)
    old = held_key(OTHER_NAMESPACE, "old", NOW - timedelta(hours=2, seconds=1))
    kept = {
        held_key(OTHER_NAMESPACE, "young", NOW - timedelta(hours=2)),
        held_key(OTHER_NAMESPACE, "of-a-fast-clock", NOW + timedelta(hours=1)),
        f"{OTHER_NAMESPACE}/_held/somebody-elses",
        audio_key(OTHER_NAMESPACE, "1-job", "a.mp3"),
    }
    service.storage.objects.update(dict.fromkeys({old, *kept}, b"sound"))

    async with service.app.router.lifespan_context(service.app):
        await wait_for(lambda: old not in service.storage.objects, "the old one is gone")

    assert set(service.storage.objects) == kept


async def test_a_job_that_nobody_waits_for_is_cancelled_though_nobody_asks_for_its_tenant() -> None:
    service = Service(openai_grace_seconds=0.01)
    jobs = service.jobs[OTHER_NAMESPACE]
    past = (NOW - timedelta(seconds=1)).isoformat()
    jobs.put(
        "abandoned",
        make_spec(),
        make_status(Phase.RUNNING),
        labels=AWAITED_LABELS,
        annotations={AWAITED_UNTIL_ANNOTATION: past},
    )

    async with service.app.router.lifespan_context(service.app):
        await wait_for(lambda: jobs.jobs["abandoned"].spec.cancelled, "it is cancelled")
