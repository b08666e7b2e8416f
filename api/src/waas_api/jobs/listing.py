"""Which jobs a list shows, in which order, and where its pages begin.

A page begins after a place in the order, not at a number: so what comes or goes meanwhile makes no
job appear twice, and none that was there all the time is left out.
"""

import base64
import binascii
import hashlib
import heapq
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from waas_api.errors import InvalidCursor, InvalidRequest
from waas_api.jobs.label_selectors import Requirement
from waas_api.jobs.summaries import JobSummary
from waas_contract.job_status import Phase
from waas_contract.transcription_job import Task

_PHASES = {phase: number for number, phase in enumerate(Phase)}


class SortField(StrEnum):
    """What a list can be ordered by."""

    CREATION_TIME = "creation_time"
    COMPLETION_TIME = "completion_time"
    FILE_NAME = "file_name"
    PHASE = "phase"


_Value = float | str
_VALUES: Mapping[SortField, Callable[[JobSummary], _Value | None]] = {
    SortField.CREATION_TIME: lambda job: job.creation_time.timestamp(),
    SortField.COMPLETION_TIME: lambda job: (
        job.completion_time.timestamp() if job.completion_time else None
    ),
    SortField.FILE_NAME: lambda job: job.file_name.casefold() if job.file_name else None,
    SortField.PHASE: lambda job: float(_PHASES[job.phase]),
}

_SortKey = tuple[bool, _Value, str]


@dataclass(frozen=True)
class Sort:
    """An order; jobs that lack the field come last in both directions."""

    field: SortField = SortField.CREATION_TIME
    is_descending: bool = True

    @classmethod
    def parse(cls, text: str) -> "Sort":
        """Return the order that `creation_time` or `-creation_time` stands for."""
        try:
            return cls(SortField(text.removeprefix("-")), text.startswith("-"))
        except ValueError as error:
            raise InvalidRequest(
                f"sort may be {', '.join(SortField)}, with a '-' before it for the reverse."
            ) from error

    def __str__(self) -> str:
        return f"{'-' if self.is_descending else ''}{self.field}"

    def key(self, job: JobSummary) -> _SortKey:
        """Return what the jobs are compared by."""
        return self.key_of(_VALUES[self.field](job), job.name)

    def key_of(self, value: _Value | None, name: str) -> _SortKey:
        """Return the same from the value of the field."""
        empty: _Value = "" if self.field is SortField.FILE_NAME else 0.0
        is_last = value is None
        return (is_last != self.is_descending, empty if value is None else value, name)

    def is_after(self, key: _SortKey, other: _SortKey) -> bool:
        """Tell whether one comes after another."""
        return key < other if self.is_descending else key > other


@dataclass(frozen=True)
class JobFilter:
    """What a job must be to be listed; a field that is absent says nothing."""

    phases: frozenset[Phase] = frozenset()
    models: frozenset[str] = frozenset()
    tasks: frozenset[Task] = frozenset()
    languages: frozenset[str] = frozenset()
    owners: frozenset[str] | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    file_name: str = ""
    """A part of the file name, in any case."""

    labels: tuple[Requirement, ...] = ()

    def admits(self, job: JobSummary) -> bool:
        """Tell whether a job is meant."""
        return (
            (not self.phases or job.phase in self.phases)
            and (not self.models or job.model in self.models)
            and (not self.tasks or job.task in self.tasks)
            and (not self.languages or job.language in self.languages)
            and (self.owners is None or job.owner in self.owners)
            and (self.created_after is None or job.creation_time > self.created_after)
            and (self.created_before is None or job.creation_time < self.created_before)
            and self.file_name.casefold() in (job.file_name or "").casefold()
            and all(each.holds(job.labels) for each in self.labels)
        )

    def digest(self) -> str:
        """Return a few letters that differ where the filter does."""
        parts = [
            sorted(each) if isinstance(each, frozenset) else str(each)
            for each in vars(self).values()
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class JobQuery:
    """One page of one list."""

    filter: JobFilter = field(default_factory=JobFilter)
    sort: Sort = field(default_factory=Sort)
    limit: int = 100
    cursor: str | None = None


@dataclass(frozen=True)
class JobPage:
    """The jobs of a page."""

    jobs: tuple[JobSummary, ...]
    cursor: str | None
    """What the next page is asked for with; None on the last."""

    total: int
    """How many the filter admits, on all pages."""


def select_page(newest_first: Iterable[JobSummary], query: JobQuery) -> JobPage:
    """Return a page of the jobs that somebody may see.

    Raises:
        InvalidCursor: the cursor is none of this list's.
    """
    sort, limit = query.sort, query.limit
    start = None if query.cursor is None else _read_cursor(query.cursor, query)
    admits, is_everything = query.filter.admits, query.filter == JobFilter()
    found = [job for job in newest_first if is_everything or admits(job)]
    total = len(found)
    if sort.field is SortField.CREATION_TIME:
        # They come in that order already.
        ordered = found if sort.is_descending else found[::-1]
        if start is not None:
            ordered = [job for job in ordered if sort.is_after(sort.key(job), start)]
        page = ordered[: limit + 1]
    else:
        rest = (job for job in found if start is None or sort.is_after(sort.key(job), start))
        choose = heapq.nlargest if sort.is_descending else heapq.nsmallest
        page = choose(limit + 1, rest, key=sort.key)
    jobs = tuple(page[:limit])
    return JobPage(jobs, _write_cursor(jobs[-1], query) if len(page) > limit else None, total)


def _write_cursor(last: JobSummary, query: JobQuery) -> str:
    place = [str(query.sort), query.filter.digest(), _VALUES[query.sort.field](last), last.name]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _read_cursor(cursor: str, query: JobQuery) -> _SortKey:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        sort, digest, value, name = json.loads(
            base64.b64decode(padded, altchars=b"-_", validate=True)
        )
        expected = str if query.sort.field is SortField.FILE_NAME else float
        is_ours = isinstance(value, expected | None) and isinstance(name, str)
    except (ValueError, TypeError, binascii.Error, RecursionError):
        is_ours = False
    if not is_ours:
        raise InvalidCursor("This cursor is wrong: list from the beginning.")
    if (sort, digest) != (str(query.sort), query.filter.digest()):
        raise InvalidCursor(
            "This cursor belongs to a list with another order or other filters: list from the "
            "beginning, or ask as for its first page."
        )
    return query.sort.key_of(value, name)
