"""People are told of an end by the server on one machine, by the operator's own code."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from support.mailbox import USER, open_mailbox
from support.receiver import open_receiver, write_webhook
from support.service import free_port
from support.speech import librivox_clip
from support.standalone import Standalone
from support.waiting import wait_until

pytestmark = pytest.mark.integration

CLIP = librivox_clip("0880")


@pytest.fixture
def server(tmp_path: Path, weights: Path) -> Iterator[Standalone]:
    """A server that is not started yet."""
    standalone = Standalone(tmp_path, weights)
    try:
        yield standalone
    finally:
        standalone.close()


def transcribe(server: Standalone, file_name: str = "clip.flac") -> str:
    response = httpx.post(
        f"{server.url}/v1/transcribe",
        params={
            "model": "tiny.en",
            "email_callback": "desk@example.org",
            "webhook_id": "desk",
            "filename": quote(file_name),
        },
        content=CLIP.path.read_bytes(),
        headers={"Content-Type": "audio/flac"},
        timeout=180,
        trust_env=False,
    )
    assert response.status_code == 201, response.text
    job_id: str = response.json()["job_id"]
    return job_id


def sender(port: int) -> dict[str, str]:
    return {
        "EMAIL_SENDER_ADDRESS": USER,
        "EMAIL_SENDER_HOST": "127.0.0.1",
        "WAAS_EMAIL_SENDER_PORT": str(port),
        "WAAS_NOTIFICATION_RETRY_SECONDS": "1",
    }


def test_both_are_told_and_the_links_work(server: Standalone, tmp_path: Path) -> None:
    with open_mailbox() as mailbox, open_receiver() as receiver:
        list_file = write_webhook(tmp_path, receiver.url)
        variables = {"ALLOWED_WEBHOOKS_FILE": str(list_file), "BASE_URL": server.url}
        server.start(**variables, **sender(mailbox.port))

        job_id = transcribe(server, "Blåbær.flac")
        wait_until(lambda: mailbox.mails and receiver.calls, "both are told")

        assert mailbox.mails[0]["Subject"] == "Transcript ready: Blåbær.flac"
        links = [each for each in mailbox.mails[0].get_content().split() if "://" in each]
        assert len(links) == 5
        for link in links:
            assert httpx.get(link, trust_env=False).status_code == 200
        call = receiver.calls[0]
        assert f'"url": "{server.url}/v1/download/{job_id}"'.encode() in call.body
        assert call.headers["x-waas-signature"] == hashlib.sha256(b"t0ken" + call.body).hexdigest()


def test_neither_a_webhook_that_answers_500_nor_a_mail_server_that_is_away_costs_the_result(
    server: Standalone, tmp_path: Path
) -> None:
    mail_port = free_port()
    with open_receiver() as receiver:
        receiver.answers = [500, 500]
        list_file = write_webhook(tmp_path, receiver.url)
        server.start(ALLOWED_WEBHOOKS_FILE=str(list_file), **sender(mail_port))

        job_id = transcribe(server)
        wait_until(lambda: len(receiver.calls) >= 2, "the webhook has failed twice")

        assert server.get(f"/v1/jobs/{job_id}").json()["status"] == "finished"
        assert server.get(f"/v1/download/{job_id}?output=txt").status_code == 200
        wait_until(lambda: len(receiver.calls) == 3, "the webhook is told")
        # Killed and started anew, it goes on with the one that is left.
        server.kill()
        with open_mailbox(port=mail_port) as mailbox:
            server.start(ALLOWED_WEBHOOKS_FILE=str(list_file), **sender(mail_port))
            wait_until(lambda: mailbox.mails, "the mail is sent")
        bodies = {call.body for call in receiver.calls}
        assert len(bodies) == 1
        assert b'"success": true' in bodies.pop()
        (mail,) = mailbox.mails
        assert mail["Subject"].startswith("Transcript ready")
