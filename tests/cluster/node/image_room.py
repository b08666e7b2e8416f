"""Is there disk for the images that shall come into the node?"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Mapping

from cluster.errors import ImageNotLoaded
from cluster.node.image_store import image_folder, repository
from cluster.node.requirements import existing, too_little_disk
from images.building import sizes
from images.catalogue import IMAGES, REGISTRY
from images.sizes import Sizes

# Beyond that, for what runs on the node meanwhile.
_SPARE_BYTES = 1024**3


def needed_bytes(
    stored: Collection[str], wanted: Iterable[str], measured: Mapping[str, Sizes | None]
) -> int:
    """Adds up what images take that are not stored; `measured` is by repository.

    containerd keeps what it was given, and unpacks it beside that. Where an older one of the
    repository is stored, all but the top layer is as a rule the same; but containerd only notices
    once it has written it.
    """
    known = {repository(each) for each in stored}
    total = 0
    for reference in wanted:
        size = measured.get(repository(reference))
        if reference in stored or size is None:
            continue
        unpacked = size.top_layer if repository(reference) in known else size.total
        total += size.total + unpacked
    return total


def require_room(stored: Collection[str], wanted: Collection[str]) -> None:
    """Refuses images that would fill the disk, on which pods run too."""
    if all(reference in stored for reference in wanted):
        return
    repositories = {repository(each) for each in wanted}
    names = {
        name: place
        for name, image in IMAGES.items()
        if (place := f"{REGISTRY}/{image.name}") in repositories
    }
    measured = {names[name]: size for name, size in sizes(names).items()}
    needed = needed_bytes(stored, wanted, measured) + _SPARE_BYTES
    folder = existing(image_folder())
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ImageNotLoaded(too_little_disk(needed, free, folder))
