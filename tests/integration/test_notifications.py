"""People are told of an end by the operator on a real API server: once as a rule, at least once."""

import hashlib
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.builders import make_manifest
from support.crashing_operator import CRASHED
from support.desk import Desk, condition
from support.kubernetes_api import Resource, transcription_jobs_path
from support.mailbox import USER, Mailbox, open_mailbox
from support.receiver import Receiver, open_receiver, write_webhook
from support.service import BUCKET, OperatorProcess, free_port
from support.waiting import wait_until
from waas_contract.object_keys import manifest_key
from waas_contract.reading import read_transcription_job

pytestmark = pytest.mark.integration

EMAIL = {"email": "desk@example.org"}
WEBHOOK = {"webhookId": "desk"}
BOTH = {**EMAIL, **WEBHOOK}


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with open_mailbox() as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with open_receiver() as running:
        yield running


def variables(folder: Path, receiver_port: int, mail_port: int) -> dict[str, str]:
    url = f"http://127.0.0.1:{receiver_port}/hook?key=hidden"
    return {
        "BASE_URL": "https://waas.example",
        "EMAIL_SENDER_ADDRESS": USER,
        "EMAIL_SENDER_HOST": "127.0.0.1",
        "WAAS_EMAIL_SENDER_PORT": str(mail_port),
        "ALLOWED_WEBHOOKS_FILE": str(write_webhook(folder, url)),
        "WAAS_NOTIFICATION_RETRY_SECONDS": "1",
    }


def create(desk: Desk, name: str, notifications: dict[str, str], **spec: object) -> None:
    """Make a job whose results are there, so that it ends at the operator's first look."""
    key = f"{desk.tenant.namespace}/by-hand/clip.flac"
    source = {"key": key, "fileName": "Blåbær (1).flac"}
    asked = {"source": source, "notifications": notifications, **spec}
    metadata = {"name": name, "namespace": desk.tenant.namespace}
    job = read_transcription_job({"metadata": metadata, "spec": asked})
    content = json.dumps(make_manifest(job).to_wire()).encode()
    desk.store.put_object(
        BUCKET, manifest_key(desk.tenant.namespace, name), io.BytesIO(content), len(content)
    )
    # Last: an operator may already be there, and quicker than we are.
    desk.create(name, **asked)


def wait_for_notified(desk: Desk, name: str, *reasons: str) -> Resource:
    def look(resource: Resource) -> bool:
        conditions = resource.get("status", {}).get("conditions", [])
        return any(each["type"] == "Notified" and each["reason"] in reasons for each in conditions)

    found = desk.wait_for(name, f"Notified says {reasons}", look, timeout_seconds=90)
    return condition(found, "Notified")


def test_a_success_is_mailed_and_posted_once(
    desk: Desk,
    operator: OperatorProcess,
    tmp_path: Path,
    mailbox: Mailbox,
    receiver: Receiver,
) -> None:
    create(desk, "a", BOTH)
    create(desk, "b", BOTH, task="detect")

    operator.start(**variables(tmp_path, receiver.port, mailbox.port))
    notified = wait_for_notified(desk, "a", "Delivered")
    desk.wait_for_end("b")
    operator.programs[-1].kill()
    operator.start(**variables(tmp_path, receiver.port, mailbox.port))
    operator.wait_until_ready()
    time.sleep(2)  # another delivery would come in it

    assert notified["status"] == "True"
    (mail,) = mailbox.mails
    assert mail["Subject"] == "Transcript ready: Blåbær (1).flac"
    assert "https://waas.example/v1/download/a?output=srt" in mail.get_content()
    (call,) = receiver.calls
    assert call.body == (
        b'{"source": "waas", "job_id": "a", "success": true, '
        b'"url": "https://waas.example/v1/download/a", "filename": "Bl\\u00e5b\\u00e6r (1).flac"}'
    )
    assert call.headers["x-waas-signature"] == hashlib.sha256(b"t0ken" + call.body).hexdigest()
    assert call.headers["webhook-signature"].startswith("v1,")
    conditions = desk.get("b")["status"]["conditions"]
    assert "Notified" not in {each["type"] for each in conditions}, "detection tells nobody"


def test_receivers_that_are_away_at_first_are_told_later_and_the_job_stays_as_it_is(
    desk: Desk, operator: OperatorProcess, tmp_path: Path
) -> None:
    mail_port, receiver_port = free_port(), free_port()
    create(desk, "a", BOTH, ttlSecondsAfterFinished=1)
    program = operator.start(**variables(tmp_path, receiver_port, mail_port))

    notified = wait_for_notified(desk, "a", "Retrying")
    status = desk.wait_for(
        "a",
        "was tried twice",
        lambda found: all(
            each["attempts"] >= 2 for each in found["status"]["notifications"].values()
        ),
    )["status"]
    assert notified["status"] == "Unknown"
    assert "could not be reached (ConnectionRefusedError)" in notified["message"]
    assert status["phase"] == "Succeeded", "what is not delivered costs no result"
    text = json.dumps(status) + program.output()
    assert not any(each in text for each in ("hidden", "t0ken", "desk@example.org"))

    with open_receiver(receiver_port) as receiver, open_mailbox(port=mail_port) as mailbox:
        receiver.answers = [500]
        path = transcription_jobs_path(desk.tenant.namespace, "a")
        # Its time to live was over long ago, and waited for this.
        wait_until(lambda: desk.tenant.api.find(path) is None, "all are told and it is gone")

    assert [each["To"] for each in mailbox.mails] == ["desk@example.org"]
    assert len(receiver.calls) == 2
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 1
    assert program.process.poll() is None


@pytest.mark.parametrize(
    ("crash_at", "deliveries"),
    [
        # Refused at once: the Secret's deletion, the end, the attempt that begins, its outcome.
        ("after:2", 1),
        ("after:3", 1),
        ("before:4", 2),
        ("after:4", 1),
    ],
)
def test_an_operator_that_dies_on_the_way_delivers_at_least_once(
    desk: Desk,
    operator: OperatorProcess,
    tmp_path: Path,
    receiver: Receiver,
    crash_at: str,
    deliveries: int,
) -> None:
    source = {"key": f"{desk.tenant.namespace}/by-hand/clip.flac"}
    desk.create("a", source=source, profile="huge", notifications=WEBHOOK)
    settings = variables(tmp_path, receiver.port, free_port())
    program = operator.start("support.crashing_operator", CRASH_AT=crash_at, **settings)
    assert program.process.wait(timeout=180) == CRASHED, program.output()

    operator.start(**settings)

    wait_for_notified(desk, "a", "Delivered")
    assert len(receiver.calls) == deliveries
    assert {call.body for call in receiver.calls} == {
        b'{"source": "waas", "job_id": "a", "success": false}'
    }
    assert desk.get("a")["status"]["phase"] == "Failed"


def test_a_receiver_that_stalls_keeps_no_other_job_waiting(
    desk: Desk, operator: OperatorProcess, tmp_path: Path, receiver: Receiver
) -> None:
    receiver.is_stalling = True
    settings = variables(tmp_path, receiver.port, free_port())
    operator.start(**settings, WAAS_NOTIFICATION_CONCURRENCY="1", WAAS_RECONCILE_CONCURRENCY="1")
    for name in ("a", "b", "c"):
        create(desk, name, WEBHOOK)
    wait_until(lambda: receiver.calls, "the receiver is called")

    create(desk, "d", {})
    desk.wait_for_end("d")

    # The receiver holds the first call for ten seconds, and the next one after it.
    assert condition(desk.get("c"), "Notified")["reason"] == "Delivering"


def test_two_operators_at_once_leave_nobody_out(
    desk: Desk, operator: OperatorProcess, tmp_path: Path, receiver: Receiver
) -> None:
    settings = variables(tmp_path, receiver.port, free_port())
    for _ in range(2):
        operator.start(**settings)
        operator.wait_until_ready()
    names = [f"job-{number}" for number in range(5)]
    for name in names:
        create(desk, name, WEBHOOK)

    for name in names:
        wait_for_notified(desk, name, "Delivered")

    # At least once is the promise; that one of them acts at a time is the Lease's.
    told = {json.loads(call.body)["job_id"] for call in receiver.calls}
    assert told == set(names)
