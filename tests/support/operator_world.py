"""What happens around the operator: Job controller, kubelet, people and misfortunes."""

import json
from datetime import timedelta
from typing import Any

from support.builders import (
    CHILD_NAME,
    NOW,
    make_manifest,
    make_settings,
    make_transcription_job,
)
from support.fake_cluster import Crashed, FakeCluster, FakeStore
from support.kubernetes_api import Resource
from support.kubernetes_objects import make_condition, make_pod_resource, running, terminated
from waas_contract.exit_codes import FREE_EXIT_CODES, PERMANENT_EXIT_CODES, ExitCode
from waas_contract.job_status import TranscriptionJobStatus
from waas_contract.manifest import Outcome
from waas_contract.object_keys import manifest_key, progress_key
from waas_operator.errors import Conflict, OperatorError, Refused
from waas_operator.keeping import Keeper
from waas_operator.observation import KUEUE_QUEUE_LABEL
from waas_operator.reconcile import Key, Reconciler

_NAME = "interview"
_CRASHES = [(moment, number) for number in (1, 2, 3) for moment in ("before", "after")]


class World:
    """One TranscriptionJob; an event that cannot happen now does nothing."""

    def __init__(self, *, queue_names: dict[str, str] | None = None, **spec: Any) -> None:
        self.now = NOW
        self.cluster = FakeCluster(NOW)
        self.store = FakeStore(timedelta(seconds=600))
        self.settings = make_settings(queue_names=queue_names or {})
        self.pods_made = 0
        self.failures_charged = 0
        self.successes = 0
        """How many pods stored a whole transcript; one is enough."""

        self.cluster.put(make_transcription_job(backoff_limit=1, **spec))

    @property
    def status(self) -> TranscriptionJobStatus:
        return self.cluster.status(_NAME)

    @property
    def has_partial_manifest(self) -> bool:
        known = self.store.notes.get(manifest_key("newsroom", _NAME))
        return known == self._manifest(Outcome.PARTIAL)

    @property
    def has_fitting_manifest(self) -> bool:
        return self.store.notes.get(manifest_key("newsroom", _NAME)) == self._manifest()

    async def happen(self, event: str) -> None:
        """Let something happen: the name of a method, with its argument after a colon."""
        name, _, argument = event.partition(":")
        if name == "reconcile":
            await self.reconcile()
        elif name == "crash":
            self.cluster.crash_at = _CRASHES[int(argument)]  # type: ignore[assignment] # literals
            await self.reconcile()
            self.cluster.crash_at = None
        elif argument:
            getattr(self, name)(int(argument))
        else:
            getattr(self, name)()

    async def reconcile(self) -> None:
        """Let a new operator look, as a queue would: what fails is left for another time."""
        self.cluster.now = self.now
        world = (self.cluster, self.store, self.settings, lambda: self.now)
        ended: list[Key] = []
        try:
            await Reconciler(*world, hand_over=ended.append).reconcile(Key("newsroom", _NAME))
            for key in ended:
                await Keeper(*world).look_after(key)
        except (OperatorError, Crashed):
            return

    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def pod_is_made(self) -> None:
        job = self._working_job()
        if job and not self._live_pod():
            self.pods_made += 1
            name = f"{CHILD_NAME}-{self.pods_made:05}"
            self.cluster.pods[name] = make_pod_resource(name=name, creation_time=self.now)

    def pod_starts(self) -> None:
        self.pod_is_made()
        if pod := self._live_pod():
            name = pod["metadata"]["name"]
            self.cluster.pods[name] = make_pod_resource(
                name=name, creation_time=self.now, phase="Running", state=running(self.now)
            )
            self.store.notes[progress_key("newsroom", _NAME)] = json.dumps(
                {"processedSeconds": 5, "durationSeconds": 9, "updatedTime": str(self.now)}
            ).encode()

    def pod_ends(self, exit_code: int) -> None:
        pod, job = self._live_pod(), self._working_job()
        if not pod or "containerStatuses" not in pod["status"]:
            return
        if exit_code == 0 and self.store.is_away:
            exit_code = ExitCode.STORAGE_UNAVAILABLE
        pod["status"]["phase"] = "Failed" if exit_code else "Succeeded"
        pod["status"]["containerStatuses"][0]["state"] = terminated(exit_code, finish_time=self.now)
        if exit_code == 0:
            self.successes += 1
            self.store.notes[manifest_key("newsroom", _NAME)] = self._manifest()
        if job:
            self._count(job, exit_code)

    def pod_is_stopped(self) -> None:
        """Have a pod told to end: it stores what it has heard, and is not to blame."""
        pod = self._live_pod()
        if not pod or "containerStatuses" not in pod["status"]:
            return
        pod["status"]["phase"] = "Failed"
        pod["status"]["conditions"] = [make_condition("DisruptionTarget")]
        state = terminated(ExitCode.INTERRUPTED, finish_time=self.now)
        pod["status"]["containerStatuses"][0]["state"] = state
        if not self.store.is_away:
            self.store.notes[manifest_key("newsroom", _NAME)] = self._manifest(Outcome.PARTIAL)

    def pod_is_lost(self) -> None:
        if pod := self._live_pod():
            pod["status"]["phase"] = "Failed"
            pod["status"]["conditions"] = [make_condition("DisruptionTarget")]

    def job_completes_without_results(self) -> None:
        if job := self._working_job():
            self._close(job, "Complete", "CompletionsReached")

    def job_runs_out_of_time(self) -> None:
        if job := self._working_job():
            self.cluster.pods.clear()
            self._close(job, "Failed", "DeadlineExceeded")

    def store_goes_away(self) -> None:
        self.store.is_away = True

    def store_comes_back(self) -> None:
        self.store.is_away = False

    def another_requests_manifest_appears(self) -> None:
        manifest = make_manifest(make_transcription_job(), spec_digest="sha256:0")
        key = manifest_key("newsroom", _NAME)
        self.store.notes.setdefault(key, json.dumps(manifest.to_wire()).encode())

    def somebody_cancels(self) -> None:
        self.cluster.change(_NAME, cancelled=True)

    def somebody_suspends(self) -> None:
        self.cluster.change(_NAME, suspend=True)

    def somebody_resumes(self) -> None:
        self.cluster.change(_NAME, suspend=False)

    def kueue_admits(self) -> None:
        for job in self.cluster.jobs.values():
            if KUEUE_QUEUE_LABEL in job["metadata"]["labels"]:
                job["spec"]["suspend"] = False

    def kueue_evicts(self) -> None:
        """Have Kueue take the place back; the Job controller ends the pods."""
        for job in self.cluster.jobs.values():
            if KUEUE_QUEUE_LABEL in job["metadata"]["labels"]:
                self.pod_is_stopped()
                self.cluster.pods.clear()
                job["spec"]["suspend"] = True

    def somebody_deletes_the_job(self) -> None:
        for job in self.cluster.jobs.values():
            job["metadata"]["deletionTimestamp"] = "2026-11-22T12:00:00Z"

    def deletion_ends(self) -> None:
        if any("deletionTimestamp" in job["metadata"] for job in self.cluster.jobs.values()):
            self.pod_is_stopped()
            self.cluster.jobs.clear()
            self.cluster.pods.clear()
            self.failures_charged = 0

    def next_write_of_a_status_conflicts(self) -> None:
        self.cluster.failures["replace_status"] = Conflict("changed in between")

    def next_job_is_refused(self) -> None:
        self.cluster.failures["create_job"] = Refused("no quota")

    async def come_to_rest(self) -> None:
        """Let everything go well for long enough."""
        self.store_comes_back()
        self.somebody_resumes()
        self.cluster.failures.clear()
        for _ in range(6):
            self.deletion_ends()
            self.time_passes(61)
            await self.reconcile()
            self.kueue_admits()
            self.pod_starts()
            await self.reconcile()
            self.pod_ends(0)
            await self.reconcile()

    def _manifest(self, outcome: Outcome = Outcome.COMPLETE) -> bytes:
        manifest = make_manifest(self.cluster.transcription_jobs[_NAME], outcome=outcome)
        return json.dumps(manifest.to_wire()).encode()

    def _working_job(self) -> Resource | None:
        for job in self.cluster.jobs.values():
            is_closed = bool(job.get("status", {}).get("conditions"))
            is_deleted = "deletionTimestamp" in job["metadata"]
            if not (is_closed or is_deleted or job["spec"]["suspend"]):
                return job
        return None

    def _live_pod(self) -> Resource | None:
        pods = self.cluster.pods.values()
        return next((p for p in pods if p["status"]["phase"] in ("Pending", "Running")), None)

    def _count(self, job: Resource, exit_code: int) -> None:
        if exit_code == 0:
            self._close(job, "Complete", "CompletionsReached")
        elif exit_code in PERMANENT_EXIT_CODES:
            self._close(job, "Failed", "PodFailurePolicy")
        elif exit_code not in FREE_EXIT_CODES:
            self.failures_charged += 1
            if self.failures_charged > job["spec"]["backoffLimit"]:
                self._close(job, "Failed", "BackoffLimitExceeded")

    def _close(self, job: Resource, condition_type: str, reason: str) -> None:
        condition = make_condition(condition_type, time=self.now, reason=reason)
        job["status"] = {"conditions": [condition]}
