"""What a webhook is sent, to the byte."""

import base64
import json
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from pydantic import AnyHttpUrl, SecretStr

from support.builders import UID, make_transcription_job
from waas_contract.job_status import Phase, TranscriptionJobStatus
from waas_contract.transcription_job import TranscriptionJob
from waas_contract.webhooks import AllowedWebhook
from waas_operator.webhook_messages import build_webhook_message, render_body, sign

BASE_URL = "https://waas.example/speech"
AT = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
DESK = AllowedWebhook(
    id="desk", url=AnyHttpUrl("https://desk.example/hook"), token=SecretStr("open-sesame")
)


def ended(phase: Phase, file_name: str | None = "Blåbær (1)") -> TranscriptionJob:
    source = {"key": "newsroom/interview/audio/a.mp3", "file_name": file_name}
    return make_transcription_job(source=source, status=TranscriptionJobStatus(phase=phase))


@pytest.mark.parametrize(
    ("job", "body"),
    [
        (
            ended(Phase.SUCCEEDED),
            b'{"source": "waas", "job_id": "interview", "success": true, '
            b'"url": "https://waas.example/speech/v1/download/interview", '
            b'"filename": "Bl\\u00e5b\\u00e6r (1)"}',
        ),
        (
            ended(Phase.SUCCEEDED, None),
            b'{"source": "waas", "job_id": "interview", "success": true, '
            b'"url": "https://waas.example/speech/v1/download/interview", '
            b'"filename": "untitled-transcription"}',
        ),
        (ended(Phase.FAILED), b'{"source": "waas", "job_id": "interview", "success": false}'),
        (ended(Phase.CANCELLED), b'{"source": "waas", "job_id": "interview", "success": false}'),
    ],
)
def test_the_body_is_the_old_services(job: TranscriptionJob, body: bytes) -> None:
    assert render_body(job, BASE_URL) == body
    # As receivers of the old service check it.
    assert json.dumps(json.loads(body)).encode() == body


def test_without_a_base_url_the_address_is_a_path() -> None:
    body = json.loads(render_body(ended(Phase.SUCCEEDED), ""))

    assert body["url"] == "/v1/download/interview"


def test_a_message_is_signed_twice() -> None:
    message = build_webhook_message(ended(Phase.FAILED), DESK, base_url=BASE_URL, now=AT)

    assert message.url == "https://desk.example/hook"
    assert message.body == b'{"source": "waas", "job_id": "interview", "success": false}'
    # By `printf '%s%s' open-sesame "$BODY" | sha256sum` and `openssl dgst -sha256 -hmac`.
    assert message.headers == {
        "Content-Type": "application/json",
        "X-WAAS-Signature": "4a467b67d17a5567424f00a36ae8f81b548c1c5b12fdfad96d0f91752bd7541b",
        "webhook-id": f"{UID}.webhook",
        "webhook-timestamp": "1795348800",
        "webhook-signature": "v1,23zuoI6rsSWyY78v56aYIu8CidccMWNsIHn/05M+Vwg=",
    }


def test_the_signature_is_the_one_of_the_standards_own_example() -> None:
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    signature = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_token_with_a_prefix_signs_by_what_it_encodes_and_the_old_way_by_itself() -> None:
    token = "whsec_" + base64.b64encode(b"open-sesame").decode()
    encoded = DESK.model_copy(update={"token": SecretStr(token)})

    plain, other = (
        build_webhook_message(ended(Phase.FAILED), each, base_url=BASE_URL, now=AT)
        for each in (DESK, encoded)
    )

    assert plain.headers["webhook-signature"] == other.headers["webhook-signature"]
    old = sha256(token.encode() + other.body).hexdigest()
    assert other.headers["X-WAAS-Signature"] == old


def test_another_attempt_has_the_same_id_and_another_time() -> None:
    one, other = (
        build_webhook_message(ended(Phase.FAILED), DESK, base_url=BASE_URL, now=time).headers
        for time in (AT, datetime(2026, 11, 22, 12, 1, 0, tzinfo=UTC))
    )

    assert one["webhook-id"] == other["webhook-id"]
    assert one["webhook-timestamp"] != other["webhook-timestamp"]
    assert one["webhook-signature"] != other["webhook-signature"]
    assert one["X-WAAS-Signature"] == other["X-WAAS-Signature"]
