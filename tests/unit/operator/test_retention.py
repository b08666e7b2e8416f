"""How long what has ended is kept, and what is done about it when."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from support.builders import NOW, make_transcription_job
from waas_contract.job_status import (
    Delivery,
    NotificationsStatus,
    Phase,
    TranscriptionJobStatus,
)
from waas_contract.transcription_job import TranscriptionJob
from waas_operator.retention import (
    LONGEST_REST_SECONDS,
    Retention,
    Upkeep,
    decide_retention,
    find_expiry_time,
    note_archived,
)

HOUR = timedelta(hours=1)
FINISHED, FAILURE = "ttl_seconds_after_finished", "ttl_seconds_after_failure"


def ended(
    phase: Phase = Phase.SUCCEEDED, *, noted: datetime | None = None, **spec: Any
) -> TranscriptionJob:
    """Return a job that has ended just now."""
    status = TranscriptionJobStatus(phase=phase, completion_time=NOW, expiry_time=noted)
    return make_transcription_job(status=note_archived(status, NOW), **spec)


EXPIRIES: list[tuple[str, Phase, dict[str, Any], int | None, float | None]] = [
    ("nobody said anything: for ever", Phase.SUCCEEDED, {}, None, None),
    ("a success, as the spec says", Phase.SUCCEEDED, {FINISHED: 60}, None, 60),
    (
        "a success, which has nothing to do with failures",
        Phase.SUCCEEDED,
        {FAILURE: 60},
        None,
        None,
    ),
    ("a failure, as the spec says of failures", Phase.FAILED, {FINISHED: 60, FAILURE: 9}, None, 9),
    ("a failure, of which nothing else is said", Phase.FAILED, {FINISHED: 60}, None, 60),
    (
        "a cancelled one is kept like a failure",
        Phase.CANCELLED,
        {FINISHED: 60, FAILURE: 9},
        None,
        9,
    ),
    ("none is no number: at once", Phase.SUCCEEDED, {FINISHED: 0}, None, 0),
    ("the administrator's word where there is no other", Phase.SUCCEEDED, {}, 30, 30),
    ("and of failures", Phase.FAILED, {}, 30, 30),
    ("the spec goes before it", Phase.SUCCEEDED, {FINISHED: 60}, 30, 60),
    ("also where it is about failures", Phase.FAILED, {FAILURE: 0}, 30, 0),
    ("it is for a success that only speaks of failures", Phase.SUCCEEDED, {FAILURE: 9}, 30, 30),
]


@pytest.mark.parametrize(
    ("phase", "spec", "default", "seconds"),
    [pytest.param(*case[1:], id=case[0]) for case in EXPIRIES],
)
def test_expiry(
    phase: Phase, spec: dict[str, Any], default: int | None, seconds: float | None
) -> None:
    job = ended(phase, **spec)
    assert job.status

    found = find_expiry_time(job.spec, job.status, default_ttl_seconds=default)

    assert found == (None if seconds is None else NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("phase", [phase for phase in Phase if not phase.is_final])
def test_what_has_not_ended_does_not_expire(phase: Phase) -> None:
    job = make_transcription_job(ttl_seconds_after_finished=0)
    for status in (
        TranscriptionJobStatus(phase=phase),
        # As somebody may have written it by hand.
        TranscriptionJobStatus(phase=phase, completion_time=NOW),
    ):
        assert find_expiry_time(job.spec, status, default_ttl_seconds=0) is None


STEPS: list[tuple[str, TranscriptionJob, timedelta, Retention]] = [
    ("for ever", ended(), HOUR, Retention(Upkeep.KEEP)),
    (
        "some time is left, which the status does not say yet",
        ended(ttl_seconds_after_finished=7200),
        HOUR,
        Retention(Upkeep.NOTE_EXPIRY, NOW + 2 * HOUR, 3600),
    ),
    (
        "some time is left",
        ended(noted=NOW + 2 * HOUR, ttl_seconds_after_finished=7200),
        HOUR,
        Retention(Upkeep.KEEP, NOW + 2 * HOUR, 3600),
    ),
    (
        "the last moment",
        ended(noted=NOW + HOUR, ttl_seconds_after_finished=3600),
        HOUR,
        Retention(Upkeep.REMOVE, NOW + HOUR),
    ),
    (
        "long ago, and nobody had noted it: it is said before it goes",
        ended(ttl_seconds_after_finished=1),
        24 * HOUR,
        Retention(Upkeep.NOTE_EXPIRY, NOW + timedelta(seconds=1), 0),
    ),
    (
        "somebody gave it more time, after the old one was over",
        ended(noted=NOW + HOUR, ttl_seconds_after_finished=10_800),
        2 * HOUR,
        Retention(Upkeep.NOTE_EXPIRY, NOW + 3 * HOUR, 3600),
    ),
    (
        "somebody took its time to live away: for ever",
        ended(noted=NOW + HOUR),
        2 * HOUR,
        Retention(Upkeep.NOTE_EXPIRY),
    ),
    (
        "years are left: no clock is trusted for so long",
        ended(noted=NOW + 30 * 24 * HOUR, ttl_seconds_after_finished=30 * 86_400),
        HOUR,
        Retention(Upkeep.KEEP, NOW + 30 * 24 * HOUR, LONGEST_REST_SECONDS),
    ),
]


def untold(attempt_time: datetime, **spec: Any) -> TranscriptionJob:
    """Return a job of whose end somebody is to be told."""
    job = ended(**spec)
    assert job.status
    webhook = Delivery(next_attempt_time=attempt_time)
    notifications = NotificationsStatus(email=Delivery(delivered_time=NOW), webhook=webhook)
    status = job.status.model_copy(update={"notifications": notifications})
    return job.model_copy(update={"status": status})


WITH_TTL: dict[str, Any] = {"noted": NOW + HOUR, "ttl_seconds_after_finished": 3600}
STEPS += [
    ("somebody is to be told", untold(NOW), HOUR, Retention(Upkeep.TELL, None, 0)),
    (
        "somebody is to be told later, and it is kept for ever",
        untold(NOW + HOUR),
        HOUR / 2,
        Retention(Upkeep.KEEP, None, 1800),
    ),
    (
        "somebody is to be told before it expires",
        untold(NOW + HOUR / 2, **WITH_TTL),
        HOUR / 4,
        Retention(Upkeep.KEEP, NOW + HOUR, 900),
    ),
    (
        "it expires before the next attempt",
        untold(NOW + 2 * HOUR, **WITH_TTL),
        HOUR / 2,
        Retention(Upkeep.KEEP, NOW + HOUR, 1800),
    ),
    (
        "it has expired, and waits for the next attempt",
        untold(NOW + 2 * HOUR, **WITH_TTL),
        HOUR,
        Retention(Upkeep.KEEP, NOW + HOUR, 3600),
    ),
    (
        "it has expired, and somebody is to be told first",
        untold(NOW + HOUR, **WITH_TTL),
        HOUR,
        Retention(Upkeep.TELL, NOW + HOUR, 0),
    ),
    (
        "the status does not say when it expires, and somebody is to be told",
        untold(NOW, ttl_seconds_after_finished=3600),
        HOUR / 2,
        Retention(Upkeep.NOTE_EXPIRY, NOW + HOUR, 0),
    ),
]


@pytest.mark.parametrize(
    ("job", "later", "expected"), [pytest.param(*case[1:], id=case[0]) for case in STEPS]
)
def test_the_next_step(job: TranscriptionJob, later: timedelta, expected: Retention) -> None:
    assert decide_retention(job, default_ttl_seconds=None, now=NOW + later) == expected
