"""All TranscriptionJobs of a namespace in memory, in the orders in which they are asked for.

A record is kept as its JSON, which takes a seventh of the room of its model, and is parsed when
somebody looks at it; what lists go by is at hand (`job_summaries`).

Writers are a list of all, a stream of changes in order, and the answers to the api's own writes,
which may come before or after the stream has the same. A resourceVersion says which is later.
"""

import json
import logging
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, overload

from waas_api.errors import ClusterUnavailable
from waas_api.jobs.changes import JobChanges
from waas_api.jobs.summaries import JobSummary, parse_version, summarize
from waas_contract.log_lines import log_fields
from waas_contract.reading import UnreadableTranscriptionJob, read_transcription_job
from waas_contract.transcription_job import TranscriptionJob

logger = logging.getLogger(__name__)

Resource = Mapping[str, Any]

_Place = tuple[datetime, str]
_LinePlace = tuple[int, datetime, str]

_MOST_REMEMBERED_DELETIONS = 2000


@dataclass(frozen=True, slots=True)
class _Entry:
    uid: str
    version: int
    content: bytes
    """The TranscriptionJob as JSON."""

    summary: JobSummary | None
    """None for one that this release cannot read."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """A job that was there."""

    name: str
    version: int
    """The resourceVersion at which it went."""

    owner: str | None


class WaitingNames(Sequence[str]):
    """The names of those who wait, by priority, then oldest first; no place needs a walk."""

    def __init__(self) -> None:
        self._line: list[_LinePlace] = []
        self._places: dict[str, _LinePlace] = {}

    def put(self, summary: JobSummary) -> None:
        """Have a job in the line, at the place that it has now."""
        place = summary.line_key
        if self._places.get(summary.name) != place:
            self.drop(summary.name)
            insort(self._line, place)
            self._places[summary.name] = place

    def drop(self, name: str) -> None:
        """Have a job in it no longer."""
        place = self._places.pop(name, None)
        if place is not None:
            del self._line[bisect_left(self._line, place)]

    def __len__(self) -> int:
        return len(self._line)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return tuple(name for *_, name in self._line[index])
        return self._line[index][-1]

    def index(self, name: str, start: int = 0, stop: int | None = None) -> int:
        """Return how many wait before it; raises ValueError for one that does not wait."""
        if name not in self._places:
            raise ValueError(f"{name} does not wait")
        place = bisect_left(self._line, self._places[name])
        if place < start or (stop is not None and place >= stop):
            raise ValueError(f"{name} waits elsewhere")
        return place


class JobIndex:
    """The jobs of one namespace."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._by_age: list[_Place] = []
        self._listed: dict[str, _Entry] = {}
        self._folded: dict[str, Resource] | None = None
        """What was written by ourselves while a list was on its way; None while none is."""

        self._deleted_uids: set[str] = set()
        """Those that the stream may still speak of, though we know that they are gone."""

        self.deletions: deque[Deletion] = deque(maxlen=_MOST_REMEMBERED_DELETIONS)
        self.version = 0
        """Up to which resourceVersion everything is known."""

        self.first_version = 0
        """From which on every deletion is remembered."""

        self.waiting = WaitingNames()
        self.changes = JobChanges()

    def __len__(self) -> int:
        return len(self._by_age)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def read(self, name: str) -> TranscriptionJob | None:
        """Return a job, or None where there is none; raises ClusterUnavailable if unreadable."""
        entry = self._entries.get(name)
        return parse_job(entry.content) if entry is not None else None

    def summary(self, name: str) -> JobSummary | None:
        """Return what is at hand of a job."""
        entry = self._entries.get(name)
        return entry.summary if entry is not None else None

    def newest_first(self) -> Iterator[JobSummary]:
        """Go through all jobs that can be read; nobody may write meanwhile."""
        for _, name in reversed(self._by_age):
            summary = self._entries[name].summary
            assert summary is not None
            yield summary

    def begin_list(self) -> None:
        """Note that a list is asked for: what is written from now on may be missing in it."""
        self._listed, self._folded = {}, {}

    def take_page(self, resources: Iterable[Resource]) -> None:
        """Take some of the jobs of the list."""
        for resource in resources:
            self._listed[resource["metadata"]["name"]] = _make_entry(resource)

    def end_list(self, version: int) -> None:
        """Have exactly the jobs of the list, and those that were written since it was begun."""
        before, listed, folded = self._entries, self._listed, self._folded or {}
        self._entries, self._by_age, self.waiting = {}, [], WaitingNames()
        self._listed, self._folded = {}, None
        # The list is the whole truth of its version, also where a restored server counts anew.
        self.version = self.first_version = version
        for name, entry in listed.items():
            if entry.uid not in self._deleted_uids:
                self._keep(name, entry)
        for resource in folded.values():
            self.fold(resource)
        self.deletions.clear()
        self._deleted_uids.clear()
        for name in before.keys() | self._entries.keys():
            known, kept = before.get(name), self._entries.get(name)
            if known is None or kept is None or known.version != kept.version:
                self.changes.publish(name)

    def apply(self, resource: Resource, version: int) -> None:
        """Take a job from the stream of changes."""
        self.version = max(self.version, version)
        if resource["metadata"].get("uid") in self._deleted_uids:
            return
        self._put(resource)

    def apply_deletion(self, resource: Resource, version: int) -> None:
        """Take from the stream that a job is gone."""
        self.version = max(self.version, version)
        metadata = resource["metadata"]
        self._deleted_uids.discard(metadata.get("uid", ""))
        entry = self._entries.get(metadata["name"])
        if entry is not None and entry.uid == metadata.get("uid", ""):
            self.remove(metadata["name"], version)

    def advance(self, version: int) -> None:
        """Take from the stream that nothing has happened up to a version."""
        self.version = max(self.version, version)

    def fold(self, resource: Resource) -> None:
        """Take the answer to a write or a read of our own, unless the stream is further."""
        metadata = resource["metadata"]
        if self._folded is not None:
            self._folded[metadata["name"]] = resource
        is_known = parse_version(metadata.get("resourceVersion")) <= self.version
        if not is_known and metadata.get("uid") not in self._deleted_uids:
            self._put(resource)

    def forget(self, name: str, uid: str) -> None:
        """Take it that a job is gone, for we have deleted it ourselves; not one of another uid."""
        folded = self._folded.get(name) if self._folded else None
        if self._folded and folded and folded["metadata"].get("uid", "") == uid:
            del self._folded[name]
        entry = self._entries.get(name)
        if entry is not None and entry.uid == uid:
            self._deleted_uids.add(entry.uid)
            self.remove(name, max(self.version, entry.version))

    def remove(self, name: str, version: int) -> None:
        """Have a job no longer, since a resourceVersion; none of that name is fine."""
        self.version = max(self.version, version)
        entry = self._entries.pop(name, None)
        if entry is None:
            return
        self.waiting.drop(name)
        self._leave_order(entry.summary)
        if len(self.deletions) == self.deletions.maxlen:
            self.first_version = self.deletions[0].version
        owner = entry.summary.owner if entry.summary else None
        self.deletions.append(Deletion(name, version, owner))
        self.changes.publish(name)

    def _put(self, resource: Resource) -> None:
        name = resource["metadata"]["name"]
        known = self._entries.get(name)
        if known is None or known.version < parse_version(resource["metadata"]["resourceVersion"]):
            self._keep(name, _make_entry(resource))
            self.changes.publish(name)

    def _keep(self, name: str, entry: _Entry) -> None:
        known = self._entries.get(name)
        old, new = known.summary if known else None, entry.summary
        if (old.age_key if old else None) != (new.age_key if new else None):
            self._leave_order(old)
            if new is not None:
                insort(self._by_age, new.age_key)
        if new is not None and new.phase.is_waiting:
            self.waiting.put(new)
        else:
            self.waiting.drop(name)
        self._entries[name] = entry

    def _leave_order(self, summary: JobSummary | None) -> None:
        if summary is not None:
            del self._by_age[bisect_left(self._by_age, summary.age_key)]


def _make_entry(resource: Resource) -> _Entry:
    metadata = {key: value for key, value in resource["metadata"].items() if key != "managedFields"}
    content = json.dumps({**resource, "metadata": metadata}, separators=(",", ":")).encode()
    summary = None
    try:
        summary = summarize(parse_job(content))
    except ClusterUnavailable as error:
        # One that a later release made must not hide all the others.
        logger.warning(
            "not listed: %s", error, extra=log_fields(transcription_job=metadata["name"])
        )
    version = parse_version(metadata.get("resourceVersion"))
    return _Entry(metadata.get("uid", ""), version, content, summary)


def parse_job(content: bytes | Resource) -> TranscriptionJob:
    """Return a TranscriptionJob from its JSON or its parsed form.

    Raises:
        ClusterUnavailable: it is of a later release, or somebody's own.
    """
    try:
        return read_transcription_job(content)
    except UnreadableTranscriptionJob as error:
        raise ClusterUnavailable(f"{_name_of(content)} is {error}") from None


def _name_of(content: bytes | Resource) -> str:
    resource = json.loads(content) if isinstance(content, bytes) else content
    return str(resource["metadata"]["name"])
