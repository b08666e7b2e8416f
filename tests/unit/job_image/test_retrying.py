import pytest

from waas_job.storage.retrying import Action, Patience, Waiting, decide
from waas_job.storage.transport import Answer

TABLE = [
    ("a read succeeds", Answer(200), {}, Action.DONE),
    ("part of a download", Answer(206), {}, Action.DONE),
    ("a write without an answer's body", Answer(204), {}, Action.DONE),
    ("the object is missing", Answer(404, error_code="NoSuchKey"), {}, Action.ABSENT),
    (
        "the bucket is missing: the store is being set up",
        Answer(404, error_code="NoSuchBucket"),
        {},
        Action.WAIT,
    ),
    ("no store is behind the address, just a proxy", Answer(404), {}, Action.WAIT),
    ("nothing to write to", Answer(404), {"is_put": True}, Action.WAIT),
    ("the object is there", Answer(412), {"is_conditional": True}, Action.EXISTS),
    ("no condition was set", Answer(412), {}, Action.GIVE_UP),
    ("conditions unknown", Answer(501), {"is_conditional": True}, Action.CONDITION_UNSUPPORTED),
    (
        "conditions unknown, in S3's words",
        Answer(400, error_code="NotImplemented"),
        {"is_conditional": True},
        Action.CONDITION_UNSUPPORTED,
    ),
    ("two writers met", Answer(409), {"is_conditional": True}, Action.WAIT),
    ("not implemented at all", Answer(501), {}, Action.WAIT),
    ("the URL has ended", Answer(403), {}, Action.RENEW_URL),
    (
        "the token in the URL has ended",
        Answer(400, error_code="ExpiredToken"),
        {},
        Action.RENEW_URL,
    ),
    (
        "the store cannot have such a key",
        Answer(400, error_code="KeyTooLongError"),
        {},
        Action.GIVE_UP,
    ),
    ("who are you", Answer(401), {}, Action.RENEW_URL),
    ("too slow", Answer(408), {}, Action.WAIT),
    ("too many", Answer(429), {}, Action.WAIT),
    ("broken", Answer(500), {}, Action.WAIT),
    ("nobody behind the gateway", Answer(502), {}, Action.WAIT),
    ("busy", Answer(503), {}, Action.WAIT),
    ("moved: the signature is for one host", Answer(307), {}, Action.GIVE_UP),
    ("not allowed here", Answer(405), {}, Action.GIVE_UP),
    ("too large", Answer(413), {}, Action.GIVE_UP),
]


@pytest.mark.parametrize(
    ("answer", "request_kind", "expected"),
    [row[1:] for row in TABLE],
    ids=[row[0] for row in TABLE],
)
def test_decision_follows_from_answer(
    answer: Answer, request_kind: dict[str, bool], expected: Action
) -> None:
    assert decide(answer, **request_kind) is expected


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.seconds += seconds

    def waiting(self, *, luck: float = 1) -> Waiting:
        return Waiting(clock=lambda: self.seconds, sleep=self.sleep, draw=lambda: luck)


def test_patience_waits_twice_as_long_each_time_up_to_half_a_minute() -> None:
    clock = Clock()
    patience = Patience(1000, clock.waiting())
    for _ in range(9):
        patience.wait()
    assert clock.naps == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_patience_waits_up_to_half_less_by_chance() -> None:
    clock = Clock()
    Patience(1000, clock.waiting(luck=0)).wait()
    assert clock.naps == [0.25]


def test_patience_looks_every_five_seconds_when_a_url_is_to_be_renewed() -> None:
    clock = Clock()
    patience = Patience(1000, clock.waiting())
    for _ in range(6):
        patience.wait(for_renewal=True)
    assert clock.naps == [0.5, 1, 2, 4, 5, 5]


def test_patience_waits_as_long_as_the_store_asks() -> None:
    clock = Clock()
    Patience(1000, clock.waiting()).wait(at_least=17)
    assert clock.naps == [17]


def test_patience_never_waits_past_its_end() -> None:
    clock = Clock()
    patience = Patience(10, clock.waiting())
    patience.wait(at_least=3600)
    assert clock.naps == [10]
    assert patience.is_over


def test_patience_begins_anew_after_progress() -> None:
    clock = Clock()
    patience = Patience(10, clock.waiting())
    patience.wait(at_least=9)
    patience.renew()
    patience.wait(at_least=9)
    assert not patience.is_over
