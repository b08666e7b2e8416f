"""Who is told when, and what is said of it in the status."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.builders import NOW, UID, make_transcription_job
from waas_contract.job_status import (
    ConditionType,
    Phase,
    TranscriptionJobStatus,
)
from waas_operator.notification_policy import (
    LONGEST_DELAY_SECONDS,
    Channel,
    Outcome,
    Schedule,
    begin,
    delay_seconds,
    find_due,
    find_next_attempt,
    note_attempts,
    note_outcomes,
)

DAY = 86_400
SCHEDULE = Schedule(30, DAY)
ENDED = TranscriptionJobStatus(phase=Phase.SUCCEEDED, completion_time=NOW, observed_generation=3)
BOTH = {"email": "desk@example.org", "webhook_id": "desk"}
TOLD, FAILED = Outcome(), Outcome("The receiver answered 500.")


def ended(**spec: Any) -> TranscriptionJobStatus:
    return begin(make_transcription_job(**spec).spec, ENDED, NOW)


def notified(status: TranscriptionJobStatus) -> tuple[str, str, str]:
    condition = status.condition(ConditionType.NOTIFIED)
    assert condition
    return condition.status, condition.reason, condition.message


def attempt(status: TranscriptionJobStatus, now: datetime, *outcomes: Outcome) -> Any:
    """Return the status after an attempt of all that is due, with an outcome each."""
    due = find_due(status, now)
    begun = note_attempts(status, due, uid=UID, schedule=SCHEDULE, now=now)
    assert find_due(begun, now) == (), "an attempt is due once"
    results = dict(zip(due, outcomes, strict=True))
    return note_outcomes(begun, results, schedule=SCHEDULE, now=now)


@pytest.mark.parametrize(
    ("spec", "channels"),
    [
        ({}, ()),
        ({"notifications": {}}, ()),
        ({"notifications": {"email": ""}}, ()),
        ({"notifications": {"email": "a@b.no"}}, (Channel.EMAIL,)),
        ({"notifications": {"webhook_id": "desk"}}, (Channel.WEBHOOK,)),
        ({"notifications": BOTH}, (Channel.EMAIL, Channel.WEBHOOK)),
        # Whoever asked for a language waits for the answer.
        ({"notifications": BOTH, "task": "detect"}, ()),
    ],
)
def test_all_whom_the_spec_names_are_told(spec: Any, channels: tuple[Channel, ...]) -> None:
    status = ended(**spec)

    assert find_due(status, NOW) == channels
    if channels:
        assert notified(status) == ("Unknown", "Delivering", "")
    else:
        assert status == ENDED, "no condition where nobody is to be told"


def test_what_ended_before_there_were_notifications_is_settled() -> None:
    assert find_next_attempt(ENDED) is None
    assert find_due(ENDED, NOW) == ()


def test_one_that_is_told_is_settled_and_the_other_one_goes_on() -> None:
    status = attempt(ended(notifications=BOTH), NOW, TOLD, FAILED)

    assert status.notifications.email.delivered_time == NOW
    value, reason, message = notified(status)
    assert (value, reason) == ("Unknown", "Retrying")
    following = find_next_attempt(status)
    assert following
    assert message == f"webhook: The receiver answered 500. Attempt 2 at {following:%FT%TZ}."
    assert find_due(status, following - timedelta(seconds=1)) == ()
    assert find_due(status, following) == (Channel.WEBHOOK,)

    status = attempt(status, following, TOLD)
    assert notified(status) == ("True", "Delivered", "")
    assert find_next_attempt(status) is None
    assert status.notifications.webhook.attempts == 2
    assert status.notifications.webhook.last_error is None
    others = {"conditions": (), "notifications": None}
    assert status.model_copy(update=others) == ENDED, "nothing else of the status changes"


def test_it_is_given_up_after_a_day_with_the_last_error() -> None:
    status, now = ended(notifications={"webhook_id": "desk"}), NOW
    attempts = 0
    while (following := find_next_attempt(status)) is not None:
        now = following
        status = attempt(status, now, FAILED)
        attempts += 1

    assert notified(status) == (
        "False",
        "GivenUp",
        f"webhook: The receiver answered 500. Given up after {attempts} attempts.",
    )
    # Seven doublings up to two hours, then every two hours.
    assert 15 <= attempts <= 22
    longest = LONGEST_DELAY_SECONDS * 1.25
    assert timedelta(seconds=DAY - longest) <= now - NOW <= timedelta(days=1)


def test_what_cannot_succeed_is_given_up_at_once() -> None:
    refused = Outcome("The mail server refused the recipient (550).", is_permanent=True)
    status = attempt(ended(notifications={"email": "a@b.no"}), NOW, refused)

    assert notified(status) == (
        "False",
        "GivenUp",
        "email: The mail server refused the recipient (550). Given up after 1 attempt.",
    )


def test_one_that_was_given_up_makes_no_success_of_the_other() -> None:
    refused = Outcome("It is not an e-mail address.", is_permanent=True)
    status = attempt(ended(notifications=BOTH), NOW, refused, TOLD)

    assert notified(status)[:2] == ("False", "GivenUp")


def test_a_day_counts_from_the_first_attempt_however_late_that_is() -> None:
    late = NOW + timedelta(days=3)

    status = attempt(ended(notifications={"email": "a@b.no"}), late, FAILED)

    assert notified(status)[:2] == ("Unknown", "Retrying")


def test_a_condition_keeps_its_time_while_its_value_does() -> None:
    first = ended(notifications={"email": "a@b.no"})
    later = NOW + timedelta(minutes=1)

    again = attempt(first, later, FAILED)
    condition = again.condition(ConditionType.NOTIFIED)
    assert condition.last_transition_time == NOW
    assert condition.observed_generation == 3
    following = find_next_attempt(again)
    assert following
    told = attempt(again, following, TOLD).condition(ConditionType.NOTIFIED)
    assert told.last_transition_time == following


@given(st.integers(1, 200), st.text(max_size=50), st.floats(1, 3600))
def test_pauses_double_up_to_two_hours_and_differ_by_a_quarter(
    attempts: int, seed: str, first: float
) -> None:
    schedule = Schedule(first, DAY)
    middle = min(first * 2.0 ** (attempts - 1), LONGEST_DELAY_SECONDS)

    delay = delay_seconds(schedule, attempts, seed)

    assert 0.75 * middle <= delay <= 1.25 * middle + 1
    assert delay == delay_seconds(schedule, attempts, seed), "another operator finds the same"


def test_jobs_that_failed_together_come_back_apart() -> None:
    delays = {delay_seconds(SCHEDULE, 6, f"{number}/email") for number in range(50)}

    assert len(delays) > 30


def test_an_error_is_kept_short() -> None:
    status = attempt(ended(notifications={"email": "a@b.no"}), NOW, Outcome("x" * 5000))

    assert len(status.notifications.email.last_error) == 256
    assert len(notified(status)[2]) <= 1024
    assert TranscriptionJobStatus.model_validate(status.to_wire()) == status
