"""Which attempt numbers are signed: a pod always finds unused ones, and none is taken from it."""

from datetime import timedelta
from typing import Any

import pytest

from support.builders import (
    NOW,
    make_job,
    make_observation,
    make_pod,
    make_settings,
    make_transcription_job,
)
from waas_contract.job_status import TranscriptionJobStatus
from waas_operator.decision import Action, decide
from waas_operator.observation import Observation
from waas_operator.url_secret import count_attempts

FAILED = make_pod(exit_code=75)


def see(*, highest: int = 0, failed: int = 0, **seen: Any) -> Observation:
    """Return what is seen when URLs up to a number were signed after some pods had failed."""
    status = TranscriptionJobStatus(
        urls_expiration_time=NOW + timedelta(hours=12),
        urls_highest_attempt=highest,
        failed_pods=failed,
    )
    return make_observation(transcription_job=make_transcription_job(status=status), **seen)


COUNTS = [
    ("a new one", make_observation(), 3),
    ("a new one whose name had results of another spec", make_observation(stale_attempt=7), 10),
    ("its Job is made anew: those signed before may be used", see(highest=4), 7),
    ("the operator died before it noted what it signed", make_observation(job=make_job()), 3),
    ("signed anew for their life's sake", see(highest=4, job=make_job()), 4),
    (
        "a pod has failed since: one number more",
        see(highest=4, failed=1, job=make_job(), pods=(FAILED, FAILED)),
        5,
    ),
    (
        "pods that failed and are gone count once",
        see(highest=5, failed=2, job=make_job(), pods=(FAILED,)),
        5,
    ),
]


@pytest.mark.parametrize(
    ("observation", "highest"), [pytest.param(*case[1:], id=case[0]) for case in COUNTS]
)
def test_the_highest_number_that_is_signed(observation: Observation, highest: int) -> None:
    assert count_attempts(observation) == highest


RENEWALS = [
    ("nothing has failed", see(highest=3, job=make_job()), Action.WAIT),
    (
        "a pod has ended well: its number is the last that is needed",
        see(highest=3, job=make_job(), pods=(make_pod(exit_code=0),)),
        Action.WAIT,
    ),
    ("a pod has failed", see(highest=3, job=make_job(), pods=(FAILED,)), Action.RENEW_URLS),
    (
        "that is known already",
        see(highest=4, failed=1, job=make_job(), pods=(FAILED,)),
        Action.WAIT,
    ),
]


@pytest.mark.parametrize(
    ("observation", "action"), [pytest.param(*case[1:], id=case[0]) for case in RENEWALS]
)
def test_a_pod_that_failed_makes_room_for_the_next(
    observation: Observation, action: Action
) -> None:
    assert decide(observation, make_settings()).action is action
