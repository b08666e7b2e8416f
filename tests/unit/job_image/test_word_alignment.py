"""The words of a text whose times are told: with a model of random numbers, by their tokens."""

import pytest
import torch

from support.engine_builders import Sounds, TwinModels
from waas_contract.transcription_job import Task
from waas_job.engine.decoder import make_room_to_hear
from waas_job.engine.log_mel import log_mel_spectrogram
from waas_job.engine.windows import Window
from waas_job.engine.word_alignment import align_words


@torch.inference_mode()
def words_of(twins: TwinModels, tokens: list[int], language: str, task: Task) -> list[str]:
    """Return them, once it is certain that they hold all tokens and do not go back in time."""
    model = twins.ours
    window = Window(Sounds().draw(9), language=language, task=task)
    heard = make_room_to_hear(model.dimensions, 1, model.device, model.dtype)
    mel = log_mel_spectrogram([window.samples], model.dimensions.n_mels, model.device)
    model.decoder.hear(model.encoder(mel), heard)

    words = align_words(model, heard, window, tuple(tokens))

    assert [token for word in words for token in word.tokens] == tokens
    assert [word.start for word in words] == sorted(word.start for word in words)
    return [word.text for word in words]


@pytest.mark.parametrize(
    ("sentence", "language", "task", "words"),
    [
        ("English has spaces", "en", Task.TRANSCRIBE, [" Fukushima", " prefecture."]),
        (
            "so has a translation of what has none",
            "ja",
            Task.TRANSLATE,
            [" Fukushima", " prefecture."],
        ),
        (
            "Japanese has tokens",
            "ja",
            Task.TRANSCRIBE,
            [" Fuk", "ushima", " pre", "fecture."],
        ),
    ],
)
def test_words_are_those_of_the_language_that_is_written(
    twins: TwinModels, sentence: str, language: str, task: Task, words: list[str]
) -> None:
    tokens = twins.ours.tokenizer.encode(" Fukushima prefecture.")
    assert words_of(twins, tokens, language, task) == words, sentence


def test_words_behind_a_letter_that_is_left_unfinished_are_told(twins: TwinModels) -> None:
    tokens = twins.ours.tokenizer.encode(" კი არა")
    assert words_of(twins, tokens, "ka", Task.TRANSCRIBE) == [" კი", " არა"]
    # The last byte of the second letter is a token of its own.
    end = len(twins.ours.tokenizer.encode(" კი"))

    broken = words_of(twins, tokens[: end - 1] + tokens[end:], "ka", Task.TRANSCRIBE)

    assert broken == [" კ\ufffd", " არა"]
