"""Filters, orders and pages of lists; label selectors."""

from typing import Any

import pytest

from support.index_builders import after, make_summary
from waas_api.errors import InvalidCursor, InvalidRequest
from waas_api.jobs.label_selectors import parse_selector
from waas_api.jobs.listing import JobFilter, JobQuery, Sort, select_page
from waas_api.jobs.summaries import JobSummary
from waas_contract.job_status import Phase
from waas_contract.transcription_job import Task

JOBS = [
    make_summary("d", creation_time=after(40), phase=Phase.RUNNING, file_name="Çelik.mp3"),
    make_summary("c", creation_time=after(30), phase=Phase.SUCCEEDED, completion_time=after(99),
                 file_name="alpha.wav", model="base", language="no", owner="ada"),
    make_summary("b", creation_time=after(20), phase=Phase.SUCCEEDED, completion_time=after(50),
                 file_name="Beta.wav", task=Task.TRANSLATE, labels={"project": "news"}),
    make_summary("a", creation_time=after(10), phase=Phase.QUEUED, owner="ada"),
]  # fmt: skip
"""The newest first."""


def list_names(jobs: list[JobSummary], query: JobQuery) -> list[list[str]]:
    """Return the names on each page."""
    pages = []
    while True:
        page = select_page(jobs, query)
        pages.append([job.name for job in page.jobs])
        if page.cursor is None:
            return pages
        query = JobQuery(query.filter, query.sort, query.limit, page.cursor)


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("-creation_time", "dcba"),
        ("creation_time", "abcd"),
        ("completion_time", "bcad"),
        ("-completion_time", "cbda"),
        ("file_name", "cbda"),
        ("-file_name", "dbca"),
        ("phase", "adbc"),
        ("-phase", "cbda"),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 9])
def test_every_order_holds_over_all_pages(sort: str, names: str, limit: int) -> None:
    pages = list_names(JOBS, JobQuery(sort=Sort.parse(sort), limit=limit))

    assert "".join(name for page in pages for name in page) == names
    assert all(len(page) == limit for page in pages[:-1])


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, "dcba"),
        ({"phases": frozenset((Phase.RUNNING, Phase.QUEUED))}, "da"),
        ({"models": frozenset(("base",))}, "c"),
        ({"tasks": frozenset((Task.TRANSLATE,))}, "b"),
        ({"languages": frozenset(("no", "sv"))}, "c"),
        ({"owners": frozenset(("ada",))}, "ca"),
        ({"created_after": after(20)}, "dc"),
        ({"created_before": after(20)}, "a"),
        ({"file_name": "ALPHA"}, "c"),
        ({"file_name": "çel"}, "d"),
        ({"labels": parse_selector("project in (news)")}, "b"),
        ({"phases": frozenset((Phase.SUCCEEDED,)), "models": frozenset(("base",))}, "c"),
        ({"file_name": "nothing"}, ""),
    ],
)  # fmt: skip
def test_a_filter_admits(changes: dict[str, Any], names: str) -> None:
    page = select_page(JOBS, JobQuery(filter=JobFilter(**changes), limit=2))

    assert "".join(job.name for job in page.jobs) == names[:2]
    assert page.total == len(names)


def test_pages_are_stable_while_jobs_come_and_go() -> None:
    first = select_page(JOBS, JobQuery(limit=2))
    newer = make_summary("e", creation_time=after(50))
    without_the_last_seen = [newer, *(job for job in JOBS if job.name != "c")]

    second = select_page(without_the_last_seen, JobQuery(limit=2, cursor=first.cursor))

    assert [job.name for job in second.jobs] == ["b", "a"]


@pytest.mark.parametrize("cursor", ["", "nonsense", "W10", "WzEsMl0", "Å", "e30", "bnVsbA"])
def test_a_cursor_that_is_none_is_told(cursor: str) -> None:
    with pytest.raises(InvalidCursor, match="wrong"):
        select_page(JOBS, JobQuery(cursor=cursor))


@pytest.mark.parametrize(
    "query",
    [
        JobQuery(sort=Sort.parse("file_name"), limit=1),
        JobQuery(filter=JobFilter(models=frozenset(("tiny",))), limit=1),
    ],
)
def test_a_cursor_belongs_to_its_list(query: JobQuery) -> None:
    cursor = select_page(JOBS, JobQuery(limit=1)).cursor

    with pytest.raises(InvalidCursor):
        select_page(JOBS, JobQuery(query.filter, query.sort, 1, cursor))


def test_an_order_that_there_is_not_is_told() -> None:
    with pytest.raises(InvalidRequest, match="sort may be creation_time"):
        Sort.parse("colour")


@pytest.mark.parametrize(
    ("selector", "labels", "holds"),
    [
        ("", {}, True),
        ("a=b", {"a": "b"}, True),
        ("a==b", {"a": "b"}, True),
        ("a=b", {"a": "c"}, False),
        ("a!=b", {}, True),
        ("a!=b", {"a": "b"}, False),
        ("a", {"a": ""}, True),
        ("a", {}, False),
        ("!a", {}, True),
        ("! a", {"a": "1"}, False),
        ("a in (b, c)", {"a": "c"}, True),
        ("a in (b, c)", {}, False),
        ("a notin (b,c)", {}, True),
        ("a notin (b,c)", {"a": "b"}, False),
        ("example.org/a=b , c in (d,e),!f", {"example.org/a": "b", "c": "e"}, True),
        ("example.org/a=b,c in (d,e),!f", {"example.org/a": "b", "c": "e", "f": ""}, False),
        ("a=", {"a": ""}, True),
    ],
)
def test_labels_fit_a_selector_as_in_kubernetes(
    selector: str, labels: dict[str, str], holds: bool
) -> None:
    assert all(each.holds(labels) for each in parse_selector(selector)) is holds


@pytest.mark.parametrize("selector", ["a b", "a=b=c", "=b", "a in b", "a,,b", "a in (b", "Å=b"])
def test_a_selector_that_cannot_be_read_is_told(selector: str) -> None:
    with pytest.raises(InvalidRequest, match="label_selector cannot be read at"):
        parse_selector(selector)
