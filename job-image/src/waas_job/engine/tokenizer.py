"""Whisper's tokens: openai-whisper's own vocabulary, without the rest of that package.

Importing any part of the package would import numba and all else it needs to transcribe. Its
tokenizer needs none of that, so it is loaded by its file.
"""

import importlib.util
import sys
import warnings
from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from waas_contract.transcription_job import Task
from waas_job.engine.dimensions import ModelDimensions

_MODULE_NAME = "waas_job.engine._openai_tokenizer"


def find_asset(name: str) -> Path:
    """Return a file among the assets of the package openai-whisper."""
    return _package_folder() / "assets" / name


def _package_folder() -> Path:
    # Looked up, not imported.
    spec = importlib.util.find_spec("whisper")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the package openai-whisper is not installed", name="whisper")
    return Path(spec.origin).parent


@cache
def _load_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location(_MODULE_NAME, _package_folder() / "tokenizer.py")
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("openai-whisper has no tokenizer.py", name="whisper.tokenizer")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_MODULE_NAME] = module
    spec.loader.exec_module(module)
    return module


class Tokenizer:
    """The vocabulary of one model."""

    def __init__(self, dimensions: ModelDimensions) -> None:
        self._is_multilingual = dimensions.is_multilingual
        self._languages = dimensions.n_languages
        with warnings.catch_warnings():
            # It reads its vocabulary, once, from a file that it leaves to be closed.
            warnings.simplefilter("ignore", ResourceWarning)
            self._english = self._of("en", Task.TRANSCRIBE)
        self.eot: int = self._english.eot
        self.sot: int = self._english.sot
        self.sot_prev: int = self._english.sot_prev
        self.no_speech: int = self._english.no_speech
        self.no_timestamps: int = self._english.no_timestamps
        self.timestamp_begin: int = self._english.timestamp_begin

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text; raises ValueError if it holds a special one's name."""
        tokens: list[int] = self._english.encode(text)
        return tokens

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text of tokens, timestamps left out."""
        text: str = self._english.decode(list(tokens))
        return text

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Return the codes of the languages, in the order of their tokens."""
        return tuple(self._english.all_language_codes) if self._is_multilingual else ("en",)

    @property
    def language_tokens(self) -> tuple[int, ...]:
        """Return the languages' tokens."""
        return tuple(self._english.all_language_tokens)

    def start_sequence(
        self, language: str, task: Task, *, without_timestamps: bool
    ) -> tuple[int, ...]:
        """Return the tokens that start a transcript: start, language, task, no timestamps."""
        of_language = self._of(language, task)
        if without_timestamps:
            return tuple(of_language.sot_sequence_including_notimestamps)
        return tuple(of_language.sot_sequence)

    @cached_property
    def blank_tokens(self) -> tuple[int, ...]:
        """Return what may not be the first token of a text: a lone space, or its end."""
        return (*self._english.encode(" "), self.eot)

    def suppressed_tokens(self, asked: Sequence[int]) -> tuple[int, ...]:
        """Return the tokens that are never chosen: those asked for, and all that only steer.

        -1 stands for the symbols that nobody says.
        """
        english = self._english
        tokens = {token for token in asked if token >= 0}
        if -1 in asked:
            tokens.update(english.non_speech_tokens)
        steering = (
            english.transcribe,
            english.translate,
            english.sot,
            english.sot_prev,
            english.sot_lm,
            english.no_speech,
        )
        return tuple(sorted(tokens.union(steering)))

    def bytes_of(self, token: int) -> bytes:
        """Return the bytes of a token of text, which may be a part of a character."""
        content: bytes = self._english.encoding.decode_single_token_bytes(token)
        return content

    def _of(self, language: str, task: Task) -> Any:
        return _load_module().get_tokenizer(
            self._is_multilingual,
            num_languages=self._languages,
            language=language,
            task=task.value,
        )
