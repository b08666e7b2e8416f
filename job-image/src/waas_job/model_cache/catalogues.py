"""The catalogue in force: OpenAI's, then the folder's own, then an administrator's."""

from collections.abc import Sequence
from pathlib import Path

from waas_contract.model_catalogue import (
    BadCatalogue,
    CatalogueEntry,
    ModelCatalogue,
    parse_catalogue,
    render_catalogue,
)
from waas_contract.openai_catalogue import OPENAI_CATALOGUE
from waas_job.model_cache.errors import UnusableCatalogue
from waas_job.model_cache.locks import holding_lock
from waas_job.model_cache.markers import write_whole

_FOLDERS_OWN = "catalogue.json"
LOCKS_FOLDER = ".locks"


def read_catalogue(path: Path) -> ModelCatalogue:
    """Read one catalogue file."""
    try:
        return _read(path)
    except FileNotFoundError:
        raise UnusableCatalogue(f"There is no catalogue {path}.") from None


def read_catalogues(folder: Path, paths: Sequence[Path] = ()) -> ModelCatalogue:
    """Return all models that are known, where a later catalogue has the last word."""
    catalogue = OPENAI_CATALOGUE.extended_by(_read_folders_own(folder))
    for path in paths:
        catalogue = catalogue.extended_by(read_catalogue(path))
    return catalogue


def is_recorded(folder: Path, entry: CatalogueEntry) -> bool:
    """Tell whether the folder by itself tells the same of a model."""
    return read_catalogues(folder).find(entry.name) == entry


def record_entry(folder: Path, entry: CatalogueEntry) -> None:
    """Note a model that is not OpenAI's in the folder's own catalogue.

    The job program sees the folder and nothing else: this is how it knows digests and layout.
    """
    with holding_lock(folder / LOCKS_FOLDER / _FOLDERS_OWN):
        if not is_recorded(folder, entry):
            changed = _read_folders_own(folder).extended_by(ModelCatalogue([entry]))
            write_whole(folder / _FOLDERS_OWN, render_catalogue(changed))


def _read_folders_own(folder: Path) -> ModelCatalogue:
    try:
        return _read(folder / _FOLDERS_OWN)
    except FileNotFoundError:
        return ModelCatalogue()


def _read(path: Path) -> ModelCatalogue:
    try:
        return parse_catalogue(path.read_text(encoding="utf-8"), file=path.absolute())
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnusableCatalogue(
            f"The catalogue {path} cannot be read: {error.strerror or error}."
        ) from error
    except UnicodeDecodeError as error:
        raise UnusableCatalogue(f"The catalogue {path} is not UTF-8 text.") from error
    except BadCatalogue as error:
        raise UnusableCatalogue(f"The catalogue {error}") from error
