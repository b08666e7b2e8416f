"""Builds the images that are missing, and gives them to whoever runs them."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from cluster.binaries.machine import cache_folder
from images.builders import Build
from images.catalogue import IMAGES, REGISTRY, ROOT, Image
from images.detecting import builder
from images.errors import UnknownImage
from images.hashing import content_tag
from images.sizes import Sizes
from images.store import Store

Report = Callable[[str], None]

_VARIANT = ROOT / "tests/images/variant"


def _silent(_: str) -> None:
    pass


def ensure(names: Iterable[str], report: Report) -> dict[str, str]:
    """Returns the canonical reference of each named image, after building those not stored."""
    references = {name: reference(name) for name in names}
    store = Store(builder(), report)
    with _alone(report):
        missing = references.keys() - _stored(store, references)
        if missing:
            store.prepare([IMAGES[name] for name in missing])
        for name, wanted in references.items():
            if name in missing:
                store.build(IMAGES[name], wanted)
    return references


def ensure_variant(name: str, label: str, report: Report = _silent) -> str:
    """Returns the reference of an image that differs from the named one by a label only."""
    original = ensure([name], report)[name]
    variant = f"{original}-{label}"
    store = Store(builder(), report)
    with _alone(report):
        if variant not in store.images():
            store.run_build(
                Build(
                    _VARIANT / "Dockerfile",
                    _VARIANT,
                    variant,
                    arguments={"IMAGE": original},
                    labels={"dev.waas.variant": label},
                )
            )
    return variant


def archive_command(reference: str) -> tuple[str, ...]:
    """Returns the command that writes an image as a docker-archive to its standard output."""
    return builder().archive(reference)


def sizes(names: Iterable[str]) -> dict[str, Sizes | None]:
    """Measures each named image; None for one that is not built as it is now."""
    references = {name: reference(name) for name in names}
    store = Store(builder(), _silent)
    stored = _stored(store, references)
    return {
        name: store.measure(wanted, IMAGES[name].base) if name in stored else None
        for name, wanted in references.items()
    }


def reference(name: str) -> str:
    """Returns the canonical reference of an image as this checkout makes it."""
    image = _find(name)
    return f"{REGISTRY}/{image.name}:{content_tag(image, ROOT)}"


def _find(name: str) -> Image:
    if name not in IMAGES:
        raise UnknownImage(f"there is no image '{name}', only {', '.join(IMAGES)}")
    return IMAGES[name]


def _stored(store: Store, references: dict[str, str]) -> set[str]:
    stored = store.images()
    return {name for name, wanted in references.items() if wanted in stored}


@contextmanager
def _alone(report: Report) -> Iterator[None]:
    """Holds a lock that the kernel releases even when this process is killed."""
    lock = cache_folder() / "images" / ".lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("another process is building images; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
