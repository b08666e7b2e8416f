from hypothesis import given
from hypothesis import strategies as st

from waas_job.speech.timeline import Piece, Timeline, join_touching

LENGTHS = st.lists(st.tuples(st.integers(1, 500), st.integers(1, 500)), min_size=1, max_size=6)


def make_timeline(lengths: list[tuple[int, int]]) -> Timeline:
    """Return pieces, each after a silence; both of the lengths given."""
    pieces, at = [], 0
    for silence, sound in lengths:
        pieces.append(Piece(at + silence, at + silence + sound))
        at += silence + sound
    return Timeline(tuple(pieces))


@given(LENGTHS, st.data())
def test_every_place_of_a_window_is_where_it_came_from(
    lengths: list[tuple[int, int]], data: st.DataObject
) -> None:
    timeline = make_timeline(lengths)
    place = data.draw(st.integers(0, timeline.length - 1))
    there = timeline.to_recording(place)
    assert any(piece.start <= there < piece.end for piece in timeline.pieces)
    assert timeline.to_window(there) == place


@given(LENGTHS)
def test_order_is_kept_and_ends_are_ends(lengths: list[tuple[int, int]]) -> None:
    timeline = make_timeline(lengths)
    there = [timeline.to_recording(place) for place in range(timeline.length)]
    assert there == sorted(set(there))
    assert timeline.to_recording(0) == timeline.start
    assert timeline.to_recording(timeline.length, is_end=True) == timeline.end
    assert timeline.to_recording(timeline.length + 99) == timeline.end
    for offset, before in zip(timeline.offsets[1:], timeline.pieces, strict=False):
        assert timeline.to_recording(offset, is_end=True) == before.end


@given(LENGTHS, st.integers(-10, 4000))
def test_what_was_taken_out_lies_at_its_splice(lengths: list[tuple[int, int]], place: int) -> None:
    timeline = make_timeline(lengths)
    assert timeline.to_window(place) == sum(
        min(max(0, place - piece.start), piece.length) for piece in timeline.pieces
    )


def test_pieces_that_touch_are_one() -> None:
    joined = join_touching(
        [Piece(0, 10, ((2, 8),)), Piece(9, 20, ((12, 15),)), Piece(30, 40, ((31, 39),))]
    )
    assert joined == (Piece(0, 20, ((2, 8), (12, 15))), Piece(30, 40, ((31, 39),)))


def test_voices_are_told_in_the_time_of_the_window() -> None:
    timeline = Timeline((Piece(100, 200, ((110, 150), (160, 190))), Piece(500, 600, ((520, 600),))))
    assert timeline.voices == ((10, 50), (60, 90), (120, 200))
