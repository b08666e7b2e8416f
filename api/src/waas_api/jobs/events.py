"""What a stream of events tells, and from which place it is taken up again.

An event's id says all that its client knows by then, so that any replica can go on from it: the
record's version, and how many segments were sent, with a digest of them.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from fastapi.sse import format_sse_event

from waas_api.native.views import JobView
from waas_contract.job_status import Phase
from waas_contract.transcript import Segment

_ID = re.compile(r"(\d{1,20})(?:-(\d{1,9})-([0-9a-f]{8}))?")
_PROGRESS_FIELDS = frozenset(("progress", "processed_seconds", "estimate"))


class EventType(StrEnum):
    """The events, by their names on the wire."""

    STATUS = "status"
    """The whole job, as GET /v2/jobs/<id> shows it."""

    PROGRESS = "progress"
    """How far a running job is."""

    SEGMENTS = "segments"
    """Segments from a place on: they replace what was known from there on."""

    END = "end"
    """The whole job, which has ended; nothing follows."""

    DELETED = "deleted"
    """The job is gone; nothing follows in a stream of its own."""

    RESYNC = "resync"
    """Deletions were missed: list the jobs anew."""


@dataclass(frozen=True)
class Known:
    """What a client has been told."""

    version: int = 0
    segments: int = 0
    digest: str = ""

    @classmethod
    def parse(cls, last_event_id: str | None) -> "Known":
        """Return what an event's id stands for; nothing for one that is none of ours."""
        found = _ID.fullmatch(last_event_id or "")
        if found is None:
            return cls()
        version, segments, digest = found.groups()
        return cls(int(version), int(segments or 0), digest or "")

    def __str__(self) -> str:
        if not self.segments:
            return str(self.version)
        return f"{self.version}-{self.segments}-{self.digest}"

    def with_segments(self, segments: Sequence[Segment]) -> "Known":
        """Return the same once these segments were told."""
        return replace(self, segments=len(segments), digest=_digest(segments))


def _digest(segments: Sequence[Segment]) -> str:
    texts = "\n".join(f"{each.start} {each.end} {each.speaker} {each.text}" for each in segments)
    return hashlib.sha256(texts.encode()).hexdigest()[:8]


def find_first_news(
    known: Known, told: Sequence[Segment], segments: Sequence[Segment]
) -> int | None:
    """Return the place from which on segments are to be told; None where there are no news.

    `told` are those that this stream has sent itself; before the first, the id that the client
    came with says what it has.
    """
    if not told and known.segments:
        if len(segments) < known.segments or _digest(segments[: known.segments]) != known.digest:
            return 0
        return known.segments if len(segments) > known.segments else None
    same = next(
        (place for place, (old, new) in enumerate(zip(told, segments, strict=False)) if old != new),
        min(len(told), len(segments)),
    )
    return None if same == len(told) == len(segments) else same


def classify(before: JobView | None, now: JobView) -> EventType | None:
    """Return the event that tells of a job's change, or None where there is none worth telling."""
    if now.phase.is_final:
        return EventType.END
    if before is None:
        return EventType.STATUS
    changed = {name for name in JobView.model_fields if getattr(before, name) != getattr(now, name)}
    if changed - _PROGRESS_FIELDS:
        return EventType.STATUS
    # An estimate alone drifts with the clock.
    if changed - {"estimate"} and now.phase is Phase.RUNNING:
        return EventType.PROGRESS
    return None


def render_job(event: EventType, view: JobView, known: Known) -> bytes:
    """Return an event that tells of a job."""
    content: object = view.model_dump(mode="json", by_alias=True)
    if event is EventType.PROGRESS:
        wire = view.model_dump(
            mode="json", by_alias=True, include={"id", "phase", *_PROGRESS_FIELDS}
        )
        content = wire
    return _render(event, content, str(known))


def render_segments(
    name: str, language: str | None, segments: Sequence[Segment], first: int, known: Known
) -> bytes:
    """Return the event with the segments from a place on."""
    shown = [
        each.model_dump(include={"start", "end", "text", "speaker"}, exclude_none=True)
        for each in segments[first:]
    ]
    content = {"id": name, "language": language, "from": first, "segments": shown}
    return _render(EventType.SEGMENTS, content, str(known))


def render_deletion(name: str, version: int) -> bytes:
    """Return the event that tells that a job is gone."""
    return _render(EventType.DELETED, {"id": name}, str(version))


def render_resync(version: int) -> bytes:
    """Return the event that asks for a new list."""
    return _render(EventType.RESYNC, {}, str(version))


def render_hello(retry_seconds: float) -> bytes:
    """Return the beginning of a stream, which opens it in every proxy."""
    return format_sse_event(comment="waas", retry=round(retry_seconds * 1000))


def render_keep_alive() -> bytes:
    """Return what clients do not see and what keeps the connection."""
    return format_sse_event(comment="")


def _render(event: EventType, content: object, event_id: str) -> bytes:
    data = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return format_sse_event(data_str=data, event=event, id=event_id)
