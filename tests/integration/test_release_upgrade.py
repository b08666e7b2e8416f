"""What an earlier release left in a cluster is taken over by today's operator."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from minio import Minio

from support.desk import Desk
from support.frozen_release import (
    NAMESPACE,
    RELEASES,
    Frozen,
    complete,
    make_namespace,
    read_release,
    thaw,
)
from support.kubernetes_api import secrets_path
from support.service import OperatorProcess, Tenant, running_operator
from waas_contract.reading import read_transcription_job

pytestmark = pytest.mark.integration


@pytest.fixture
def place(tenant: Tenant) -> Iterator[Tenant]:
    place = make_namespace(tenant)
    yield place
    tenant.api.delete(f"/api/v1/namespaces/{NAMESPACE}")


@pytest.fixture
def new_operator(place: Tenant, tmp_path: Path) -> Iterator[OperatorProcess]:
    with running_operator(place, tmp_path) as operator:
        yield operator


@pytest.mark.usefixtures("without_controllers")
@pytest.mark.parametrize("version", sorted(each.name for each in RELEASES.iterdir()))
def test_jobs_of_an_earlier_release_go_on_in_their_pods(
    version: str, place: Tenant, object_store: Minio, new_operator: OperatorProcess
) -> None:
    desk = Desk(place, object_store)
    left = {each.state: thaw(each, place.api) for each in read_release(version)}
    new_operator.start()
    new_operator.wait_until_ready()

    desk.change("suspended", suspend=False)
    desk.wait_for_phase("suspended", "Queued")
    for state in ("running", "suspended", "waiting"):
        complete(left[state], desk)
    for state in left:
        assert desk.wait_for_end(state)["status"]["phase"] == "Succeeded"

    assert uids_of_jobs(desk) == sorted(each.job["metadata"]["uid"] for each in left.values())
    assert desk.get("ended")["status"] == left["ended"].transcription_job["status"]
    assert place.api.items(secrets_path(NAMESPACE)) == []


def uids_of_jobs(desk: Desk) -> list[str]:
    return sorted(each["metadata"]["uid"] for each in desk.jobs())


@pytest.mark.parametrize("version", sorted(each.name for each in RELEASES.iterdir()))
def test_a_request_of_an_earlier_release_still_has_its_digest(version: str) -> None:
    digests = {each.state: digest_of(each) for each in read_release(version)}

    # A pod of that release names it in its manifest, which would answer nothing otherwise.
    assert digests == {each.state: each.item.spec_digest for each in read_release(version)}


def digest_of(frozen: Frozen) -> str:
    return read_transcription_job(frozen.transcription_job).spec.digest()
