"""Reads the file of API keys again when it changes, so that rotating a key restarts nothing."""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

from waas_api.api_keys.entries import ApiKey

logger = logging.getLogger(__name__)

_LARGEST_BYTES = 1024 * 1024


class KeyFile:
    """The keys in a file, at most a second old.

    A new file that cannot be used changes nothing: one wrong letter must not lock everybody out.
    So nobody loses their key by the file's going away either; an empty list does that.
    """

    def __init__(
        self,
        path: Path,
        parse: Callable[[bytes], tuple[ApiKey, ...]],
        *,
        longest_age_seconds: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read the file for the first time, or raise ValueError."""
        self._path = path
        self._parse = parse
        self._longest_age_seconds = longest_age_seconds
        self._monotonic = monotonic
        self._problem: str | None = None
        self._look_time = monotonic()
        try:
            self._version = self._look()
            self._keys = self._read()
        except (OSError, ValueError) as error:
            raise ValueError(self._explain(error)) from None

    def current(self) -> tuple[ApiKey, ...]:
        """Return the keys of the newest file that could be used."""
        if self._monotonic() - self._look_time >= self._longest_age_seconds:
            self._look_time = self._monotonic()
            self._refresh()
        return self._keys

    def problem(self) -> str | None:
        """Return why the newest file is not in use, None if it is."""
        self.current()
        return self._problem

    def _refresh(self) -> None:
        try:
            # Before reading: a file that changes meanwhile is then read once more.
            version = self._look()
            if version == self._version and self._problem is None:
                return
            self._keys = self._read()
        except (OSError, ValueError) as error:
            problem = self._explain(error)
            if problem != self._problem:
                logger.error("the keys of before stay in use: %s", problem)
            self._problem = problem
            return
        self._version = version
        self._problem = None
        logger.info("%d API keys are in use", len(self._keys))

    def _look(self) -> tuple[int, ...]:
        # Through symlinks: the kubelet brings a new Secret by pointing one elsewhere.
        status = os.stat(self._path)
        return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size

    def _read(self) -> tuple[ApiKey, ...]:
        with self._path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
        if len(content) > _LARGEST_BYTES:
            raise ValueError(f"it is larger than {_LARGEST_BYTES} bytes")
        return self._parse(content)

    def _explain(self, error: OSError | ValueError) -> str:
        reason = error.strerror if isinstance(error, OSError) else error
        return f"the file of API keys {self._path} cannot be used: {reason}"
