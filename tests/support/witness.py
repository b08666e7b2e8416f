"""Sees from outside what becomes of TranscriptionJobs, above all what must never happen to one."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from support.kubernetes_api import Refusal, Resource, jobs_path, transcription_jobs_path
from support.service import Tenant
from waas_contract.job_status import Phase

_POLL_SECONDS = 0.2


@dataclass
class Witness:
    """What was seen in one namespace by looking time and again."""

    tenant: Tenant
    jobs_of: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The uids of all Jobs that each TranscriptionJob ever had."""

    ends: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The phase in which each ended, and when."""

    changed_ends: list[str] = field(default_factory=list)
    """Those whose end changed afterwards."""

    first_look: float = field(default_factory=time.monotonic)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self._stopped.wait(_POLL_SECONDS):
            try:
                self.look()
            except (Refusal, httpx.TransportError):
                continue  # the API server is away for a while, as the test wants it

    def look(self) -> None:
        api, namespace = self.tenant.api, self.tenant.namespace
        for job in api.items(jobs_path(namespace)):
            for owner in job["metadata"].get("ownerReferences", []):
                self.jobs_of[owner["name"]].add(job["metadata"]["uid"])
        for resource in api.items(transcription_jobs_path(namespace)):
            self._note_end(resource)

    def _note_end(self, resource: Resource) -> None:
        name, status = resource["metadata"]["name"], resource.get("status", {})
        phase = status.get("phase", Phase.PENDING)
        known = self.ends.get(name)
        if known is None and Phase(phase).is_final:
            self.ends[name] = (phase, status["completionTime"])
        elif known is not None and known != (phase, status.get("completionTime")):
            self.changed_ends.append(f"{name}: {known} became {phase}")

    def stop(self) -> None:
        self._stopped.set()


@contextmanager
def witnessing(tenant: Tenant) -> Iterator[Witness]:
    """Look at a namespace until the end."""
    witness = Witness(tenant)
    thread = threading.Thread(target=witness.run, daemon=True)
    thread.start()
    try:
        yield witness
    finally:
        witness.stop()
        thread.join(30)
