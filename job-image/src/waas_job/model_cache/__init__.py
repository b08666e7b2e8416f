"""One folder of models, shared by the job program, the chart and a person's own machine.

    waas_job.model_cache
    ├── cache         what people do with it: list, pull, verify, path
    ├── settings      environment -> folder, catalogues, mirror
    ├── pulling       one file from its address into the folder, resumed where it broke off
    ├── cached_model  what an engine loads: looks, verifies, never writes
    ├── catalogues    OpenAI's catalogue, the folder's own, an administrator's
    ├── markers       what was verified already
    ├── partial_file, locks, errors

`base` is `base.pt` in it and its marker `base.pt.sha256`; a model in Hugging Face's layout is a
folder of its name. `catalogue.json` in it describes the models that are not OpenAI's, so that a
copy of the folder is all that another machine needs.
"""

from waas_job.model_cache.cache import ModelCache, ModelState
from waas_job.model_cache.errors import (
    CacheUnusable,
    ModelCacheError,
    NoSpace,
    NotCached,
    SourceRefused,
    SourceUnreachable,
    UnknownModel,
    UnusableCatalogue,
    WrongDigest,
)
from waas_job.model_cache.pulling import PullProgress
from waas_job.model_cache.settings import default_model_directory, open_model_cache

__all__ = [
    "CacheUnusable",
    "ModelCache",
    "ModelCacheError",
    "ModelState",
    "NoSpace",
    "NotCached",
    "PullProgress",
    "SourceRefused",
    "SourceUnreachable",
    "UnknownModel",
    "UnusableCatalogue",
    "WrongDigest",
    "default_model_directory",
    "open_model_cache",
]
