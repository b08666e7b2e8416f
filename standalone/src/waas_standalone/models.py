"""Which models are there, and which may be asked for."""

import os
from pathlib import Path

from waas_contract.models import MODEL_NAMES
from waas_job.errors import JobError
from waas_job.model_cache import ModelCacheError, open_model_cache
from waas_job.model_cache.cached_model import find_cached_model
from waas_standalone.errors import BadSettings, ModelMissing


def measure_model(folder: Path, name: str) -> int:
    """Return the bytes of a model's weights; raises ModelMissing."""
    try:
        model = find_cached_model(folder, name)
        return sum(path.stat().st_size for path in model.weight_files)
    except JobError as error:
        raise ModelMissing(error.message) from error
    except OSError as error:
        raise ModelMissing(
            f"The model folder {folder} cannot be read: {error.strerror}."
        ) from error


def measure_model_if_there(folder: Path, name: str) -> int:
    """Return the bytes of a model's weights; 0 where there is none, which its program will say."""
    try:
        return measure_model(folder, name)
    except ModelMissing:
        return 0


def list_models(folder: Path) -> tuple[str, ...]:
    """Return the models that may be asked for: OpenAI's and those of the cache.

    One that is not in the cache may come into it while the server runs.
    """
    try:
        others = [state.name for state in open_model_cache(os.environ, folder=folder).list()]
    except (JobError, ModelCacheError) as error:
        raise BadSettings(str(error)) from error
    return tuple(dict.fromkeys((*MODEL_NAMES, *others)))
