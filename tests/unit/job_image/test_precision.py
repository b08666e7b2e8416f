"""In which precision a model's products are computed, and what that keeps of the numbers."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from whisper import Whisper

from support.engine_builders import TwinModels, make_twins
from waas_job.engine import decoder
from waas_job.engine.decoder import Heard, OwnPast, causal_mask, make_room_to_hear
from waas_job.engine.device import choose_precision, has_tiles, multiplies_bfloat16
from waas_job.engine.model import WhisperModel

CPU, GPU = torch.device("cpu"), torch.device("cuda")
TOKENS = torch.tensor([[50258, 50259, 50359, 50364, 400, 500]])

PROCESSORS = [
    ("tiles for bfloat16", "flags\t\t: fpu avx512_bf16 amx_bf16 amx_tile\n", True, True),
    ("its dot products alone", "flags\t\t: fpu avx512f avx512_bf16\n", True, False),
    ("neither", "processor\t: 0\nflags\t\t: fpu avx2\n", False, False),
    ("another architecture", "Features\t: fp asimd bf16\n", False, False),
]


@pytest.fixture(scope="module")
def exact() -> TwinModels:
    return make_twins()


@pytest.fixture(scope="module")
def short() -> WhisperModel:
    return make_twins(dtype=torch.bfloat16).ours


@pytest.mark.parametrize(
    ("description", "multiplies", "in_tiles"),
    [pytest.param(*case[1:], id=case[0]) for case in PROCESSORS],
)
def test_processor_tells_what_it_is_made_for(
    tmp_path: Path, description: str, multiplies: bool, in_tiles: bool
) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(description)
    assert multiplies_bfloat16(path) is multiplies
    assert has_tiles(path) is in_tiles


def test_machine_that_tells_nothing_has_neither(tmp_path: Path) -> None:
    assert not multiplies_bfloat16(tmp_path / "missing")
    assert not has_tiles(tmp_path / "missing")


def test_what_is_asked_for_is_chosen() -> None:
    assert choose_precision("float32", CPU) is torch.float32
    assert choose_precision("bfloat16", CPU) is torch.bfloat16
    assert choose_precision("auto", GPU) is torch.float16
    expected = torch.bfloat16 if multiplies_bfloat16() else torch.float32
    assert choose_precision("auto", CPU) is expected


def test_encoder_is_that_of_the_reference(exact: TwinModels, short: WhisperModel) -> None:
    mel = draw_mel(2)
    with torch.no_grad():
        theirs = exact.reference.encoder(mel)
        assert torch.allclose(exact.ours.encoder(mel), theirs, atol=1e-4)
    assert relative_error(short.encoder(mel), theirs) < 0.02


def test_logits_of_bfloat16_are_nearly_those_of_the_reference(
    exact: TwinModels, short: WhisperModel
) -> None:
    mel = draw_mel(1)
    theirs = logits_of_reference(exact.reference, mel)
    assert relative_error(logits_of(exact.ours, mel), theirs) < 1e-4
    assert relative_error(logits_of(short, mel), theirs) < 0.03


def test_several_queries_find_the_same_in_keys_that_lie_frame_by_frame(
    exact: TwinModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder, "multiplies_by_dot_products", lambda *_: True)
    mel, model = draw_mel(1), exact.ours
    for_one, for_five = (
        make_room_to_hear(model.dimensions, 1, model.device, model.dtype, queries=queries)
        for queries in (1, 5)
    )
    one, five = logits_of(model, mel, for_one), logits_of(model, mel, for_five)
    assert all(keys.is_contiguous() for keys in for_one.keys)
    assert all(keys.mT.is_contiguous() for keys in for_five.keys)
    assert torch.allclose(one, five, atol=1e-4)


def draw_mel(windows: int) -> Tensor:
    return torch.randn(windows, 80, 3000, generator=torch.Generator().manual_seed(4))


@torch.no_grad()
def logits_of_reference(model: Whisper, mel: Tensor) -> Tensor:
    logits: Tensor = model.logits(TOKENS, model.encoder(mel))
    return logits[0]


@torch.no_grad()
def logits_of(model: WhisperModel, mel: Tensor, heard: Heard | None = None) -> Tensor:
    if heard is None:
        heard = make_room_to_hear(model.dimensions, 1, model.device, model.dtype)
    model.decoder.hear(model.encoder(mel), heard)
    count = TOKENS.shape[1]
    hidden, _ = model.decoder(
        TOKENS,
        torch.arange(count)[None],
        heard,
        OwnPast(),
        causal_mask(count, model.device, model.dtype),
    )
    return model.decoder.logits(hidden[0])


def relative_error(ours: Tensor, theirs: Tensor) -> float:
    return float((ours.float() - theirs).norm() / theirs.norm())
