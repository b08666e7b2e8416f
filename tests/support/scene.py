"""One TranscriptionJob, the reconciler that looks after it, and what they find around them."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from support.builders import NOW, make_manifest, make_settings, make_transcription_job
from support.fake_cluster import FakeCluster, FakeStore
from support.kubernetes_api import Resource
from support.kubernetes_objects import make_pod_resource
from waas_contract.job_status import ConditionType, TranscriptionJobStatus
from waas_operator.keeping import Keeper
from waas_operator.reconcile import Key, Reconciler
from waas_operator.settings import Settings

_KEY = Key("newsroom", "interview")
MANIFEST_KEY = "newsroom/interview/manifest.json"
RECORD_KEY = "newsroom/interview/record.json"
PROGRESS_KEY = "newsroom/interview/state/progress.json"


class Scene:
    """One TranscriptionJob, the world around it and a clock."""

    def __init__(self, settings: Settings | None = None, **spec: Any) -> None:
        self.now: datetime = NOW
        self.elapsed = 0.0
        self.cluster = FakeCluster(NOW)
        self.settings = settings or make_settings()
        self.store = FakeStore(timedelta(seconds=self.settings.url_lifetime_seconds))
        self.restart()
        self.cluster.put(make_transcription_job(**spec))

    def restart(self, tell: Callable[[Key], None] = lambda _: None) -> None:
        """Have a new operator, which remembers nothing."""
        world = (self.cluster, self.store, self.settings, lambda: self.now)
        self.ended: list[Key] = []
        self.reconciler = Reconciler(*world, hand_over=self.ended.append)
        self.keeper = Keeper(*world, tell=tell, monotonic=lambda: self.elapsed)

    @property
    def status(self) -> TranscriptionJobStatus:
        return self.cluster.status("interview")

    @property
    def phase(self) -> str:
        return self.status.phase

    def condition(self, condition_type: ConditionType) -> tuple[str, str, str]:
        found = self.status.condition(condition_type)
        assert found
        return found.status, found.reason, found.message

    async def step(self, seconds: float = 0) -> tuple[list[str], float | None]:
        """Return what a look some seconds later wrote, and when it wants another."""
        self.now += timedelta(seconds=seconds)
        self.elapsed += seconds
        self.cluster.now = self.now
        self.cluster.writes.clear()
        next_look_seconds = await self.reconciler.reconcile(_KEY)
        while self.ended:
            next_look_seconds = await self.keeper.look_after(self.ended.pop())
        return list(self.cluster.writes), next_look_seconds

    def publish(self, **changes: object) -> None:
        manifest = make_manifest(make_transcription_job(), **changes)
        self.store.notes[MANIFEST_KEY] = json.dumps(manifest.to_wire()).encode()

    def note_progress(self, content: str) -> None:
        self.store.notes[PROGRESS_KEY] = content.encode()

    def set_pod(self, state: Resource, name: str = "first") -> None:
        self.cluster.pods[name] = make_pod_resource(name=name, state=state, phase="Running")
