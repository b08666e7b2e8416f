"""The objects of one item, in a dictionary."""

from dataclasses import dataclass, field
from pathlib import Path

from waas_contract.formats import OutputFormat
from waas_job.errors import JobError, SourceNotFound, StorageUnavailable
from waas_job.storage.transport import Sink

AUDIO = "audio"
MANIFEST = "manifest"

Key = str | tuple[int, OutputFormat]


@dataclass
class InMemoryObjects:
    """Stands in for the store, and remembers in which order it was written to."""

    stored: dict[Key, bytes] = field(default_factory=dict)
    attempt_numbers: tuple[int, ...] = (1, 2, 3)
    written: list[Key] = field(default_factory=list)
    progress_notes: list[bytes] = field(default_factory=list)
    partials: list[bytes] = field(default_factory=list)
    checkpoints: list[bytes] = field(default_factory=list)
    refuses_checkpoints: bool = False
    has_listeners: bool = False
    """Whether anybody plays what is previewed."""

    preview: tuple[bytes, bytes] | None = None
    failure: JobError | None = None
    """Raised by every request, if set."""

    def fetch_audio(self, sink: Sink) -> None:
        self._fail_if_told()
        if AUDIO not in self.stored:
            raise SourceNotFound("The recording is not there.")
        sink.write(self.stored[AUDIO])

    def read_manifest(self) -> bytes | None:
        self._fail_if_told()
        return self.stored.get(MANIFEST)

    def create_manifest(self, content: bytes) -> bool:
        return self._create(MANIFEST, content)

    def replace_manifest(self, content: bytes) -> None:
        self._replace(MANIFEST, content)

    def attempts(self) -> tuple[int, ...]:
        return self.attempt_numbers

    def create_result(self, attempt: int, output_format: OutputFormat, content: bytes) -> bool:
        return self._create((attempt, output_format), content)

    def replace_result(self, attempt: int, output_format: OutputFormat, content: bytes) -> None:
        self._replace((attempt, output_format), content)

    def read_checkpoint(self) -> bytes | None:
        self._fail_if_told()
        return self.checkpoints[-1] if self.checkpoints else None

    def keep_checkpoint(self, content: bytes) -> None:
        self._fail_if_told()
        if self.refuses_checkpoints:
            raise StorageUnavailable("The object storage is not available.")
        self.checkpoints.append(content)

    def note_progress(self, content: bytes) -> None:
        self._fail_if_told()
        self.progress_notes.append(content)

    def note_partial(self, content: bytes) -> None:
        self._fail_if_told()
        self.partials.append(content)

    def wants_preview(self) -> bool:
        return self.has_listeners

    def store_preview(self, sound: Path, peaks: bytes) -> None:
        self._fail_if_told()
        self.preview = (sound.read_bytes(), peaks)

    def _create(self, key: Key, content: bytes) -> bool:
        if key in self.stored:
            return False
        self._replace(key, content)
        return True

    def _replace(self, key: Key, content: bytes) -> None:
        self._fail_if_told()
        self.stored[key] = content
        self.written.append(key)

    def _fail_if_told(self) -> None:
        if self.failure:
            raise self.failure
