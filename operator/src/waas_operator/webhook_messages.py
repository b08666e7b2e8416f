"""What a webhook is sent: the old service's bytes and signature, and beside it Standard Webhooks'.

Receivers of the old service read the body anew and compare, so that the order of its keys, its
spaces and its escapes count. The scheme is told on https://www.standardwebhooks.com. Pure.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from waas_contract.job_status import Phase
from waas_contract.transcription_job import TranscriptionJob
from waas_contract.webhooks import AllowedWebhook

UNTITLED = "untitled-transcription"
"""The old service's name for a recording that has none."""


@dataclass(frozen=True)
class WebhookMessage:
    """One request to a receiver."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def build_webhook_message(
    transcription_job: TranscriptionJob,
    webhook: AllowedWebhook,
    *,
    base_url: str,
    now: datetime,
) -> WebhookMessage:
    """Return what is sent about a job that has ended; `base_url` has no slash at its end."""
    body = render_body(transcription_job, base_url)
    message_id = f"{transcription_job.metadata.uid}.webhook"
    timestamp = str(int(now.timestamp()))
    return WebhookMessage(
        url=str(webhook.url),
        headers={
            "Content-Type": "application/json",
            "X-WAAS-Signature": sign_as_the_old_service(webhook.token.get_secret_value(), body),
            # The same at each attempt, so that a receiver knows one that it has seen.
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": sign(webhook.signing_key(), message_id, timestamp, body),
        },
        body=body,
    )


def render_body(transcription_job: TranscriptionJob, base_url: str) -> bytes:
    """Return the old service's body; a job that was cancelled counts as one that failed."""
    name = transcription_job.metadata.name
    has_succeeded = transcription_job.phase is Phase.SUCCEEDED
    told: dict[str, object] = {"source": "waas", "job_id": name, "success": has_succeeded}
    if has_succeeded:
        told["url"] = f"{base_url}/v1/download/{name}"
        told["filename"] = transcription_job.spec.source.file_name or UNTITLED
    return json.dumps(told).encode()


def sign_as_the_old_service(token: str, body: bytes) -> str:
    """Return the SHA-256 of token and body, in hexadecimal digits."""
    return hashlib.sha256(token.encode() + body).hexdigest()


def sign(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """Return the signature of Standard Webhooks, version 1."""
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}"
