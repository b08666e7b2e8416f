"""Which of several words about a job counts, in whatever order they come."""

from collections.abc import Callable

import pytest

from support.api_builders import NAMESPACE
from support.index_builders import after, list_into, make_resource, names_of
from waas_api.errors import ClusterUnavailable
from waas_api.jobs.index import JobIndex
from waas_contract.job_status import Phase
from waas_contract.transcription_job import Priority


def phase_of(index: JobIndex, name: str) -> str | None:
    summary = index.summary(name)
    return None if summary is None else str(summary.phase)


Step = Callable[[JobIndex], None]


def told(name: str, version: int, phase: str, uid: str | None = None) -> Step:
    resource = make_resource(name, version, phase=phase, uid=uid)
    return lambda index: index.apply(resource, version)


def gone(name: str, version: int, uid: str | None = None) -> Step:
    return lambda index: index.apply_deletion(make_resource(name, version, uid=uid), version)


def written(name: str, version: int, phase: str, uid: str | None = None) -> Step:
    return lambda index: index.fold(make_resource(name, version, phase=phase, uid=uid))


def deleted(name: str) -> Step:
    return lambda index: index.forget(name, f"uid-of-{name}")


@pytest.mark.parametrize(
    ("sentence", "steps", "expected"),
    [
        ("the stream's later word counts",
         [told("a", 11, "Queued"), told("a", 12, "Running")], "Running"),
        ("an older word never overwrites a newer one",
         [told("a", 12, "Running"), told("a", 11, "Queued")], "Running"),
        ("an answer of our own is known before the stream has it",
         [written("a", 11, "Queued")], "Queued"),
        ("the stream's echo of it changes nothing",
         [written("a", 12, "Running"), told("a", 11, "Queued"), told("a", 12, "Running")],
         "Running"),
        ("an answer that comes late is left aside",
         [told("a", 12, "Running"), written("a", 11, "Queued")], "Running"),
        ("what the stream has seen go does not come back by a late answer",
         [told("a", 11, "Queued"), gone("a", 13), written("a", 12, "Running")], None),
        ("what we have deleted does not come back by the stream's older word",
         [told("a", 11, "Queued"), deleted("a"), told("a", 12, "Running")], None),
        ("a deletion of a former one leaves the one that has its name",
         [told("a", 11, "Running", "second"), deleted("a")], "Running"),
        ("nor by its last one",
         [told("a", 11, "Queued"), deleted("a"), told("a", 12, "Running"), gone("a", 13)], None),
        ("another job may take the name of one that was deleted",
         [told("a", 11, "Queued"), deleted("a"), written("a", 14, "Running", "second"),
          gone("a", 13)], "Running"),
        ("the end of an earlier job of that name is not the end of the later",
         [told("a", 14, "Running", "second"), gone("a", 15, "first")], "Running"),
    ],
)  # fmt: skip
def test_the_latest_word_counts(sentence: str, steps: list[Step], expected: str | None) -> None:
    index = JobIndex()
    list_into(index, 10)

    for step in steps:
        step(index)

    assert phase_of(index, "a") == expected, sentence
    assert names_of(index) == (["a"] if expected else [])
    assert list(index.waiting) == (["a"] if expected == "Queued" else [])


def test_what_was_written_while_a_list_was_on_its_way_stays() -> None:
    index = JobIndex()
    list_into(index, 5, make_resource("old", 3), make_resource("deleted", 4))

    index.begin_list()
    index.take_page([make_resource("old", 3), make_resource("deleted", 4)])
    index.fold(make_resource("new", 12))
    index.forget("deleted", "uid-of-deleted")
    index.end_list(10)

    assert set(names_of(index)) == {"old", "new"}
    assert index.version == 10


def test_a_server_that_was_restored_from_a_backup_has_the_truth() -> None:
    index = JobIndex()
    list_into(index, 100, make_resource("a", 90, phase="Running"), make_resource("lost", 95))

    list_into(index, 40, make_resource("a", 30, phase="Queued"))

    assert (phase_of(index, "a"), names_of(index), index.version) == ("Queued", ["a"], 40)
    index.apply(make_resource("a", 41, phase="Running"), 41)
    assert phase_of(index, "a") == "Running"


def test_a_list_tells_what_differs_from_before() -> None:
    index = JobIndex()
    list_into(index, 5, make_resource("same", 1), make_resource("gone", 2))

    with index.changes.subscribed() as subscription:
        list_into(index, 9, make_resource("same", 1), make_resource("new", 8))
        told_names: set[str] = set(subscription.pending)

    assert told_names == {"gone", "new"}


def test_jobs_are_ordered_by_age_then_name_and_places_are_found() -> None:
    index = JobIndex()
    resources = [
        make_resource("d", 1, created=after(5)),
        make_resource("b", 2, phase="Pending"),
        make_resource("a", 3, phase="Queued"),
        make_resource("running", 4, phase="Running", created=after(-9)),
        make_resource("c", 5, created=after(-1)),
    ]
    list_into(index, 9, *resources)

    assert names_of(index) == ["d", "b", "a", "c", "running"]
    assert list(index.waiting) == ["c", "a", "b", "d"]
    assert [index.waiting.index(name) for name in ("c", "a", "b", "d")] == [0, 1, 2, 3]
    assert (len(index.waiting), "running" in index.waiting) == (4, False)
    with pytest.raises(ValueError, match="running"):
        index.waiting.index("running")


def test_the_line_goes_by_priority_then_by_age_and_heeds_a_change_of_either() -> None:
    index = JobIndex()
    list_into(
        index,
        9,
        make_resource("low", 1, created=after(-9), priority=Priority.LOW),
        make_resource("late", 2, created=after(5)),
        make_resource("early", 3, created=after(-5)),
        make_resource("high", 4, created=after(9), priority=Priority.HIGH),
    )

    assert list(index.waiting) == ["high", "early", "late", "low"]
    index.apply(make_resource("late", 10, created=after(5), priority=Priority.HIGH), 10)
    assert list(index.waiting) == ["late", "high", "early", "low"]
    assert [index.waiting.index(name) for name in ("late", "high", "early", "low")] == [0, 1, 2, 3]
    index.apply(make_resource("late", 11, created=after(5), phase="Running"), 11)
    index.apply(make_resource("high", 12, created=after(9), priority=Priority.LOW), 12)
    assert list(index.waiting) == ["early", "low", "high"]
    assert names_of(index) == ["high", "late", "early", "low"]


def test_a_job_of_a_later_release_is_kept_out_of_lists_and_hides_nobody() -> None:
    index = JobIndex()

    list_into(index, 9, make_resource("odd", 1, phase="Dreaming"), make_resource("a", 2))

    assert (names_of(index), len(index)) == (["a"], 1)
    with pytest.raises(ClusterUnavailable, match=r"odd is not .*status\.phase"):
        index.read("odd")
    index.apply(make_resource("odd", 10, phase="Running"), 10)
    assert set(names_of(index)) == {"a", "odd"}


def test_a_record_is_read_whole_but_for_what_nobody_reads() -> None:
    index = JobIndex()
    list_into(index, 9, make_resource("a", 2, phase="Running", owner="ada"))

    job = index.read("a")

    assert job is not None
    assert (job.metadata.namespace, job.phase, job.spec.owner) == (
        NAMESPACE,
        Phase.RUNNING,
        "ada",
    )
    assert index.read("b") is None


def test_deletions_are_remembered_since_a_version() -> None:
    index = JobIndex()
    list_into(index, 10, make_resource("a", 2, owner="ada"), make_resource("b", 3))

    index.apply_deletion(make_resource("a", 12), 12)
    index.forget("b", "uid-of-b")

    assert [(each.name, each.version, each.owner) for each in index.deletions] == [
        ("a", 12, "ada"),
        ("b", 12, None),
    ]
    assert index.first_version == 10
    list_into(index, 20)
    assert (list(index.deletions), index.first_version) == ([], 20)
