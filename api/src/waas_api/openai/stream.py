"""The text of a transcription as it grows, as server-sent events of OpenAI's API.

What was sent cannot be taken back, so a client's text is always the deltas in their order, and
`transcript.text.done` repeats exactly that. It is the transcript's text, too, unless segments that
were sent came out otherwise in the end, as they may where a job had to begin anew: then the rest of
the transcript follows from the second that was reached.
"""

import json
from collections.abc import Sequence

from waas_api.openai.answers import spoken_text
from waas_api.openai.errors import OpenAIError
from waas_contract.transcript import Segment, Transcript

MEDIA_TYPE = "text/event-stream"
KEEP_ALIVE = b": the job goes on\n\n"
"""A comment, which no client shows and every proxy takes for life."""


class GrowingText:
    """What a client has been sent of a text."""

    def __init__(self) -> None:
        self.sent = ""
        self._sent_seconds = 0.0
        self.is_revised = False
        """Whether something that was sent came out otherwise in the end."""

    def grow(self, segments: Sequence[Segment]) -> str:
        """Return what can be sent of a running job's segments; its last one may still change."""
        finished = segments[:-1]
        text = "".join(segment.text for segment in finished).strip()
        if len(text) <= len(self.sent) or not text.startswith(self.sent):
            return ""
        self._sent_seconds = finished[-1].end
        return self._send(text[len(self.sent) :])

    def finish(self, transcript: Transcript) -> str:
        """Return what is left to be sent when the transcript is there."""
        text = spoken_text(transcript)
        if text.startswith(self.sent):
            return self._send(text[len(self.sent) :])
        self.is_revised = True
        rest = "".join(
            segment.text
            for segment in transcript.segments
            if (segment.start + segment.end) / 2 > self._sent_seconds
        )
        return self._send(rest.rstrip())

    def _send(self, delta: str) -> str:
        self.sent += delta
        return delta


def render_delta(delta: str) -> bytes:
    """Return the event that brings more of the text."""
    return _render_event({"type": "transcript.text.delta", "delta": delta})


def render_done(text: str) -> bytes:
    """Return the event that ends a stream."""
    return _render_event({"type": "transcript.text.done", "text": text})


def render_failure(error: OpenAIError) -> bytes:
    """Return the event that ends a stream which can no longer have a status of its own."""
    return b"event: error\n" + _render_event(error.render())


def _render_event(content: dict[str, object]) -> bytes:
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n".encode()
