"""What people make of a transcript: revisions beside the original, which stays as it is.

A revision is an object of its own under the next number, stored on the condition that nobody has
taken that number: of two who save at once, the second learns of the first.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Annotated

import anyio.to_thread
from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from waas_api.errors import (
    InvalidRequest,
    ObjectExists,
    ObjectNotFound,
    PreconditionFailed,
    TranscriptMissing,
)
from waas_api.http.reading_aside import read_aside
from waas_api.storage.object_storage import ObjectStorage
from waas_contract.object_keys import edit_key, edits_prefix, parse_edit_key
from waas_contract.transcript import Segment, Transcript, Word, give_way
from waas_contract.wire import Time, WireModel

_MOST_SEGMENTS = 200_000
_LONGEST_TEXT = 10_000
_LONGEST_NAME = 200
_TOLERANCE_SECONDS = 1.0
"""By which a last caption may outlast the recording."""


class EditedWord(WireModel):
    """A word with the seconds in which it is spoken."""

    model_config = ConfigDict(extra="ignore")

    word: str = Field(max_length=_LONGEST_TEXT)
    start: float = Field(ge=0)
    end: float = Field(ge=0)
    probability: float = Field(default=1.0, ge=0, le=1)


class EditedSegment(WireModel):
    """One caption's worth of speech."""

    model_config = ConfigDict(extra="ignore")

    start: float = Field(ge=0)
    """Seconds from the start of the audio."""

    end: float = Field(ge=0)
    text: str = Field(max_length=_LONGEST_TEXT)
    words: tuple[EditedWord, ...] | None = None
    speaker: str | None = Field(default=None, max_length=_LONGEST_NAME)
    """Who speaks."""


class TranscriptEdit(WireModel):
    """A transcript as a person sends it; Whisper's other fields may be there and are left aside."""

    model_config = ConfigDict(extra="ignore")

    language: str | None = Field(default=None, max_length=16)
    """Code of the language; that of the original where absent."""

    segments: tuple[Annotated[EditedSegment, AfterValidator(give_way)], ...] = Field(
        max_length=_MOST_SEGMENTS
    )

    def to_transcript(self, original: Transcript) -> Transcript:
        """Return it whole, or raise InvalidRequest for times that cannot be."""
        _check_times(self.segments, original.duration)
        segments = tuple(
            Segment(
                id=number,
                start=each.start,
                end=each.end,
                text=each.text,
                words=tuple(Word(**word.model_dump()) for word in each.words)
                if each.words is not None
                else None,
                speaker=each.speaker,
            )
            for number, each in enumerate(self.segments)
        )
        return Transcript(
            language=self.language or original.language,
            duration=original.duration,
            text="".join(each.text for each in segments),
            segments=segments,
        )


class Revision(WireModel):
    """One saved state of a transcript."""

    revision: int = Field(ge=1)
    saved_time: Time
    saved_by: str | None = None
    transcript: Transcript


class RevisionView(WireModel):
    """One state of a transcript in a list."""

    revision: int
    """0 for the original."""

    saved_time: Time | None
    saved_by: str | None
    href: str


@dataclass(frozen=True)
class TranscriptState:
    """A transcript with what names this very state of it."""

    revision: int
    """0 for the original."""

    transcript: Transcript
    etag: str
    saved_time: datetime | None = None
    saved_by: str | None = None


def state_of_original(content: bytes) -> TranscriptState:
    """Return the state that the job stored."""
    return TranscriptState(0, Transcript.model_validate_json(content), _etag(0, content))


class TranscriptEdits:
    """The revisions of one job."""

    def __init__(
        self, namespace: str, name: str, storage: ObjectStorage, *, largest_bytes: int
    ) -> None:
        self._namespace = namespace
        self._name = name
        self._storage = storage
        self._largest_bytes = largest_bytes

    async def numbers(self) -> tuple[int, ...]:
        """Return the numbers of the revisions, the oldest first."""
        prefix = edits_prefix(self._namespace, self._name)
        found = map(parse_edit_key, await self._storage.list_keys(prefix))
        return tuple(sorted(number for number in found if number is not None))

    async def read(self, revision: int) -> TranscriptState:
        """Return one revision, or raise TranscriptMissing."""
        key = edit_key(self._namespace, self._name, revision)
        try:
            content = await self._storage.read(key, largest_bytes=self._largest_bytes)
            return await read_aside(_state_of_revision, content)
        except (ObjectNotFound, ValidationError) as error:
            raise TranscriptMissing(f"There is no revision {revision}.") from error

    async def save(
        self, transcript: Transcript, seen: TranscriptState, *, now: datetime, owner: str | None
    ) -> TranscriptState:
        """Keep a transcript as the revision after the one that was seen.

        Raises:
            PreconditionFailed: somebody else has saved meanwhile.
        """
        number = seen.revision + 1
        revision = Revision(revision=number, saved_time=now, saved_by=owner, transcript=transcript)
        content = await anyio.to_thread.run_sync(_render, revision)
        if len(content) > self._largest_bytes:
            raise InvalidRequest(
                f"The transcript is larger than {self._largest_bytes} bytes, which the service "
                "could not show again."
            )
        try:
            await self._storage.store_new(edit_key(self._namespace, self._name, number), content)
        except ObjectExists as error:
            raise PreconditionFailed(
                "Somebody has saved this transcript since you read it: read it again."
            ) from error
        return TranscriptState(number, transcript, _etag(number, content), now, owner)


def _state_of_revision(content: bytes) -> TranscriptState:
    found = Revision.model_validate_json(content)
    number = found.revision
    etag = _etag(number, content)
    return TranscriptState(number, found.transcript, etag, found.saved_time, found.saved_by)


def _render(revision: Revision) -> bytes:
    return revision.model_dump_json(by_alias=True, exclude_none=True).encode()


def _etag(revision: int, content: bytes) -> str:
    return f"{revision}-{hashlib.sha256(content).hexdigest()[:32]}"


def _check_times(segments: Sequence[EditedSegment], duration: float) -> None:
    for number, each in enumerate(segments):
        if each.end < each.start:
            raise InvalidRequest(f"segments[{number}] ends before it starts.")
        if each.end > duration + _TOLERANCE_SECONDS:
            raise InvalidRequest(
                f"segments[{number}] ends after the recording, which is {duration:g} seconds long."
            )
        words = each.words or ()
        if any(word.end < word.start for word in words) or _are_unordered(
            word.start for word in words
        ):
            raise InvalidRequest(f"segments[{number}] has words that are not in their order.")
    if _are_unordered(each.start for each in segments):
        raise InvalidRequest("The segments are not in the order of their starts.")


def _are_unordered(starts: Iterable[float]) -> bool:
    return any(after < before for before, after in pairwise(starts))
