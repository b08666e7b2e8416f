"""What people do with the model cache: list, pull, verify, path."""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from waas_contract.catalogue_entries import ModelLayout
from waas_contract.model_catalogue import CatalogueEntry, ModelCatalogue
from waas_contract.models import other_names
from waas_job.errors import ModelNotFound
from waas_job.model_cache.cached_model import (
    find_by_files,
    how_to_fill,
    list_by_files,
    model_path,
)
from waas_job.model_cache.catalogues import LOCKS_FOLDER, is_recorded, record_entry
from waas_job.model_cache.errors import NotCached, UnknownModel, WrongDigest, using
from waas_job.model_cache.locks import holding_lock
from waas_job.model_cache.markers import read_marker, sha256_of, write_marker
from waas_job.model_cache.pulling import FilePuller, PullProgress, PullSettings


@dataclass(frozen=True)
class ModelState:
    """A model that jobs may ask for, or could if it were in the cache."""

    name: str
    layout: ModelLayout
    path: Path
    """The checkpoint file, or the folder of its files; there only if it is cached."""

    bytes: int | None
    """What its files take, as far as the catalogue tells or they are there."""

    is_cached: bool
    """All files are there."""

    is_verified: bool
    """All files had the catalogue's digests since they last changed."""

    entry: CatalogueEntry | None
    """What the catalogue says; None for a model that somebody laid into the folder."""

    @property
    def other_names(self) -> tuple[str, ...]:
        """Return OpenAI's other names for it."""
        return other_names(self.name)


class ModelCache:
    """A folder of models, and the catalogue of what may be in it."""

    def __init__(
        self, folder: Path, catalogue: ModelCatalogue, settings: PullSettings | None = None
    ) -> None:
        self._folder = folder
        self._catalogue = catalogue
        self._settings = settings or PullSettings()

    @property
    def folder(self) -> Path:
        """Where the models lie."""
        return self._folder

    @property
    def catalogue(self) -> ModelCatalogue:
        """What is known of the models."""
        return self._catalogue

    def list(self) -> tuple[ModelState, ...]:
        """Return every model of the catalogue and of the folder; reads no weights."""
        with using(self._folder):
            known = [self._state_of(entry) for entry in self._catalogue]
            return (*known, *self._list_unknown())

    def path(self, name: str) -> Path:
        """Return where a model lies: its checkpoint file, or the folder of its files.

        Raises:
            UnknownModel: no catalogue names it, and it is not there.
            NotCached: it is not there.
        """
        if self._catalogue.find(name) is not None:
            return self._require_cached(name).path
        try:
            return find_by_files(self._folder, name).path
        except ModelNotFound:
            raise self._unknown(name) from None

    def verify(self, name: str) -> ModelState:
        """Read all of a model's files, compare their digests and note that they are right.

        In a folder that cannot be written to it is not noted.

        Raises:
            UnknownModel: no catalogue names it.
            NotCached: it is not there.
            WrongDigest: a file is another than the catalogue means.
        """
        entry = self._require_known(name)
        state = self._require_cached(name)
        for file in entry.files:
            path = self._folder / file.path
            with using(self._folder):
                found = sha256_of(path)
            if found != file.sha256:
                raise WrongDigest(
                    f"{path} is not what the catalogue means by {entry.name}: its SHA-256 is "
                    f"{found} and should be {file.sha256}. `waas models pull {entry.name}` "
                    "replaces it."
                )
            if read_marker(path) != file.sha256:
                with suppress(OSError):
                    write_marker(path, file.sha256)
        return dataclasses.replace(state, is_verified=True)

    def pull(
        self, name: str, on_progress: Callable[[PullProgress], None] = lambda _: None
    ) -> ModelState:
        """Bring a model into the cache, or find that it is there already.

        Several may pull one model at the same time: one of them does it, the others wait. What
        breaks off is gone on with by the next pull.

        Raises:
            UnknownModel: no catalogue names it.
            SourceRefused, SourceUnreachable: its address does not give it, or not now.
            WrongDigest: its address gives something else.
            NoSpace, CacheUnusable: it cannot be stored.
        """
        entry = self._require_known(name)
        with using(self._folder):
            state = self._state_of(entry)
            if state.is_verified and is_recorded(self._folder, entry):
                # Nothing to write, so that it works on a read-only folder.
                return state
            with holding_lock(self._folder / LOCKS_FOLDER / entry.name):
                self._pull_files(entry, on_progress)
                record_entry(self._folder, entry)
            return self._state_of(entry)

    def _pull_files(
        self, entry: CatalogueEntry, on_progress: Callable[[PullProgress], None]
    ) -> None:
        with closing(FilePuller(self._settings)) as puller:
            for file in entry.files:
                target = self._folder / file.path
                if self._has_digest(target, file.sha256):
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)

                def tell(received: int, total: int | None, path: str = file.path) -> None:
                    on_progress(PullProgress(entry.name, path, received, total))

                puller.pull(file, target, tell)

    def _has_digest(self, path: Path, sha256: str) -> bool:
        if read_marker(path) == sha256:
            return True
        if not path.is_file() or sha256_of(path) != sha256:
            return False
        write_marker(path, sha256)
        return True

    def _state_of(self, entry: CatalogueEntry) -> ModelState:
        paths = [self._folder / file.path for file in entry.files]
        is_cached = all(path.is_file() for path in paths)
        size = sum(path.stat().st_size for path in paths) if is_cached else entry.bytes
        return ModelState(
            name=entry.name,
            layout=entry.layout,
            path=model_path(self._folder, entry.name, entry.layout),
            bytes=size,
            is_cached=is_cached,
            is_verified=all(
                read_marker(path) == file.sha256
                for path, file in zip(paths, entry.files, strict=True)
            ),
            entry=entry,
        )

    def _list_unknown(self) -> Iterator[ModelState]:
        for model in list_by_files(self._folder):
            if self._catalogue.find(model.name) is None:
                yield ModelState(
                    name=model.name,
                    layout=model.layout,
                    path=model.path,
                    bytes=sum(path.stat().st_size for path in model.files),
                    is_cached=True,
                    is_verified=False,
                    entry=None,
                )

    def _require_cached(self, name: str) -> ModelState:
        with using(self._folder):
            state = self._state_of(self._require_known(name))
        if not state.is_cached:
            raise NotCached(
                f"The model '{name}' is not in the model cache {self._folder}. "
                + how_to_fill(name, self._folder)
            )
        return state

    def _require_known(self, name: str) -> CatalogueEntry:
        entry = self._catalogue.find(name)
        if entry is None:
            raise self._unknown(name)
        return entry

    def _unknown(self, name: str) -> UnknownModel:
        known = ", ".join(entry.name for entry in self._catalogue)
        return UnknownModel(
            f"No catalogue names the model '{name}'. Known are: {known}. A catalogue of your own "
            "adds others: WAAS_MODEL_CATALOGUE names its file."
        )
