from datetime import UTC, datetime

from waas_contract.manifest import ProgressNote
from waas_contract.transcript import PartialTranscript, Segment, Word
from waas_job.engine.protocol import Heard, Language
from waas_job.errors import StorageUnavailable
from waas_job.progress import ProgressNotes

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def make_segments(count: int) -> tuple[Segment, ...]:
    return tuple(
        Segment(
            id=number,
            start=number,
            end=number + 1,
            text=" Yes.",
            tokens=(50364, 1079, 13, 50414),
            words=(Word(word=" Yes.", start=number, end=number + 1, probability=1),),
        )
        for number in range(count)
    )


def heard(seconds: float, *, segments: int = 0) -> Heard:
    return Heard(seconds, Language("en"), make_segments(segments))


class Desk:
    """Takes notes, at a time that the test sets."""

    def __init__(self, *, is_full: bool = False, seconds_for_partial: float = 0) -> None:
        self.seconds = 0.0
        self.is_full = is_full
        self.seconds_for_partial = seconds_for_partial
        self.tries = 0
        self.taken: list[ProgressNote] = []
        self.partials: list[PartialTranscript] = []
        self.refuses_partials = False

    def put(self, note: ProgressNote) -> None:
        self.tries += 1
        if self.is_full:
            self.seconds += 3
            raise StorageUnavailable("The object storage is not available (HTTP 503).")
        self.taken.append(note)

    def put_partial(self, partial: PartialTranscript) -> None:
        self.seconds += self.seconds_for_partial
        if self.refuses_partials:
            raise StorageUnavailable("The object storage is not available (HTTP 503).")
        self.partials.append(partial)

    def notes(self) -> ProgressNotes:
        return ProgressNotes(
            self.put,
            self.put_partial,
            interval_seconds=15,
            clock=lambda: self.seconds,
            now=lambda: NOW,
        )


def test_first_note_tells_the_duration() -> None:
    desk = Desk()
    desk.notes().begin(60)
    assert desk.taken == [
        ProgressNote(processed_seconds=0, duration_seconds=60, updated_time=NOW),
    ]


def test_notes_keep_their_interval() -> None:
    desk = Desk()
    notes = desk.notes()
    notes.begin(600)
    for second in range(1, 61):
        desk.seconds = second
        notes.advance(heard(second * 10), 600)
    assert [note.processed_seconds for note in desk.taken] == [0, 150, 300, 450, 600]


def test_note_never_tells_more_than_there_is() -> None:
    desk = Desk()
    notes = desk.notes()
    notes.begin(20)
    desk.seconds = 15
    notes.advance(heard(30), 20)
    assert desk.taken[-1].processed_seconds == 20


def test_failing_notes_do_not_fail_the_job_and_keep_their_interval() -> None:
    desk = Desk(is_full=True)
    notes = desk.notes()
    notes.begin(60)
    desk.seconds = 17.9
    notes.advance(heard(10), 60)
    assert desk.tries == 1
    desk.seconds = 18
    notes.advance(heard(20), 60)
    assert desk.tries == 2


def test_what_was_heard_goes_with_the_notes_where_it_has_grown() -> None:
    desk = Desk()
    notes = desk.notes()
    notes.begin(600)
    for second, segments in ((1, 1), (15, 2), (30, 2), (45, 5)):
        desk.seconds = second
        notes.advance(heard(second, segments=segments), 600)
    assert [len(each.segments) for each in desk.partials] == [2, 5]
    assert len(desk.taken) == 4


def test_what_was_heard_goes_without_its_tokens_and_words() -> None:
    desk = Desk()
    notes = desk.notes()
    notes.advance(heard(1, segments=1), 200)
    assert desk.partials == [
        PartialTranscript(language="en", segments=(Segment(id=0, start=0, end=1, text=" Yes."),))
    ]


def test_what_takes_long_to_store_is_stored_less_often_than_notes() -> None:
    desk = Desk(seconds_for_partial=2)
    notes = desk.notes()
    notes.begin(60_000)
    for second in range(15, 200):
        desk.seconds = max(desk.seconds, second)
        notes.advance(heard(second, segments=second), 200)
    # Two seconds cost forty, and then it is the next note's turn.
    assert [len(each.segments) for each in desk.partials] == [15, 62, 109, 156]
    assert len(desk.taken) > 10


def test_failing_partials_do_not_fail_the_job_and_are_tried_again() -> None:
    desk = Desk()
    notes = desk.notes()
    desk.refuses_partials = True
    notes.advance(heard(1, segments=1), 200)
    desk.refuses_partials = False
    desk.seconds = 15
    notes.advance(heard(2, segments=1), 200)
    assert len(desk.partials) == 1
    assert len(desk.taken) == 2
