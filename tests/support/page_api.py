"""The api on fakes for tests of the web page, with whatever jobs and transcripts a test wants."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from support.api_builders import (
    NAMESPACE,
    NOW,
    Api,
    make_manifest,
    make_spec,
    make_status,
    make_succeeded_condition,
)
from support.fake_object_storage import FakeObjectStorage
from support.speech import librivox_clip
from waas_contract.formats import OutputFormat
from waas_contract.job_status import (
    AudioStatus,
    Condition,
    Phase,
    Progress,
)
from waas_contract.object_keys import manifest_key, partial_key, result_key
from waas_contract.transcript import PartialTranscript, Segment, Transcript, Word
from waas_contract.transcription_job import Source, TranscriptionJobSpec

CLIP = "0870"
_PIECE_BYTES = 64 * 1024


@dataclass
class PageApi(Api):
    """An app on fakes whose jobs have real sound."""

    storage: FakeObjectStorage = field(default_factory=lambda: FakeObjectStorage(_PIECE_BYTES))

    def add(
        self,
        name: str,
        phase: Phase = Phase.SUCCEEDED,
        *,
        file_name: str = "interview.flac",
        texts: Sequence[str] = (),
        reason: tuple[str, str] = ("Completed", ""),
        created: datetime = NOW,
        is_stored: bool = True,
        sound: bytes | None = None,
        transcript: Transcript | None = None,
        percent: int | None = None,
        heard: Sequence[Segment] | None = None,
        lacks: Sequence[str] = (),
        expiry: datetime | None = None,
    ) -> None:
        """Have a job there; one that succeeded has a transcript of these texts.

        Of one that is not stored, nothing but the record is there. Sound and transcript are those
        of a clip of the tests, unless others are given. `heard` is what a job that runs has heard,
        `lacks` the options that the model could not do.
        """
        clip = librivox_clip(CLIP)
        key = f"{NAMESPACE}/{name}/audio/clip.flac"
        spec = make_spec(file_name, source=Source(key=key, file_name=file_name))
        seconds = transcript.duration if transcript else clip.duration_seconds
        if is_stored:
            self.storage.objects[key] = sound or clip.path.read_bytes()
        if is_stored and phase is Phase.SUCCEEDED:
            self._store(name, spec, transcript or make_transcript(texts, seconds), lacks)
        if heard is not None:
            self.hear(name, heard)
        conditions: tuple[Condition, ...] = ()
        if phase.is_final:
            truth = "True" if phase is Phase.SUCCEEDED else "False"
            conditions = (make_succeeded_condition(truth, *reason),)
        status = make_status(
            phase,
            conditions=conditions,
            audio=AudioStatus(duration_seconds=seconds, language="en"),
            progress=Progress(percent=percent, processed_seconds=seconds * percent / 100)
            if percent is not None
            else None,
            start_time=created,
            completion_time=created + timedelta(seconds=2) if phase.is_final else None,
            expiry_time=expiry,
        )
        self.jobs.put(name, spec, status, created)

    def hear(self, name: str, segments: Sequence[Segment]) -> None:
        """Have a running job tell what it has heard so far."""
        partial = PartialTranscript(language="en", segments=tuple(segments))
        content = partial.model_dump_json(exclude_none=True)
        self.storage.objects[partial_key(NAMESPACE, name)] = content.encode()

    def _store(
        self, name: str, spec: TranscriptionJobSpec, transcript: Transcript, lacks: Sequence[str]
    ) -> None:
        content = transcript.model_dump_json(exclude_none=True).encode()
        manifest = make_manifest(spec, content)
        key = result_key(NAMESPACE, name, 1, OutputFormat.JSON)
        file = manifest.files[0].model_copy(update={"key": key})
        changes = {"name": name, "files": (file,), "unsupported_options": tuple(lacks)}
        own = manifest.model_copy(update=changes)
        self.storage.objects[manifest_key(NAMESPACE, name)] = json.dumps(own.to_wire()).encode()
        self.storage.objects[key] = content


def make_transcript(texts: Sequence[str], seconds: float) -> Transcript:
    """Return a transcript in which each text takes the same time, and each word of it, too.

    A word that ends in a question mark is one that was heard with little certainty.
    """
    each = seconds / max(1, len(texts))
    segments = tuple(_make_segment(number, text, each) for number, text in enumerate(texts))
    text = "".join(segment.text for segment in segments)
    return Transcript(language="en", duration=seconds, text=text, segments=segments)


def _make_segment(number: int, text: str, seconds: float) -> Segment:
    spoken = text.split()
    start, length = number * seconds, seconds / max(1, len(spoken))
    words = tuple(
        Word(
            word=f" {word}",
            start=start + place * length,
            end=start + (place + 1) * length,
            probability=0.2 if word.endswith("?") else 0.9,
        )
        for place, word in enumerate(spoken)
    )
    return Segment(id=number, start=start, end=start + seconds, text=f" {text}", words=words)
