"""Sends a long recording so that a lost connection costs no more than was on its way.

The protocol is tus 1.0: the server says how much it has, and the rest is sent from there.
"""

from waas_client import requests
from waas_client.errors import (
    NotAWaasServer,
    Refused,
    ServerBusy,
    ServerUnreachable,
    UploadInterrupted,
)
from waas_client.recordings import Recording
from waas_client.requests import JobOptions
from waas_client.steps import Flow, Pause, ask

RESUMABLE_BYTES = 32 * 1024 * 1024
"""Length from which a recording is sent so; shorter ones are sent again instead."""

_MOST_TRIES = 8
"""Tries in a row that bring nothing on, over two minutes."""

_LONGEST_PAUSE_SECONDS = 30.0
_TO_GO_ON_FROM = ("wrong-offset", "upload-locked", "upload-cut-off", "upload-stalled")


def send_resumably(recording: Recording, options: JobOptions) -> Flow[str]:
    """Send a recording whose length is known, and return its job's id.

    Raises:
        UploadInterrupted: the server stayed away, or knows nothing of the upload any more.
    """
    upload_id = yield from ask(requests.begin_upload(recording, options))
    offset, tries = 0, 0
    while True:
        try:
            reached = yield from ask(requests.append(upload_id, recording, offset))
            if reached == recording.size:
                return upload_id
        except (UploadInterrupted, ServerUnreachable, ServerBusy, Refused) as error:
            if isinstance(error, Refused) and error.problem not in _TO_GO_ON_FROM:
                raise
            tries += 1
            if tries > _MOST_TRIES:
                raise
            yield Pause(_pause_after(error, tries))
            reached = yield from _measure(upload_id, offset)
        if reached > offset:
            tries = 0
        offset = reached


def _pause_after(error: Exception, tries: int) -> float:
    asked = error.retry_after_seconds if isinstance(error, ServerBusy) else None
    return asked or min(_LONGEST_PAUSE_SECONDS, 2.0 ** (tries - 1))


def _measure(upload_id: str, offset: int) -> Flow[int]:
    """Return how much the server has, or the offset where it cannot be asked just now."""
    try:
        return (yield from ask(requests.measure_upload(upload_id)))
    except (ServerUnreachable, ServerBusy):
        return offset
    except (Refused, NotAWaasServer) as error:
        raise UploadInterrupted(
            "The server knows nothing of the upload any more. Send the recording again."
        ) from error
