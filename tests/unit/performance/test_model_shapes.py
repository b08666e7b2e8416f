"""The sizes of the models are those of the published table, and of the real weights."""

import pytest
import torch

from performance.engine.limit import derive_work
from performance.model_shapes import SHAPES, build_random_model
from support.checkpoints import checkpoint_directory
from waas_job.engine.dimensions import ModelDimensions


@pytest.mark.parametrize("name", ["tiny.en", "base"])
def test_a_size_is_that_of_the_checkpoint(name: str) -> None:
    checkpoint = torch.load(checkpoint_directory() / f"{name}.pt", weights_only=True, mmap=True)

    assert SHAPES[name] == ModelDimensions(**checkpoint["dims"])


@pytest.mark.parametrize(
    ("name", "encoder", "hearing", "token", "read", "weights"),
    [
        ("large-v3", 2274, 315, 1.86, 245.8, 1600),
        ("turbo", 2274, 39, 0.35, 30.7, 320),
        ("base", 87, 9, 0.12, 18, 97),
        ("tiny.en", 37, 4, 0.07, 9, 56),
    ],
)
def test_the_work_of_a_model_is_known(
    name: str, encoder: float, hearing: float, token: float, read: float, weights: float
) -> None:
    work = derive_work(SHAPES[name], bytes_per_value=2)

    assert work.encoder_flops / 1e9 == pytest.approx(encoder, rel=0.05)
    assert work.hearing_flops / 1e9 == pytest.approx(hearing, rel=0.15)
    assert work.token_flops / 1e9 == pytest.approx(token, rel=0.1)
    assert work.token_bytes / 1e6 == pytest.approx(read, rel=0.05)
    assert work.step_bytes / 1e6 == pytest.approx(weights, rel=0.1)


def test_a_random_model_hears_windows() -> None:
    model = build_random_model("tiny.en", torch.device("cpu"), torch.float32)

    features = model.encoder(torch.zeros(1, 80, 3000))

    assert features.shape == (1, 1500, 384)
