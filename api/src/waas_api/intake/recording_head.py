"""The beginning of a recording, for who needs to hear no more than that."""

from collections.abc import AsyncIterator

HEAD_BYTES = 32 * 1024 * 1024
"""Three minutes of uncompressed sound in CD quality; of anything compressed, far more."""

_SIGNATURE_BYTES = 12
_STREAM_SIGNATURES = (
    b"ID3",  # MP3 behind its tags
    b"fLaC",
    b"OggS",  # Ogg: Vorbis, Opus
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"#!AMR",
)


def is_readable_from_start(first_bytes: bytes) -> bool:
    """Tell whether a recording's beginning can be played without its end.

    MP4 and its kin may keep their table of contents last, and of what is unknown nobody can say.
    """
    is_wave = first_bytes.startswith(b"RIFF") and first_bytes[8:12] == b"WAVE"
    # The eleven bits with which each frame of MPEG audio and of AAC in ADTS begins.
    is_mpeg_audio = len(first_bytes) > 1 and first_bytes[0] == 0xFF and first_bytes[1] >= 0xE0
    return is_wave or is_mpeg_audio or first_bytes.startswith(_STREAM_SIGNATURES)


class RecordingHead:
    """An iterator that ends with the beginning of a body, or goes on where that is not enough."""

    def __init__(self, body: AsyncIterator[bytes], *, head_bytes: int = HEAD_BYTES) -> None:
        self._body = body
        self._head_bytes = head_bytes
        self._first_bytes = b""
        self._size = 0

    def __aiter__(self) -> "RecordingHead":
        return self

    async def __anext__(self) -> bytes:
        if self._size >= self._head_bytes and is_readable_from_start(self._first_bytes):
            raise StopAsyncIteration
        chunk = await anext(self._body)
        missing = _SIGNATURE_BYTES - len(self._first_bytes)
        self._first_bytes += chunk[: max(0, missing)]
        self._size += len(chunk)
        return chunk

    async def skip_rest(self) -> None:
        """Take in what is left, unread: many a client hears no answer before it has sent all."""
        async for _ in self._body:
            pass
