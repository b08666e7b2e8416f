"""The recording as FFmpeg reads it, whichever of its parts lies where."""

import os
from typing import BinaryIO


class SeekableFile:
    """The file as FFmpeg reads it; a seek that makes no sense fails, and raises nothing."""

    def __init__(self, file: BinaryIO) -> None:
        self.name = file.name
        self.read = file.read
        self.tell = file.tell
        self._file = file

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Return the new position, or -1 where there is no such place."""
        try:
            return self._file.seek(offset, whence)
        except OSError:
            return -1
