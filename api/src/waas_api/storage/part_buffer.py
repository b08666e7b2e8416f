"""Cuts what arrives into parts of one size, without copying it together."""

Part = tuple[bytes, ...]
"""The bytes of a part, in the pieces in which they came."""


class PartBuffer:
    """What has arrived and is no part yet."""

    def __init__(self, part_bytes: int, rest: bytes = b"") -> None:
        self._part_bytes = part_bytes
        self._pieces: list[bytes] = []
        self.length = 0
        self.add(rest)

    def add(self, piece: bytes) -> None:
        """Take what has arrived."""
        if piece:
            self._pieces.append(piece)
            self.length += len(piece)

    @property
    def has_part(self) -> bool:
        """Tell whether there is enough for a part."""
        return self.length >= self._part_bytes

    def take_part(self) -> Part:
        """Return the next whole part."""
        assert self.has_part
        part: list[bytes] = []
        missing = self._part_bytes
        for taken, piece in enumerate(self._pieces):
            if len(piece) > missing:
                # At most one piece of a part is cut in two.
                part.append(piece[:missing])
                self._pieces[: taken + 1] = [piece[missing:]]
                break
            part.append(piece)
            missing -= len(piece)
            if not missing:
                del self._pieces[: taken + 1]
                break
        self.length -= self._part_bytes
        return tuple(part)

    def rest(self) -> bytes:
        """Return what is left over, which is less than a part once all parts are taken."""
        return b"".join(self._pieces)
