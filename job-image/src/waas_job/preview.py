"""Makes the preview of a recording while it is transcribed: nothing waits for it for long.

It is a convenience. Whatever goes wrong with it is told in the log, and costs no transcript.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from waas_contract.log_lines import log_fields
from waas_contract.preview import Peaks
from waas_job.errors import JobError
from waas_job.preview_sound import Abandoned, NoPreview, encode_preview
from waas_job.storage.objects import ItemObjects

logger = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 60.0
"""How long a transcript that is ready waits for its preview."""


class Preview:
    """A preview in the making."""

    def __init__(self, objects: ItemObjects, recording: Path) -> None:
        """Begin with it, where anybody listens."""
        self._objects = objects
        self._target = recording.with_name("preview.webm")
        self._peaks: Peaks | None = None
        self._is_abandoned = threading.Event()
        self._thread: threading.Thread | None = None
        if objects.wants_preview():
            self._thread = threading.Thread(target=self._make, args=(recording,), name="preview")
            self._thread.start()

    def store(self, *, longest_wait_seconds: float = LONGEST_WAIT_SECONDS) -> None:
        """Store it, if it is done in time."""
        if self._thread is None:
            return
        self._thread.join(longest_wait_seconds)
        if self._thread.is_alive() or self._peaks is None:
            return
        try:
            content = self._peaks.model_dump_json(by_alias=True).encode()
            self._objects.store_preview(self._target, content)
        except (JobError, OSError) as error:
            logger.warning("the preview is not stored", extra=log_fields(error=str(error)))

    def abandon(self) -> None:
        """End it, wherever it is, and leave nothing of it on the disk."""
        self._is_abandoned.set()
        if self._thread is not None:
            self._thread.join()
        self._target.unlink(missing_ok=True)

    def _make(self, recording: Path) -> None:
        try:
            self._peaks = encode_preview(
                recording, self._target, is_abandoned=self._is_abandoned.is_set
            )
        except Abandoned:
            return
        except NoPreview as error:
            logger.warning("there is no preview", extra=log_fields(error=str(error)))
        except Exception:
            logger.exception("the preview failed")


@contextmanager
def preparing_preview(objects: ItemObjects, recording: Path) -> Iterator[Preview]:
    """Make the preview of a recording beside the work of this block."""
    preview = Preview(objects, recording)
    try:
        yield preview
    finally:
        preview.abandon()
