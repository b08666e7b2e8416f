"""The api as a process on a real API server: its watch, its events and its end."""

import threading
from pathlib import Path

import httpx
import pytest

from support.event_reading import Event, parse_events
from support.kubernetes_api import transcription_job_resource, transcription_jobs_path
from support.service import Tenant, running_api
from support.waiting import wait_until

pytestmark = pytest.mark.integration


class Listener(threading.Thread):
    """Reads a stream of events until it ends."""

    def __init__(self, client: httpx.Client, path: str) -> None:
        super().__init__(daemon=True)
        self._address = client.base_url.join(path)
        self.text = ""
        self.start()

    def run(self) -> None:
        with httpx.stream("GET", self._address, timeout=180, trust_env=False) as answer:
            for piece in answer.iter_text():
                self.text += piece

    @property
    def events(self) -> list[Event]:
        return parse_events(self.text)

    def wait_for(self, count: int) -> None:
        wait_until(lambda: len(self.events) >= count, f"{count} events, not {self.text}")


def create(tenant: Tenant, name: str) -> None:
    source = {"key": f"{tenant.namespace}/{name}/audio/a"}
    tenant.api.create(
        transcription_jobs_path(tenant.namespace), transcription_job_resource(name, source=source)
    )


def set_phase(tenant: Tenant, name: str, phase: str) -> None:
    path = transcription_jobs_path(tenant.namespace, name)
    resource = tenant.api.get(path)
    tenant.api.request("PUT", f"{path}/status", {**resource, "status": {"phase": phase}})


def list_ids(client: httpx.Client) -> set[str]:
    answer = client.get("/v2/jobs")
    assert answer.status_code == 200, answer.text
    return {job["id"] for job in answer.json()["jobs"]}


def test_what_others_do_is_known_and_told(rest: httpx.Client, tenant: Tenant) -> None:
    every = Listener(rest, "/v2/events")
    wait_until(lambda: bool(every.text), "the stream is open")

    create(tenant, "a")
    # Known at once, whatever the watch has told by now.
    assert rest.get("/v2/jobs/a").json()["phase"] == "Pending"
    assert rest.get("/v1/jobs/a").json()["position_in_queue"] == 0
    one = Listener(rest, "/v2/jobs/a/events")
    one.wait_for(1)
    set_phase(tenant, "a", "Running")
    one.wait_for(2)
    assert rest.post("/v2/jobs/a/suspend").json()["suspended"]
    assert rest.get("/v2/jobs/a").json()["suspended"]
    set_phase(tenant, "a", "Succeeded")
    one.join(120)
    tenant.api.delete(transcription_jobs_path(tenant.namespace, "a"))
    wait_until(lambda: every.events[-1:] and every.events[-1].type == "deleted", "it is gone")

    assert not one.is_alive()
    assert one.events[-1].type == "end"
    assert rest.get("/v2/jobs/a").status_code == 404
    assert list_ids(rest) == set()


def test_an_api_server_that_restarts_is_watched_again(rest: httpx.Client, tenant: Tenant) -> None:
    create(tenant, "a")
    wait_until(lambda: list_ids(rest) == {"a"}, "a is listed")
    listener = Listener(rest, "/v2/events")
    wait_until(lambda: bool(listener.text), "the stream is open")

    tenant.control_plane.stop_apiserver()
    try:
        # What is known is told for some seconds yet; then that nothing is.
        wait_until(lambda: rest.get("/v2/jobs").status_code == 503, "the list is refused")
        assert rest.get("/v2/jobs/a").status_code == 503
        assert rest.get("/readyz").status_code == 503
    finally:
        tenant.control_plane.start_apiserver()
    wait_until(lambda: rest.get("/readyz").status_code == 200, "the api is ready again")
    create(tenant, "b")
    wait_until(lambda: list_ids(rest) == {"a", "b"}, "b is listed")
    listener.wait_for(1)

    assert listener.events[0].data["id"] == "b"


def test_listeners_do_not_keep_the_program(tenant: Tenant, tmp_path: Path) -> None:
    # If it waited for them, it would do so for longer than a test may take.
    with running_api(tenant, tmp_path, WAAS_LONGEST_SHUTDOWN_SECONDS="3600") as client:
        listeners = [Listener(client, "/v2/events") for _ in range(3)]
        wait_until(lambda: all(each.text for each in listeners), "all listen")
    for each in listeners:
        each.join(120)
        assert not each.is_alive()
