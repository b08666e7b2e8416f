"""The seam between what a recording is cut into and the model that decodes the pieces.

A window is what Whisper hears at once. Whoever cuts them knows the recording: where its speech is,
what was said before, which language it has. Whoever decodes them knows the model alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from waas_contract.manifest import EngineFacts
from waas_contract.transcription_job import Task
from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.protocol import Language, Samples
from waas_job.speech.timeline import SAMPLE_RATE

WINDOW_SAMPLES = 30 * SAMPLE_RATE
"""The longest window: as much as the model was trained on."""

SAMPLES_PER_TIMESTAMP = 320
"""What lies between two of a model's times, and between two positions of its encoder."""

SECONDS_PER_TIMESTAMP = SAMPLES_PER_TIMESTAMP / SAMPLE_RATE


@dataclass(frozen=True)
class Window:
    """What Whisper hears at once, with what it is told beforehand."""

    samples: Samples
    """Up to WINDOW_SAMPLES of mono sound at 16 kHz; silence is added to fill it."""

    language: str = "en"
    """Code of the language spoken in it; a model that knows English alone does not look at it."""

    task: Task = Task.TRANSCRIBE
    """To transcribe or to translate."""

    prompt_tokens: Sequence[int] = ()
    """Text said before, as tokens; of more than fit, the last ones count."""

    seed: int = 0
    """Lots are drawn from it at temperatures above 0: make it of the job and the window's place.

    The same window with the same seed comes out the same, whatever is decoded beside it.
    """

    voices: tuple[tuple[int, int], ...] | None = ()
    """Where in it somebody speaks, in samples; a text that ends before the last of it is gone on
    with. None where nobody knows: then one that is cut off is."""


@dataclass(frozen=True)
class WindowOptions:
    """How the windows of one pass are decoded."""

    decoding: DecodingOptions = DecodingOptions()  # noqa: RUF009 # frozen
    """As in openai-whisper; what concerns more than one window is not looked at."""

    word_timestamps: bool = False
    """Whether to say when each word was spoken."""

    without_timestamps: bool = False
    """Whether to leave out the timestamp tokens, which cut the text into segments."""


@dataclass(frozen=True)
class WindowWord:
    """A word, with the punctuation that clings to it."""

    text: str
    """As it stands in the window's text: most often it begins with a space."""

    tokens: tuple[int, ...]
    """All words' tokens together are the window's tokens without timestamps."""

    start: float
    """Seconds from the start of the window."""

    end: float
    probability: float
    """Mean probability of its tokens."""


@dataclass(frozen=True)
class DecodedWindow:
    """What was heard in one window; the names are those of openai-whisper's `DecodingResult`."""

    tokens: tuple[int, ...]
    """Text and, where asked for, timestamps: 0.02 s each from `tokenizer.timestamp_begin`."""

    text: str
    avg_logprob: float
    no_speech_prob: float
    temperature: float
    """The one of the ladder's steps that gave this text."""

    compression_ratio: float
    is_silence: bool
    """Whether the model takes it for silence: the text is no speech, whatever it says."""

    is_cut_off: bool = False
    """Whether it has as many tokens as it may have: what goes in circles has no end, and in some
    scripts half a minute of speech takes more."""

    words: tuple[WindowWord, ...] | None = None
    """In order; None where they were not asked for."""


class TextCodec(Protocol):
    """Turns text into the model's tokens and back."""

    @property
    def eot(self) -> int:
        """Return the token that ends a text; those below it are text, those above it are not."""

    @property
    def timestamp_begin(self) -> int:
        """Return the token of the time 0; the next ones are 0.02 s apart."""

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text; raises ValueError if it holds a special one's name."""

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text of tokens, timestamps left out."""


class WindowDecoder(Protocol):
    """A loaded model that decodes many windows at once."""

    @property
    def facts(self) -> EngineFacts:
        """What it is, for the manifest."""

    @property
    def tokenizer(self) -> TextCodec:
        """What makes tokens of prompts."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the codes it knows; `("en",)` for a model that knows English alone."""

    @property
    def prompt_budget(self) -> int:
        """Return how many tokens of a prompt it takes."""

    @property
    def token_count(self) -> int:
        """Return how many tokens it knows; ids end one below."""

    def decode(self, windows: Iterable[Window], options: WindowOptions) -> Iterator[DecodedWindow]:
        """Decode windows as they come and give them back in their order.

        Only so many are taken ahead of what is given back, a few batches, so that one call can go
        over any number of recordings, and holds the sound of one batch.

        Raises:
            BadConfiguration: a window's language or a suppressed token is unknown to the model.
            OutOfMemory: not even one window fits into the memory.
        """

    def detect_language(self, samples: Samples) -> Language:
        """Return the language of the first window of a sound.

        Raises:
            BadConfiguration: the model knows English alone.
        """
