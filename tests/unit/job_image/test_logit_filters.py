"""What may be said next is what openai-whisper's filters leave."""

import pytest
import torch
from whisper.decoding import ApplyTimestampRules, SuppressBlank, SuppressTokens
from whisper.tokenizer import Tokenizer as OpenAITokenizer
from whisper.tokenizer import get_tokenizer

from support.engine_builders import DIMENSIONS, make_twins
from waas_job.engine.beams import Beam, Search
from waas_job.engine.logit_filters import LogitFilters
from waas_job.engine.tokenizer import Tokenizer

BEGIN = 50364
EOT = 50257

HISTORIES = {
    "nothing yet": (),
    "its first timestamp": (BEGIN,),
    "a text": (BEGIN, 400, 500),
    "a text and its end": (BEGIN, 400, BEGIN + 70),
    "a text, its end and the next start": (BEGIN, 400, BEGIN + 70, BEGIN + 70),
    "a second text": (BEGIN, 400, BEGIN + 70, BEGIN + 90, 600),
    "a second end": (BEGIN, 400, BEGIN + 70, BEGIN + 90, 600, BEGIN + 1400),
    "a start at the very end": (BEGIN, 400, BEGIN + 1500, BEGIN + 1500),
    "a text without a start": (400, 500),
}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return make_twins().ours.tokenizer


@pytest.mark.parametrize("likelier_timestamps", [-9.0, 0.0, 9.0])
@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES.keys())
def test_filters_leave_what_the_references_leave(
    tokenizer: Tokenizer, history: tuple[int, ...], likelier_timestamps: float
) -> None:
    logits = torch.randn(3, DIMENSIONS.n_vocab, generator=torch.Generator().manual_seed(5))
    logits[:, BEGIN:] += likelier_timestamps
    expected = logits.clone()
    theirs: OpenAITokenizer = get_tokenizer(True, language="en", task="transcribe")
    suppressed = tokenizer.suppressed_tokens((-1,))
    prompt = [1, 2, 3]
    for rule in (
        SuppressBlank(theirs, len(prompt)),
        SuppressTokens(suppressed),
        ApplyTimestampRules(theirs, len(prompt), 50),
    ):
        rule.apply(expected, torch.tensor([[*prompt, *history]] * len(logits)))
    make_filters(tokenizer).apply(logits, [make_search(history)] * len(logits))
    assert torch.equal(logits, expected)


def test_each_beam_has_its_own_history(tokenizer: Tokenizer) -> None:
    together = torch.zeros(len(HISTORIES), DIMENSIONS.n_vocab)
    filters = make_filters(tokenizer)
    filters.apply(together, [make_search(history) for history in HISTORIES.values()])
    for history, row in zip(HISTORIES.values(), together, strict=True):
        alone = torch.zeros(1, DIMENSIONS.n_vocab)
        filters.apply(alone, [make_search(history)])
        assert torch.equal(row, alone[0])


def test_without_timestamps_they_may_be_said(tokenizer: Tokenizer) -> None:
    # As in openai-whisper: the token that announces their absence is what keeps them away.
    logits = torch.zeros(1, DIMENSIONS.n_vocab)
    make_filters(tokenizer, without_timestamps=True).apply(logits, [make_search(())])
    assert torch.isfinite(logits[0, BEGIN:]).all()
    assert not torch.isfinite(logits[0, [EOT, 220]]).any()


def test_text_follows_what_is_told(tokenizer: Tokenizer) -> None:
    logits = torch.zeros(1, DIMENSIONS.n_vocab)
    make_filters(tokenizer).apply(
        logits, [Search.start(1, 224, (BEGIN, 400, BEGIN + 9, BEGIN + 20))]
    )
    assert not torch.isfinite(logits[0, [EOT, 220, *range(BEGIN, BEGIN + 1501)]]).any()
    assert torch.isfinite(logits[0, [11, 400]]).all()


@pytest.mark.parametrize(
    ("asked", "suppressed", "allowed"),
    [
        ((), [50258, 50358, 50359, 50361, 50362], [11, 7, 50363]),
        ((11,), [11, 50258], [7]),
        ((-1,), [7, 50258], [11]),
        ((-1, 11), [7, 11], [13]),
    ],
    ids=["only what steers", "one more", "symbols that nobody says", "both"],
)
def test_suppressed_tokens(
    tokenizer: Tokenizer, asked: tuple[int, ...], suppressed: list[int], allowed: list[int]
) -> None:
    tokens = tokenizer.suppressed_tokens(asked)
    assert set(suppressed) <= set(tokens)
    assert not set(allowed) & set(tokens)


def make_filters(tokenizer: Tokenizer, *, without_timestamps: bool = False) -> LogitFilters:
    return LogitFilters(
        tokenizer,
        suppressed=tokenizer.suppressed_tokens((-1,)),
        without_timestamps=without_timestamps,
        device=torch.device("cpu"),
    )


def make_search(history: tuple[int, ...]) -> Search:
    beam = Beam()
    for token in history:
        beam = beam.extended(token, -1.0, BEGIN)
    return Search([beam], budget=224)
