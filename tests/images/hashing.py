"""An image's tag: a hash of all that goes into it, so that nothing is built twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from images.catalogue import Image

_DIGITS = 12


def content_tag(image: Image, root: Path) -> str:
    """Returns the tag of the image as the tree at `root` would make it."""
    return _digest(image, root, image.inputs)


def slow_tag(image: Image, root: Path) -> str:
    """Returns a tag that stays while no layer is due that takes long or much disk."""
    return f"layers-{_digest(image, root, image.slow_inputs)}"


def _digest(image: Image, root: Path, inputs: Iterable[str]) -> str:
    digest = hashlib.sha256()
    parts = [
        ("bases", "\n".join(image.bases).encode()),
        ("version", image.version.encode()),
        ("Dockerfile", (root / image.dockerfile).read_bytes()),
    ]
    context = root / image.context
    parts += [
        (str(path.relative_to(context)), path.read_bytes())
        for each in inputs
        for path in _files(context / each)
    ]
    for name, content in parts:
        # With its length ahead, no part can be taken for the end of the one before it.
        for part in (name.encode(), content):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()[:_DIGITS]


def _files(path: Path) -> Iterator[Path]:
    """Yields a file itself, or what .dockerignore leaves of a folder, always in the same order."""
    if not path.is_dir():
        yield path
        return
    for each in sorted(path.rglob("*")):
        if each.is_file() and "__pycache__" not in each.parts:
            yield each
