"""Who is told of an end, when the next attempt is due and when it is given up. Pure.

It is kept in the status alone: `begin` at the end of a job, `note_attempts` before something is
sent, `note_outcomes` after it. Whoever dies in between finds what was begun, and when to try again.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from waas_contract.job_status import (
    Condition,
    ConditionReason,
    ConditionType,
    Delivery,
    NotificationsStatus,
    TranscriptionJobStatus,
)
from waas_contract.transcription_job import Task, TranscriptionJobSpec

LONGEST_DELAY_SECONDS = 7200.0
"""Longest pause between two attempts, before the jitter."""

_JITTER = 0.25
_LONGEST_ERROR = 256
_LONGEST_MESSAGE = 1024


class Channel(StrEnum):
    """A way of telling somebody; the name of its field in the spec's and the status' maps."""

    EMAIL = "email"
    WEBHOOK = "webhook"


@dataclass(frozen=True)
class Schedule:
    """How often and for how long it is tried."""

    first_delay_seconds: float
    patience_seconds: float
    """From the first attempt; the last one is made within it."""


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt."""

    error: str | None = None
    """Why it failed, fit for everybody to read; None where it did not."""

    is_permanent: bool = False
    """Whether another attempt would fail as this one did."""


def begin(
    spec: TranscriptionJobSpec, status: TranscriptionJobStatus, now: datetime
) -> TranscriptionJobStatus:
    """Return the last status of a job with what is due now: everybody whom the spec names.

    A task that only tells a language tells nobody: somebody waits for its answer.
    """
    wanted = spec.notifications
    if wanted is None or spec.task is Task.DETECT or not (wanted.email or wanted.webhook_id):
        return status
    waiting = Delivery(next_attempt_time=now)
    notifications = NotificationsStatus(
        email=waiting if wanted.email else None,
        webhook=waiting if wanted.webhook_id else None,
    )
    return _with(status, notifications, now)


def find_next_attempt(status: TranscriptionJobStatus) -> datetime | None:
    """Return when somebody is to be told next; None where everything is settled."""
    return min(_waiting(status).values(), default=None)


def find_due(status: TranscriptionJobStatus, now: datetime) -> tuple[Channel, ...]:
    """Return how people are to be told now."""
    return tuple(channel for channel, time in _waiting(status).items() if time <= now)


def note_attempts(
    status: TranscriptionJobStatus,
    channels: Iterable[Channel],
    *,
    uid: str,
    schedule: Schedule,
    now: datetime,
) -> TranscriptionJobStatus:
    """Return the status that says that attempts begin, and when the next ones would follow."""
    changed: dict[str, Delivery] = {}
    for channel in channels:
        known = _delivery(status, channel)
        attempts = known.attempts + 1
        delay = delay_seconds(schedule, attempts, f"{uid}/{channel}")
        changed[channel] = known.model_copy(
            update={
                "attempts": attempts,
                "first_attempt_time": known.first_attempt_time or now,
                "next_attempt_time": now + timedelta(seconds=delay),
            }
        )
    return _with(status, _notifications(status).model_copy(update=changed), now)


def note_outcomes(
    status: TranscriptionJobStatus,
    outcomes: Mapping[Channel, Outcome],
    *,
    schedule: Schedule,
    now: datetime,
) -> TranscriptionJobStatus:
    """Return the status that says what became of attempts that note_attempts wrote down."""
    changed: dict[str, Delivery] = {
        channel: _settle(_delivery(status, channel), outcome, schedule, now)
        for channel, outcome in outcomes.items()
    }
    return _with(status, _notifications(status).model_copy(update=changed), now)


def delay_seconds(schedule: Schedule, attempts: int, seed: str) -> int:
    """Return the pause after an attempt, counted from 1: whole seconds, the same at each call.

    It doubles, and differs by up to a quarter between jobs, so that those that failed together do
    not come back together.
    """
    doubled = schedule.first_delay_seconds * 2.0 ** min(attempts - 1, 30)
    digest = hashlib.sha256(f"{seed}/{attempts}".encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    jitter = 1 - _JITTER + 2 * _JITTER * share
    return math.ceil(min(doubled, LONGEST_DELAY_SECONDS) * jitter)


def _settle(known: Delivery, outcome: Outcome, schedule: Schedule, now: datetime) -> Delivery:
    if outcome.error is None:
        told: dict[str, object] = {
            "delivered_time": now,
            "next_attempt_time": None,
            "last_error": None,
        }
        return known.model_copy(update=told)
    following = known.next_attempt_time
    patience = timedelta(seconds=schedule.patience_seconds)
    is_over = following is not None and following > (known.first_attempt_time or now) + patience
    return known.model_copy(
        update={
            "last_error": outcome.error[:_LONGEST_ERROR],
            "next_attempt_time": None if outcome.is_permanent or is_over else following,
        }
    )


def _notifications(status: TranscriptionJobStatus) -> NotificationsStatus:
    return status.notifications or NotificationsStatus()


def _deliveries(status: TranscriptionJobStatus) -> dict[Channel, Delivery]:
    known = _notifications(status)
    each = {Channel.EMAIL: known.email, Channel.WEBHOOK: known.webhook}
    return {channel: delivery for channel, delivery in each.items() if delivery is not None}


def _delivery(status: TranscriptionJobStatus, channel: Channel) -> Delivery:
    return _deliveries(status).get(channel, Delivery())


def _waiting(status: TranscriptionJobStatus) -> dict[Channel, datetime]:
    return {
        channel: delivery.next_attempt_time
        for channel, delivery in _deliveries(status).items()
        if delivery.next_attempt_time is not None
    }


def _with(
    status: TranscriptionJobStatus, notifications: NotificationsStatus, now: datetime
) -> TranscriptionJobStatus:
    """Return the status with other notifications, and the condition that goes with them."""
    changed = status.model_copy(update={"notifications": notifications})
    before = status.condition(ConditionType.NOTIFIED)
    value, reason, message = _claim(changed)
    is_same = before is not None and before.status == value
    condition = Condition.model_validate(
        {
            "type": ConditionType.NOTIFIED,
            "status": value,
            "reason": reason,
            "message": message[:_LONGEST_MESSAGE],
            "lastTransitionTime": before.last_transition_time if before and is_same else now,
            "observedGeneration": status.observed_generation,
        }
    )
    others = tuple(each for each in status.conditions if each.type != ConditionType.NOTIFIED)
    return changed.model_copy(update={"conditions": (*others, condition)})


def _claim(status: TranscriptionJobStatus) -> tuple[str, ConditionReason, str]:
    deliveries = _deliveries(status)
    message = " ".join(
        f"{channel}: {_explain(delivery)}"
        for channel, delivery in deliveries.items()
        if delivery.last_error
    )
    if find_next_attempt(status) is not None:
        reason = ConditionReason.RETRYING if message else ConditionReason.DELIVERING
        return "Unknown", reason, message
    if all(each.delivered_time for each in deliveries.values()):
        return "True", ConditionReason.DELIVERED, ""
    return "False", ConditionReason.GIVEN_UP, message


def _explain(delivery: Delivery) -> str:
    following = delivery.next_attempt_time
    count = "attempt" if delivery.attempts == 1 else "attempts"
    if following is None:
        return f"{delivery.last_error} Given up after {delivery.attempts} {count}."
    return (
        f"{delivery.last_error} Attempt {delivery.attempts + 1} at {following:%Y-%m-%dT%H:%M:%SZ}."
    )
