"""What there is to keep of the item at hand when the program is told to stop."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 20.0
"""Of the 30 between SIGTERM and the end, for what is kept."""


class UnfinishedWork:
    """Knows how the item at hand is kept; another thread may ask for it at any time."""

    def __init__(self) -> None:
        self._keep: Callable[[], None] | None = None
        self._undisturbed = threading.Lock()

    @contextmanager
    def kept_by(self, keep: Callable[[], None]) -> Iterator[None]:
        """Have an item kept by this function until it is left."""
        self._keep = keep
        try:
            yield
        finally:
            with self._undisturbed:
                self._keep = None

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """Store the item's results without being stopped; there is nothing to keep after that."""
        with self._undisturbed:
            yield
            self._keep = None

    def keep(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Keep the item at hand, or let it be finished, unless that takes too long."""
        # A store that does not answer must not hold up the end.
        thread = threading.Thread(target=self._keep_now, name="keep", daemon=True)
        thread.start()
        thread.join(patience_seconds)

    def _keep_now(self) -> None:
        with self._undisturbed:
            if self._keep is None:
                return
            try:
                self._keep()
            except Exception:
                logger.exception("what was heard could not be kept")
