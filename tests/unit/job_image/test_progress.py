from datetime import UTC, datetime

from waas_contract.manifest import ProgressNote
from waas_job.errors import StorageUnavailable
from waas_job.progress import ProgressNotes

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Desk:
    """Takes notes, at a time that the test sets."""

    def __init__(self, *, is_full: bool = False) -> None:
        self.seconds = 0.0
        self.is_full = is_full
        self.tries = 0
        self.taken: list[ProgressNote] = []

    def put(self, note: ProgressNote) -> None:
        self.tries += 1
        if self.is_full:
            self.seconds += 3
            raise StorageUnavailable("The object storage is not available (HTTP 503).")
        self.taken.append(note)

    def notes(self) -> ProgressNotes:
        return ProgressNotes(
            self.put, interval_seconds=15, clock=lambda: self.seconds, now=lambda: NOW
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
        notes.advance(second * 10)
    assert [note.processed_seconds for note in desk.taken] == [0, 150, 300, 450, 600]


def test_note_never_tells_more_than_there_is() -> None:
    desk = Desk()
    notes = desk.notes()
    notes.begin(20)
    desk.seconds = 15
    notes.advance(30)
    assert desk.taken[-1].processed_seconds == 20


def test_failing_notes_do_not_fail_the_job_and_keep_their_interval() -> None:
    desk = Desk(is_full=True)
    notes = desk.notes()
    notes.begin(60)
    desk.seconds = 17.9
    notes.advance(10)
    assert desk.tries == 1
    desk.seconds = 18
    notes.advance(20)
    assert desk.tries == 2
