import numpy as np

from waas_contract.transcript import Segment
from waas_job.engine.conversation import Conversation
from waas_job.engine.protocol import Heard, Language
from waas_job.speech.cutting import CutWindow
from waas_job.speech.timeline import SAMPLE_RATE, Piece, Timeline

ENGLISH = Language("en")
ANN, BOB = "Speaker 1", "Speaker 2"


def make_window(
    start: float, end: float, speaker: str | None, settled: float, *, tells_apart: bool = True
) -> CutWindow:
    piece = Piece(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE))
    return CutWindow(
        0,
        np.empty(0, np.float32),
        Timeline((piece,)),
        round(settled * SAMPLE_RATE),
        speaker=speaker,
        tells_apart=tells_apart and speaker is not None,
    )


def make_segments(*pieces: tuple[float, float, str]) -> list[Segment]:
    return [Segment(id=0, start=start, end=end, text=text) for start, end, text in pieces]


def told(conversation: Conversation) -> list[tuple[int, str, str | None]]:
    return [(each.id, each.text, each.speaker) for each in conversation.settled]


def test_a_single_channel_is_settled_window_by_window() -> None:
    conversation = Conversation(None)
    conversation.add(make_segments((1, 2, "a"), (2, 30, "b")), make_window(1, 30, None, 30))
    assert told(conversation) == [(0, "a", None), (1, "b", None)]
    assert conversation.seconds == 30

    conversation.add(make_segments((30, 30, "c")), make_window(30, 30, None, 30))
    assert told(conversation)[2:] == [(2, "c", None)]


def test_what_two_say_comes_in_the_order_of_time() -> None:
    conversation = Conversation(None)
    conversation.add(make_segments((0, 4, "a"), (20, 24, "c")), make_window(0, 30, ANN, 10))
    assert told(conversation) == [(0, "a", ANN)]

    conversation.add(make_segments((10, 15, "b"), (26, 29, "d")), make_window(10, 40, BOB, 30))
    assert told(conversation) == [(0, "a", ANN), (1, "b", BOB), (2, "c", ANN), (3, "d", BOB)]
    assert conversation.seconds == 30


def test_the_end_settles_everything() -> None:
    conversation = Conversation(None)
    conversation.add(make_segments((5, 9, "b")), make_window(5, 9, BOB, 0))
    conversation.add(make_segments((0, 4, "a")), make_window(0, 4, ANN, 0))
    assert told(conversation) == []

    conversation.finish(12, has_speakers=True)

    assert told(conversation) == [(0, "a", ANN), (1, "b", BOB)]
    assert conversation.seconds == 12


def test_an_attempt_goes_on_within_a_window() -> None:
    window = make_window(0, 30, ANN, 10)
    segments = make_segments((0, 4, "a"), (20, 24, "c"))
    first = Conversation(None)
    first.add(segments, window)

    again = Conversation(Heard(first.seconds, ENGLISH, tuple(first.settled)))

    assert list(again.lacking([window, make_window(0, 10, BOB, 10)])) == [window]
    again.add(segments, window)
    again.add(make_segments((10, 15, "b")), make_window(10, 40, BOB, 30))
    assert told(again) == [(0, "a", ANN), (1, "b", BOB), (2, "c", ANN)]


def test_channels_that_differ_late_name_who_spoke_before() -> None:
    conversation = Conversation(None)
    alone = make_window(10, 20, BOB, 15, tells_apart=False)
    conversation.add(make_segments((10, 12, "a"), (16, 18, "b")), alone)
    assert told(conversation) == [(0, "a", None)]

    conversation.add(make_segments((20, 22, "c")), make_window(20, 22, ANN, 22))

    assert told(conversation) == [(0, "a", BOB), (1, "b", BOB), (2, "c", ANN)]


def test_channels_that_never_differ_name_nobody() -> None:
    conversation = Conversation(None)
    conversation.add(make_segments((10, 12, "a")), make_window(10, 12, BOB, 11, tells_apart=False))
    conversation.finish(30, has_speakers=False)
    assert told(conversation) == [(0, "a", None)]


def test_windows_tell_whom_an_earlier_attempt_heard_before_channels_differed() -> None:
    segments = [
        each.model_copy(update={"seek": seek})
        for each, seek in zip(
            make_segments((2, 4, "a"), (6, 8, "b"), (10, 12, "c")), (200, 600, 200), strict=True
        )
    ]
    conversation = Conversation(Heard(15, ENGLISH, tuple(segments)))
    left = make_window(20, 22, ANN, 22)
    by_right = make_window(2, 12, BOB, 6, tells_apart=False)
    by_left = make_window(6, 8, ANN, 15, tells_apart=False)

    assert list(conversation.lacking([by_right, by_left, left])) == [left]
    assert [each.text for each in conversation.said_before(left)] == ["b"]
    conversation.add(make_segments((20, 22, "d")), left)

    assert [who for *_, who in told(conversation)] == [BOB, ANN, BOB, ANN]


def test_an_attempt_that_goes_on_does_not_go_back() -> None:
    conversation = Conversation(Heard(20, ENGLISH, tuple(make_segments((0, 4, "a")))))
    conversation.add(make_segments((0, 4, "a"), (21, 24, "b")), make_window(0, 30, ANN, 10))
    assert conversation.seconds == 20
    assert [each.text for each in conversation.settled] == ["a"]


def test_a_window_follows_what_its_own_speaker_said() -> None:
    conversation = Conversation(None)
    conversation.add(make_segments((0, 4, "a"), (20, 24, "c")), make_window(0, 30, ANN, 10))
    conversation.add(make_segments((10, 15, "b")), make_window(10, 20, BOB, 20))

    def before(start: float, speaker: str) -> list[str]:
        window = make_window(start, start + 9, speaker, start)
        return [each.text for each in conversation.said_before(window)]

    assert before(30, ANN) == ["a", "c"]
    assert before(30, BOB) == ["b"]
    # Nor does it matter whether channels were found to differ by then.
    alone = Conversation(None)
    alone.add(make_segments((0, 4, "a")), make_window(0, 9, BOB, 9, tells_apart=False))
    assert [each.text for each in alone.said_before(make_window(9, 12, BOB, 9))] == ["a"]
    assert alone.said_before(make_window(9, 12, ANN, 9)) == []
    # An attempt that goes on decodes a window once more of which something is settled.
    assert before(0, ANN) == []
