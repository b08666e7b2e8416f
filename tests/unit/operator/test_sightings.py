"""What was seen counts once, and the operator's own writes are no news."""

from collections.abc import Callable

import pytest

from support.builders import make_transcription_job
from waas_contract.job_status import Phase, TranscriptionJobStatus
from waas_contract.transcription_job import TranscriptionJob
from waas_operator.sightings import Sightings


def at_version(
    version: str, *, name: str = "interview", phase: Phase = Phase.QUEUED
) -> TranscriptionJob:
    job = make_transcription_job(status=TranscriptionJobStatus(phase=phase))
    metadata = job.metadata.model_copy(update={"resource_version": version, "name": name})
    return job.model_copy(update={"metadata": metadata})


def write_and_forget(sightings: Sightings) -> None:
    sightings.note_written(at_version("8"))
    sightings.forget("newsroom", "interview")


NEWS: list[tuple[str, Callable[[Sightings], None], str, bool]] = [
    ("the first event", lambda _: None, "7", True),
    ("our own write", lambda sightings: sightings.note_written(at_version("8")), "8", False),
    (
        "what our write knew of",
        lambda sightings: sightings.note_written(at_version("8")),
        "7",
        False,
    ),
    ("a later change", lambda sightings: sightings.note_written(at_version("8")), "9", True),
    ("more digits", lambda sightings: sightings.note_written(at_version("99")), "100", True),
    ("no number", lambda sightings: sightings.note_written(at_version("8")), "a7", True),
    (
        "a change before the end that we wrote",
        lambda s: s.note_written(at_version("8", phase=Phase.FAILED)),
        "7",
        False,
    ),
    (
        "one of the name of one that is gone",
        write_and_forget,
        "7",
        True,
    ),
]


@pytest.mark.parametrize(
    ("before", "version", "is_news"), [pytest.param(*case[1:], id=case[0]) for case in NEWS]
)
def test_an_event_is_news(before: Callable[[Sightings], None], version: str, is_news: bool) -> None:
    sightings = Sightings()
    before(sightings)

    assert sightings.see(at_version(version)) is is_news


def test_the_latest_of_what_was_seen_and_written_is_taken_once() -> None:
    sightings = Sightings()
    sightings.see(at_version("7"))
    sightings.note_written(at_version("8"))
    sightings.see(at_version("7"))

    taken = sightings.take("newsroom", "interview")

    assert taken is not None
    assert taken.metadata.resource_version == "8"
    assert sightings.take("newsroom", "interview") is None


def test_what_has_ended_leaves_nothing_behind() -> None:
    sightings = Sightings()
    sightings.see(at_version("7"))
    sightings.note_written(at_version("8", phase=Phase.SUCCEEDED))

    assert sightings.take("newsroom", "interview") is None


def test_a_crowd_is_read_from_the_api_server() -> None:
    sightings = Sightings()
    for number in range(10_001):
        sightings.see(at_version("7", name=f"job-{number}"))

    assert sightings.take("newsroom", "job-0") is None
    assert sightings.take("newsroom", "job-1") is not None


def test_children_count_until_the_end_is_seen() -> None:
    sightings = Sightings()
    assert not sightings.is_live("newsroom", "interview")

    for see in (
        lambda: sightings.see(at_version("7")),
        lambda: sightings.see_listed("newsroom", "interview"),
        lambda: sightings.note_written(at_version("8")),
        lambda: sightings.note_written(at_version("9", phase=Phase.SUCCEEDED)),
    ):
        see()
        assert sightings.is_live("newsroom", "interview")

    sightings.forget("newsroom", "interview")
    assert not sightings.is_live("newsroom", "interview")


def test_a_child_is_seen_anew_where_its_owner_was_forgotten() -> None:
    sightings, owner = Sightings(), ("newsroom", "interview")
    sightings.see_listed(*owner)

    assert sightings.see_child(owner, "pods/a", "pending")
    assert not sightings.see_child(owner, "pods/a", "pending")
    assert sightings.see_child(owner, "pods/b", "pending")
    assert sightings.see_child(("studio", "interview"), "pods/a", "pending")
    sightings.forget(*owner)

    assert sightings.see_child(owner, "pods/a", "pending")


def test_a_finished_job_is_taken_once_and_not_by_another_namespace() -> None:
    sightings = Sightings()
    job = {"metadata": {"name": "interview-0f9e8d7c"}}
    sightings.see_finished_job("newsroom", "interview-0f9e8d7c", job)

    assert sightings.take_finished_job("studio", "interview-0f9e8d7c") is None
    assert sightings.take_finished_job("newsroom", "interview-0f9e8d7c") is job
    assert sightings.take_finished_job("newsroom", "interview-0f9e8d7c") is None
