"""A builder and the images that it keeps."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from cluster.binaries.builds import go_command
from cluster.binaries.machine import cache_folder
from images import bases, disk, lending
from images.builders import Build, Buildah, Builder, stored_images
from images.catalogue import REGISTRY, ROOT, VERSION, Image
from images.errors import CommandFailed
from images.hashing import slow_tag
from images.running import run, run_logged
from images.sizes import Sizes, measure

Report = Callable[[str], None]

# Tags that we made; others are their owner's.
_OUR_TAG = re.compile(r"(?:layers-)?[0-9a-f]{12}(?:-.+)?")
_KEPT_STAGE = "localhost/waas-stage"
# A build in which every layer that takes long is there already.
_QUICK_GIGABYTES = 0.5
# A file that lies about for so long is of a build that was killed.
_ABANDONED_SECONDS = 3600
# Where buildah keeps the cache mounts that no folder of this machine takes the place of.
_CACHE_MOUNTS = "buildah-cache"


class Store:
    """Builds images, and keeps no more of them than the next build has use for."""

    def __init__(self, builder: Builder, report: Report) -> None:
        self._builder = builder
        self._report = report

    def images(self) -> dict[str, str]:
        """Returns the id of each tagged image."""
        return stored_images(run(self._builder.list_images()))

    def prepare(self, missing: Iterable[Image]) -> None:
        """Refuses, before minutes go into the first image, the one that there is no room for."""
        if isinstance(self._builder, Buildah):
            self._builder.temporary_folder.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(self._builder)
            folder = self._builder.folder
        else:
            folder = Path(run(self._builder.find_storage()).strip())
        stored = self.images()
        for image in missing:
            is_quick = f"{REGISTRY}/{image.name}:{slow_tag(image, ROOT)}" in stored
            needed = _QUICK_GIGABYTES if is_quick else image.build_gigabytes
            disk.require(image.name, needed, disk.free_gigabytes(folder), folder)

    def build(self, image: Image, reference: str) -> None:
        """Builds an image, tags it, and removes what it replaces."""
        started = time.monotonic()
        if isinstance(self._builder, Buildah):
            bases.provide(self._builder, image.bases, self._report)
        self._report(f"building {reference}; {image.build_seconds} s where little is cached")
        log = self.run_build(image_build(image, reference), image.caches)
        tags = {reference, *(f"{REGISTRY}/{image.name}:{tag}" for tag in _other_tags(image))}
        for tag in tags - {reference}:
            run(self._builder.tag(reference, tag))
        self._remove_superseded(image, tags)
        self._report(f"built {reference} in {time.monotonic() - started:.0f} s; log: {log}")

    def run_build(self, wanted: Build, cache_variables: Iterable[str] = ()) -> Path:
        """Runs a build with what this machine lends to it; returns its log."""
        log = cache_folder() / "images/logs" / f"{wanted.tag.rpartition('/')[2]}.log"
        files = lending.files(os.environ, Path.home())
        caches: dict[str, Path] = {}
        if isinstance(self._builder, Buildah):
            caches = lending.caches(cache_variables, os.environ, Path.home(), _ask_go)
        # For its owner alone: the address of a mirror may hold a password.
        with tempfile.NamedTemporaryFile("w", prefix="waas-host-settings-") as settings:
            settings.write(lending.settings(os.environ, files, caches))
            settings.flush()
            secrets = {"host-settings": Path(settings.name), **files}
            run_logged(self._builder.build(wanted.lent(secrets, lending.mounts(caches))), log)
        return log

    def measure(self, reference: str, base: str | None) -> Sizes:
        """Returns the sizes of a stored image, which stands on `base` or on nothing."""
        if base is None:
            return measure(self._layers(reference), [])
        base_layers = self._layers(base) if base in self.images() else None
        return measure(self._layers(reference), base_layers)

    def _layers(self, reference: str) -> list[int]:
        return self._builder.layer_sizes(run(self._builder.describe_layers(reference)))

    def _remove_superseded(self, image: Image, tags: set[str]) -> None:
        try:
            for old in superseded(self.images(), f"{REGISTRY}/{image.name}", tags):
                run(self._builder.remove(old))
            if isinstance(self._builder, Buildah):
                # By a name of its own, or it would go with the rest.
                if image.kept_stage:
                    stage = f"{_KEPT_STAGE}:{image.kept_stage}"
                    self.run_build(image_build(image, stage, image.kept_stage), image.caches)
                run(self._builder.remove_untagged())
        except CommandFailed as error:
            # Perhaps somebody is looking into one of them; the next build tries again.
            self._report(f"not all that is no longer needed could be removed: {error}")


def image_build(image: Image, tag: str, stage: str | None = None) -> Build:
    """Returns the build of an image, or of one of its stages."""
    return Build(
        ROOT / image.dockerfile, ROOT / image.context, tag, labels=image.labels, stage=stage
    )


def superseded(stored: Iterable[str], name: str, kept: set[str]) -> list[str]:
    """Picks the references of an image that those which are kept take the place of."""
    return sorted(
        each
        for each in stored
        if each not in kept
        and each.rpartition(":")[0] == name
        and _OUR_TAG.fullmatch(each.rpartition(":")[2])
    )


def _other_tags(image: Image) -> tuple[str, str]:
    """Returns the tag for people, and the one by which a quick build is known beforehand."""
    return VERSION, slow_tag(image, ROOT)


def _ask_go(setting: str) -> str | None:
    go = go_command()
    return run((*go, "env", setting)).strip() if go else None


def _remove_abandoned(builder: Buildah) -> None:
    """Removes what builds that were killed left behind: containers at once, files after a while."""
    run(builder.remove_containers())
    for path in builder.temporary_folder.iterdir():
        if path.name.startswith(_CACHE_MOUNTS):
            continue
        if time.time() - path.lstat().st_mtime > _ABANDONED_SECONDS:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
