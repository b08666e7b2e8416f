"""Tells people of a job's end, one attempt a call, and writes down what came of it.

What decides when is in `notification_policy`; the reconcile calls when something is due. Delivered
at least once: who dies after a delivery and before its note delivers once more, under the same
message id.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from waas_contract.job_status import TranscriptionJobStatus
from waas_contract.log_lines import log_fields
from waas_contract.notification_settings import NotificationSettings
from waas_contract.transcription_job import Notifications, TranscriptionJob
from waas_contract.webhooks import AllowedWebhook
from waas_operator.errors import DeliveryFailed
from waas_operator.notification_policy import (
    Channel,
    Outcome,
    Schedule,
    find_due,
    note_attempts,
    note_outcomes,
)
from waas_operator.notification_texts import build_mail
from waas_operator.reconcile import Key
from waas_operator.seams import Cluster, MailSender, WebhookSender
from waas_operator.webhook_messages import build_webhook_message

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Senders:
    """How people are reached; whoever composes a program fills it in."""

    mail: MailSender | None
    """None where the administrator named no mail server."""

    webhook: WebhookSender
    webhooks: Mapping[str, AllowedWebhook]
    """The administrator's list, by id."""


@dataclass(frozen=True)
class _Unwritten:
    """What came of attempts, until the status says so."""

    uid: str
    outcomes: Mapping[Channel, Outcome]


class Notifier:
    """Delivers what is due of one TranscriptionJob; never two calls for one key at once."""

    def __init__(
        self,
        cluster: Cluster,
        senders: Senders,
        settings: NotificationSettings,
        clock: Callable[[], datetime],
    ) -> None:
        """Take the seams to the world; `clock` gives whole seconds in UTC."""
        self._cluster = cluster
        self._senders = senders
        self._base_url = str(settings.base_url or "").rstrip("/")
        self._schedule = Schedule(
            settings.notification_retry_seconds, settings.notification_patience_seconds
        )
        self._clock = clock
        self._unwritten: dict[Key, _Unwritten] = {}

    async def notify(self, key: Key) -> float | None:
        """Make the attempts that are due; the status says when the next ones are."""
        if key in self._unwritten:
            # Written before anything else is sent: nobody is to hear it twice.
            await self._write_outcomes(key)
        transcription_job = await self._find(key)
        if transcription_job is None:
            return None
        status = transcription_job.status or TranscriptionJobStatus()
        now, uid = self._clock(), transcription_job.metadata.uid
        due = find_due(status, now)
        if not due:
            return None
        begun = note_attempts(status, due, uid=uid, schedule=self._schedule, now=now)
        # Another operator at the same job conflicts here, before either has sent anything.
        await self._cluster.replace_status(transcription_job, begun)
        outcomes = await asyncio.gather(
            *(self._deliver(transcription_job, channel) for channel in due)
        )
        self._unwritten[key] = _Unwritten(uid, dict(zip(due, outcomes, strict=True)))
        await self._write_outcomes(key)
        return None

    async def _find(self, key: Key) -> TranscriptionJob | None:
        """Return a TranscriptionJob that has ended; none that is being deleted."""
        found = await self._cluster.get_transcription_job(key.namespace, key.name)
        if found is None or found.metadata.deletion_timestamp or not found.phase.is_final:
            return None
        return found

    async def _deliver(self, transcription_job: TranscriptionJob, channel: Channel) -> Outcome:
        fields = log_fields(transcription_job=transcription_job.metadata.name, channel=channel)
        try:
            await self._send(transcription_job, channel)
        except DeliveryFailed as error:
            logger.warning("not told: %s", error, extra=fields)
            return Outcome(str(error), is_permanent=error.is_permanent)
        except Exception:
            # One way that fails must not hide that the other one worked.
            logger.exception("not told", extra=fields)
            return Outcome("It failed inside the operator, whose log has more.")
        logger.info("told", extra=fields)
        return Outcome()

    async def _send(self, transcription_job: TranscriptionJob, channel: Channel) -> None:
        wanted = transcription_job.spec.notifications or Notifications()
        match channel:
            case Channel.EMAIL:
                await self._send_mail(transcription_job, wanted.email or "")
            case Channel.WEBHOOK:
                await self._call_webhook(transcription_job, wanted.webhook_id or "")

    async def _send_mail(self, transcription_job: TranscriptionJob, recipient: str) -> None:
        if self._senders.mail is None:
            raise DeliveryFailed("This installation sends no mails.", is_permanent=True)
        mail = build_mail(transcription_job, recipient, base_url=self._base_url)
        await self._senders.mail.send(mail)

    async def _call_webhook(self, transcription_job: TranscriptionJob, webhook_id: str) -> None:
        webhook = self._senders.webhooks.get(webhook_id)
        if webhook is None:
            # Not permanent: a new list may be on its way to this program.
            raise DeliveryFailed("The webhook is not in the administrator's list.")
        message = build_webhook_message(
            transcription_job, webhook, base_url=self._base_url, now=self._clock()
        )
        await self._senders.webhook.send(message)

    async def _write_outcomes(self, key: Key) -> None:
        """Write what came of attempts; where that fails, the next call does it."""
        unwritten = self._unwritten[key]
        transcription_job = await self._find(key)
        if transcription_job is not None and transcription_job.metadata.uid == unwritten.uid:
            status = note_outcomes(
                transcription_job.status or TranscriptionJobStatus(),
                unwritten.outcomes,
                schedule=self._schedule,
                now=self._clock(),
            )
            await self._cluster.replace_status(transcription_job, status)
        del self._unwritten[key]
