"""The objects of one item: requests with patience, and URLs read anew before each."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from waas_contract.formats import CONTENT_TYPES, OutputFormat
from waas_contract.job_environment import AttemptUrls, ItemUrls
from waas_contract.log_lines import log_fields
from waas_contract.preview import MEDIA_TYPE
from waas_job.errors import BadConfiguration, SourceNotFound, StorageUnavailable
from waas_job.storage.retrying import Action, Patience, Waiting, decide
from waas_job.storage.transport import Answer, Body, Sink, TransferError, Transport

logger = logging.getLogger(__name__)

_JSON = "application/json"


class ItemObjects(Protocol):
    """What the pipeline needs of the store, for one item.

    Every method raises StorageUnavailable when the store stays out of reach.
    """

    def fetch_audio(self, sink: Sink) -> None:
        """Append the recording to the sink; raises SourceNotFound if there is none."""

    def read_manifest(self) -> bytes | None:
        """Return the manifest, if there is one."""

    def create_manifest(self, content: bytes) -> bool:
        """Store the manifest; returns False if there is one already."""

    def replace_manifest(self, content: bytes) -> None:
        """Store the manifest, whatever is there."""

    def attempts(self) -> tuple[int, ...]:
        """Return the attempt numbers that may be written, lowest first."""

    def create_result(self, attempt: int, output_format: OutputFormat, content: bytes) -> bool:
        """Store a result; returns False if there is one already."""

    def replace_result(self, attempt: int, output_format: OutputFormat, content: bytes) -> None:
        """Store a result, whatever is there."""

    def read_checkpoint(self) -> bytes | None:
        """Return what an earlier attempt kept, if there is anything."""

    def keep_checkpoint(self, content: bytes) -> None:
        """Store what the next attempt goes on from, in one quick try, where one is kept."""

    def note_progress(self, content: bytes) -> None:
        """Store the progress note, in one quick try."""

    def note_partial(self, content: bytes) -> None:
        """Store the segments that are done so far, in one quick try, where anybody reads them."""

    def wants_preview(self) -> bool:
        """Tell whether anybody plays and draws the recording."""

    def store_preview(self, sound: Path, peaks: bytes) -> None:
        """Store what a page plays, a file, and what it draws, in one try."""


class StoredObjects:
    """Objects behind the presigned URLs of one item."""

    def __init__(
        self,
        read_urls: Callable[[], ItemUrls],
        transport: Transport,
        *,
        patience_seconds: float,
        waiting: Waiting,
    ) -> None:
        self._read_urls = read_urls
        self._transport = transport
        self._patience_seconds = patience_seconds
        self._waiting = waiting

    def fetch_audio(self, sink: Sink) -> None:
        """Append the recording to the sink, going on where a broken connection left off."""
        furthest = 0

        def made_way() -> bool:
            nonlocal furthest
            before, furthest = furthest, max(furthest, sink.size)
            return furthest > before

        action, _ = self._persist(
            lambda urls: urls.audio,
            lambda url: self._transport.download(url, sink),
            made_way=made_way,
        )
        if action is Action.ABSENT:
            raise SourceNotFound("The recording is not in the object storage (any more).")

    def read_manifest(self) -> bytes | None:
        """Return the manifest, if there is one."""
        action, answer = self._persist(lambda urls: urls.manifest.get, self._transport.get)
        return answer.body if action is Action.DONE else None

    def create_manifest(self, content: bytes) -> bool:
        """Store the manifest; returns False if there is one already."""
        return self._create(lambda urls: urls.manifest.put, content, _JSON)

    def replace_manifest(self, content: bytes) -> None:
        """Store the manifest, whatever is there."""
        self._replace(lambda urls: urls.manifest.put, content, _JSON)

    def attempts(self) -> tuple[int, ...]:
        """Return the attempt numbers that may be written, lowest first."""
        return tuple(sorted(each.attempt for each in self._read_urls().attempts))

    def create_result(self, attempt: int, output_format: OutputFormat, content: bytes) -> bool:
        """Store a result; returns False if there is one already."""
        locate = _result_locator(attempt, output_format)
        return self._create(locate, content, CONTENT_TYPES[output_format])

    def replace_result(self, attempt: int, output_format: OutputFormat, content: bytes) -> None:
        """Store a result, whatever is there."""
        locate = _result_locator(attempt, output_format)
        self._replace(locate, content, CONTENT_TYPES[output_format])

    def read_checkpoint(self) -> bytes | None:
        """Return what an earlier attempt kept, if there is anything."""
        urls = self._read_urls().checkpoint
        if urls is None:
            return None
        action, answer = self._persist(
            # Whether one is kept does not change while a pod runs.
            lambda now: (now.checkpoint or urls).get,
            self._transport.get,
        )
        return answer.body if action is Action.DONE else None

    def keep_checkpoint(self, content: bytes) -> None:
        """Store what the next attempt goes on from, in one quick try, where one is kept."""
        if (urls := self._read_urls().checkpoint) is not None:
            self._note(urls.put, content)

    def note_progress(self, content: bytes) -> None:
        """Store the progress note, in one quick try."""
        self._note(self._read_urls().progress, content)

    def note_partial(self, content: bytes) -> None:
        """Store the segments that are done so far, in one quick try, where anybody reads them."""
        if (url := self._read_urls().partial) is not None:
            self._note(url, content)

    def wants_preview(self) -> bool:
        """Tell whether anybody plays and draws the recording."""
        return self._read_urls().preview is not None

    def store_preview(self, sound: Path, peaks: bytes) -> None:
        """Store what a page plays, a file, and what it draws, in one try."""
        if (urls := self._read_urls().preview) is not None:
            self._put_once(urls.sound, Body(sound, MEDIA_TYPE))
            self._put_once(urls.peaks, Body(peaks, _JSON))

    def _note(self, url: str, content: bytes) -> None:
        self._put_once(url, Body(content, _JSON), is_quick=True)

    def _put_once(self, url: str, body: Body, *, is_quick: bool = False) -> None:
        try:
            answer = self._transport.put(url, body, is_quick=is_quick)
        except TransferError as error:
            raise _unavailable(str(error)) from None
        if not answer.is_success:
            raise _unavailable(answer.describe())

    def _create(self, locate: "_Locate", content: bytes, content_type: str) -> bool:
        body = Body(content, content_type, only_if_absent=True)
        action, _ = self._persist(
            locate, lambda url: self._transport.put(url, body), is_put=True, is_conditional=True
        )
        if action is Action.CONDITION_UNSUPPORTED:
            self._replace(locate, content, content_type)
        return action is not Action.EXISTS

    def _replace(self, locate: "_Locate", content: bytes, content_type: str) -> None:
        body = Body(content, content_type)
        self._persist(locate, lambda url: self._transport.put(url, body), is_put=True)

    def _persist(
        self,
        locate: "_Locate",
        request: Callable[[str], Answer],
        *,
        made_way: Callable[[], bool] = lambda: False,
        is_put: bool = False,
        is_conditional: bool = False,
    ) -> tuple[Action, Answer]:
        """Repeat a request until its answer settles it."""
        patience = Patience(self._patience_seconds, self._waiting)
        while True:
            url = locate(self._read_urls())
            answer: Answer | None = None
            try:
                answer = request(url)
                action = decide(answer, is_put=is_put, is_conditional=is_conditional)
                trouble = answer.describe()
            except TransferError as error:
                action, trouble = Action.WAIT, str(error)
            if answer and action not in (Action.WAIT, Action.RENEW_URL, Action.GIVE_UP):
                return action, answer
            if made_way():
                patience.renew()
            if action is Action.GIVE_UP:
                raise BadConfiguration(f"The object storage refuses the request ({trouble}).")
            if patience.is_over:
                raise _unavailable(trouble)
            logger.warning("a request to the store failed", extra=log_fields(trouble=trouble))
            if action is Action.RENEW_URL:
                if locate(self._read_urls()) == url:
                    patience.wait(for_renewal=True)
            else:
                patience.wait(at_least=answer.retry_after_seconds if answer else None)


_Locate = Callable[[ItemUrls], str]


def _result_locator(attempt: int, output_format: OutputFormat) -> _Locate:
    def locate(urls: ItemUrls) -> str:
        found: AttemptUrls | None = next(
            (each for each in urls.attempts if each.attempt == attempt), None
        )
        if found is None or output_format not in found.put:
            # Another attempt finds other numbers, and is not to be charged for it.
            raise _unavailable(f"no URL for {output_format} of attempt {attempt}")
        return found.put[output_format]

    return locate


def _unavailable(trouble: str) -> StorageUnavailable:
    return StorageUnavailable(f"The object storage is not available ({trouble}).")
