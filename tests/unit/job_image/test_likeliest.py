"""The likeliest tokens are those that torch finds."""

import pytest
import torch

from waas_job.engine.likeliest import likeliest


@pytest.mark.parametrize(("tokens", "count"), [(51_865, 6), (51_865, 1), (70, 6), (7, 6)])
def test_they_are_those_of_topk(tokens: int, count: int) -> None:
    logits = torch.randn(4, tokens, generator=torch.Generator().manual_seed(1)) * 9
    values, expected = logits.topk(count, dim=1)
    logprobs, found = likeliest(logits, count)
    assert torch.equal(found, expected)
    assert torch.allclose(logprobs, values - logits.logsumexp(dim=1, keepdim=True), atol=1e-5)


def test_what_is_never_said_has_no_chance_and_is_a_token_still() -> None:
    logits = torch.full((1, 70), float("-inf"))
    logits[0, 68] = 3.0
    logprobs, tokens = likeliest(logits, 6)
    assert tokens[0, 0] == 68
    assert int(tokens.max()) < 70
    assert logprobs[0, 0] == 0
    assert torch.isneginf(logprobs[0, 1:]).all()


def test_unlikely_tokens_are_told_apart() -> None:
    logprobs, _ = likeliest(torch.tensor([[0.0, -200.0, -300.0]]), 3)
    assert logprobs[0].tolist() == [0.0, -200.0, -300.0]
