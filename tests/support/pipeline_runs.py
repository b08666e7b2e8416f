"""The job program's pipeline, with an engine that knows what it hears and a store in memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from support.in_memory_objects import MANIFEST, InMemoryObjects
from support.job_items import make_item
from waas_contract.job_environment import ItemOutcome, JobItem
from waas_contract.manifest import EngineFacts, Manifest
from waas_contract.transcript import Segment, Transcript
from waas_job.engine.protocol import (
    Heard,
    Language,
    Samples,
    Transcription,
    TranscriptionOptions,
)
from waas_job.errors import ModelNotFound
from waas_job.pipeline import Pipeline, Tools
from waas_job.unfinished import UnfinishedWork

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass
class FakeEngine:
    """Hears the same in everything, the first half of it halfway."""

    segments: tuple[Segment, ...] = (
        Segment(id=0, start=0, end=1, text=" Good morning.", tokens=(50364, 2205)),
    )
    version: str = "1"
    failure: BaseException | None = None
    unsupported_options: tuple[str, ...] = ()
    asked: list[TranscriptionOptions] = field(default_factory=list)
    went_on_from: list[Heard | None] = field(default_factory=list)
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    """Of the blocks of the last recording."""

    listened_to: list[int] = field(default_factory=list)
    """How many samples of each recording it was asked to tell the language of."""

    @property
    def facts(self) -> EngineFacts:
        return EngineFacts(name="fake", version=self.version, model="base", device="cpu")

    def transcribe(
        self,
        blocks: Iterable[Samples],
        options: TranscriptionOptions,
        on_progress: Callable[[Heard], None],
        *,
        before: Heard | None = None,
    ) -> Transcription:
        self.asked.append(options)
        self.went_on_from.append(before)
        if self.failure:
            raise self.failure
        listened = list(blocks)
        self.shapes = [block.shape for block in listened]
        duration = sum(shape[-1] for shape in self.shapes) / 16_000
        language = Language(options.language) if options.language else Language("en", 0.75)
        half = self.segments[: (len(self.segments) + 1) // 2]
        on_progress(Heard(duration / 2, language, half))
        on_progress(Heard(duration, language, self.segments))
        return Transcription(
            Transcript(
                language=language.code,
                duration=duration,
                text="".join(segment.text for segment in self.segments),
                segments=self.segments,
            ),
            language,
            self.unsupported_options,
        )

    def detect_language(self, samples: Samples) -> Language:
        self.listened_to.append(len(samples))
        return Language("no", 0.875)


@dataclass
class Run:
    """A pipeline in a test: what it works with, and what came of it."""

    scratch_directory: Path
    objects: dict[str, InMemoryObjects]
    engine: FakeEngine = field(default_factory=FakeEngine)
    has_checkpoint: bool = True
    engines_loaded: int = 0
    unfinished: UnfinishedWork = field(default_factory=UnfinishedWork)
    checkpoint_interval_seconds: float = 0
    asked_for: str = make_item().spec_digest
    other_recording: bytes = b""
    stages: list[str] = field(default_factory=list)

    def take(self, items: Sequence[JobItem]) -> list[ItemOutcome]:
        """Take items, and leave nothing behind in the scratch folder."""
        tools = Tools(
            open_objects=lambda item: self.objects[item.name],
            require_checkpoint=self._require_checkpoint,
            load_engine=self._load_engine,
            scratch_directory=self.scratch_directory,
            unfinished=self.unfinished,
            progress_interval_seconds=0,
            checkpoint_interval_seconds=self.checkpoint_interval_seconds,
            clock=lambda: 100.0,
            now=lambda: NOW,
            stage=self._note_stage,
        )
        outcomes: list[ItemOutcome] = []
        Pipeline(tools).run(items, outcomes.append)
        assert list(self.scratch_directory.iterdir()) == []
        return outcomes

    def _require_checkpoint(self) -> None:
        if not self.has_checkpoint:
            raise ModelNotFound("There is no base.pt in /models.")

    @contextmanager
    def _note_stage(self, name: str) -> Iterator[None]:
        self.stages.append(name)
        yield

    def _load_engine(self) -> FakeEngine:
        self.engines_loaded += 1
        return self.engine


def manifest_of(objects: InMemoryObjects) -> Manifest:
    """Return what was written last."""
    return Manifest.model_validate_json(objects.stored[MANIFEST])
