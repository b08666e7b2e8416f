"""The environment of the model cache.

    WAAS_MODEL_DIRECTORY  the folder; without it `waas/models` in the user's cache
    WAAS_MODEL_CATALOGUE  catalogue files besides OpenAI's, separated by colons; the last word wins
    WAAS_MODEL_MIRROR     URL that takes the place of scheme and host of every http address

HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE and their like work as everywhere.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from waas_job.errors import BadConfiguration
from waas_job.model_cache.cache import ModelCache
from waas_job.model_cache.catalogues import read_catalogues
from waas_job.model_cache.pulling import PullSettings


def open_model_cache(
    variables: Mapping[str, str],
    *,
    folder: Path | None = None,
    catalogues: Sequence[Path] = (),
    mirror: str | None = None,
) -> ModelCache:
    """Return the cache that the environment describes, changed by what is asked for otherwise.

    Raises:
        UnusableCatalogue: a catalogue file is missing or wrong.
        BadConfiguration: the mirror is no URL.
    """
    folder = folder or default_model_directory(variables)
    named = variables.get("WAAS_MODEL_CATALOGUE", "").split(os.pathsep)
    paths = [Path(each) for each in named if each] + [*catalogues]
    mirror = mirror or variables.get("WAAS_MODEL_MIRROR") or None
    if mirror is not None:
        _require_url(mirror)
    return ModelCache(folder, read_catalogues(folder, paths), PullSettings(mirror=mirror))


def default_model_directory(variables: Mapping[str, str]) -> Path:
    """Return the folder of a person's models."""
    if own := variables.get("WAAS_MODEL_DIRECTORY"):
        return Path(own)
    caches = variables.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches) / "waas" / "models"


def _require_url(mirror: str) -> None:
    try:
        parts = urlsplit(mirror)
        is_usable = parts.scheme == "file" or (
            parts.scheme in ("http", "https") and bool(parts.hostname)
        )
    except ValueError:
        is_usable = False
    if not is_usable or parts.query or parts.fragment:
        raise BadConfiguration(
            f"WAAS_MODEL_MIRROR is '{mirror}'; it has to be an http, https or file URL."
        )
