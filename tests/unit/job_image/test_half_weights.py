"""Weights in half precision, where that loses nothing."""

import pytest
import torch

from waas_job.engine.dot_products import DotProductProjection, Rows, has_dot_products
from waas_job.engine.half_weights import HalfProjection, can_pack
from waas_job.engine.parameters import FewRowsProjection, Parameters

WEIGHT = torch.randn(70, 32, generator=torch.Generator().manual_seed(1))
BIAS = torch.randn(70, generator=torch.Generator().manual_seed(2))
CPU = torch.device("cpu")

has_kernel = pytest.mark.skipif(
    "fbgemm" not in torch.backends.quantized.supported_engines,
    reason="FBGEMM is for x86 processors",
)


def make_rows(count: int) -> torch.Tensor:
    return torch.randn(2, count, 32, generator=torch.Generator().manual_seed(3))


@has_kernel
@pytest.mark.parametrize("rows", [1, 7, 100])
def test_product_is_that_of_single_precision(rows: int) -> None:
    weight = WEIGHT.half().float()
    assert can_pack(weight)
    x = make_rows(rows)
    expected = torch.nn.functional.linear(x.double(), weight.double(), BIAS.double())
    assert torch.allclose(HalfProjection([weight], BIAS)(x).double(), expected, atol=1e-5)
    short = HalfProjection([weight.half()], BIAS)(x.bfloat16())
    assert short.dtype is torch.float32
    assert torch.allclose(short.double(), expected, rtol=0.05, atol=0.1)


@has_kernel
@pytest.mark.skipif(not has_dot_products(), reason="oneDNN multiplies bfloat16 with AVX-512 alone")
@pytest.mark.parametrize(
    ("sentence", "rows", "are_many", "tolerance"),
    [
        ("a few are exact", 3, True, 1e-5),
        ("many are in bfloat16", 50, True, 0.3),
        ("many now and then cost no memory, and are exact", 50, False, 1e-5),
    ],
)
def test_dot_products_are_for_many_rows(
    sentence: str, rows: int, are_many: bool, tolerance: float
) -> None:
    weight = WEIGHT.half().float()
    x = make_rows(rows)
    expected = torch.nn.functional.linear(x, weight, BIAS)
    projection = DotProductProjection([weight], BIAS, rows=Rows(are_many))
    projected = projection(x)
    assert projected.dtype is torch.float32
    error = float((projected - expected).abs().max())
    assert error < tolerance, sentence
    is_packed_twice = "_for_many" in vars(projection)
    assert is_packed_twice == (error > 3e-4) == (rows > 8 and are_many), sentence


def test_weight_that_would_lose_something_stays_whole() -> None:
    assert not can_pack(WEIGHT)
    state = {"layer.weight": WEIGHT, "layer.bias": BIAS}
    projection = Parameters(state, CPU, torch.float32).few_rows_projection("layer")
    assert isinstance(projection, FewRowsProjection)
    x = make_rows(5)
    assert torch.allclose(projection(x), torch.nn.functional.linear(x, WEIGHT, BIAS), atol=1e-5)


@pytest.mark.parametrize("embedding", [WEIGHT, WEIGHT.half().float()], ids=["whole", "packed"])
def test_vocabulary_is_the_same_both_ways(embedding: torch.Tensor) -> None:
    vocabulary = Parameters({"tokens": embedding}, CPU, torch.float32).vocabulary("tokens")
    tokens = torch.tensor([[3, 69], [0, 3]])
    assert torch.equal(vocabulary.embed(tokens), embedding[tokens])
    hidden = make_rows(4).flatten(0, 1)
    logits = vocabulary.logits(hidden)
    assert logits.is_contiguous()
    assert torch.allclose(logits, hidden @ embedding.T, atol=1e-5)
