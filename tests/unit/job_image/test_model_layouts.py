"""One random model in both layouts is one model."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from whisper.model import ModelDimensions, Whisper

from support.hugging_face_weights import write_hugging_face_folder
from support.model_builders import make_cache
from waas_contract.catalogue_entries import ModelLayout
from waas_contract.model_catalogue import CatalogueEntry, ModelFile
from waas_job.engine.alignment_heads import OPENAI_HEADS
from waas_job.engine.decoder import OwnPast, causal_mask, make_room_to_hear
from waas_job.engine.model import build_model
from waas_job.engine.protocol import EngineSettings
from waas_job.engine.weights import ModelWeights, read_weights
from waas_job.engine.window_decoder import load_window_decoder
from waas_job.errors import ModelNotFound
from waas_job.model_cache.cached_model import find_cached_model
from waas_job.model_cache.markers import sha256_of

# Every number another, so that none can stand in for another's place.
DIMENSIONS = ModelDimensions(
    n_mels=80,
    n_audio_ctx=100,
    n_audio_state=24,
    n_audio_head=3,
    n_audio_layer=1,
    n_vocab=51865,
    n_text_ctx=32,
    n_text_state=24,
    n_text_head=4,
    n_text_layer=2,
)
HEADS = ((0, 1), (1, 3))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model in OpenAI's layout, in a cache of its own."""
    torch.manual_seed(7)
    model = Whisper(DIMENSIONS)
    for tensor in model.state_dict().values():
        # Also what is made of ones or zeros: each tensor must get to its own place.
        torch.nn.init.normal_(tensor, std=0.3)
    path = tmp_path_factory.mktemp("models") / "twin.pt"
    torch.save({"dims": vars(DIMENSIONS), "model_state_dict": model.state_dict()}, path)
    return path


def read_checkpoint(path: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = torch.load(path, weights_only=True)["model_state_dict"]
    return state


def load(folder: Path, name: str) -> ModelWeights:
    return read_weights(find_cached_model(folder, name))


def make_input() -> tuple[torch.Tensor, torch.Tensor]:
    """Return spectrograms and tokens of two windows."""
    generator = torch.Generator().manual_seed(8)
    mel = torch.randn(2, DIMENSIONS.n_mels, 2 * DIMENSIONS.n_audio_ctx, generator=generator)
    return mel, torch.randint(0, DIMENSIONS.n_vocab, (2, 9), generator=generator)


def compute_logits(weights: ModelWeights) -> torch.Tensor:
    model = build_model(weights, torch.device("cpu"), torch.float32)
    mel, tokens = make_input()
    heard = make_room_to_hear(weights.dimensions, 2, model.device, model.dtype)
    with torch.no_grad():
        model.decoder.hear(model.encoder(mel), heard)
        hidden, _ = model.decoder(
            tokens,
            torch.arange(9).expand_as(tokens),
            heard,
            OwnPast(),
            causal_mask(9, model.device, model.dtype),
        )
        return model.decoder.logits(hidden.flatten(0, 1)).view(2, 9, -1)


@pytest.mark.parametrize("shards", [1, 3])
def test_both_layouts_give_the_same_logits(checkpoint: Path, tmp_path: Path, shards: int) -> None:
    state = read_checkpoint(checkpoint)
    write_hugging_face_folder(tmp_path / "twin", vars(DIMENSIONS), state, shards=shards)
    ours = load(tmp_path, "twin")
    theirs = load(checkpoint.parent, "twin")
    assert ours.dimensions == theirs.dimensions
    logits = compute_logits(ours)
    assert logits.std() > 0.1
    assert torch.equal(logits, compute_logits(theirs))


def test_logits_are_those_of_openais_code(checkpoint: Path) -> None:
    reference = Whisper(ModelDimensions(**vars(DIMENSIONS)))
    reference.load_state_dict(read_checkpoint(checkpoint))
    with torch.no_grad():
        expected = reference(*make_input())
    assert expected.std() > 0.1
    assert torch.allclose(compute_logits(load(checkpoint.parent, "twin")), expected, atol=1e-4)


def test_half_precision_is_widened(checkpoint: Path, tmp_path: Path) -> None:
    state = read_checkpoint(checkpoint)
    write_hugging_face_folder(tmp_path / "twin", vars(DIMENSIONS), state, dtype=torch.bfloat16)
    logits = compute_logits(load(tmp_path, "twin"))
    assert logits.dtype is torch.float32
    narrow = ModelWeights(
        load(tmp_path, "twin").dimensions,
        {name: tensor.bfloat16().float() for name, tensor in state.items()},
        alignment_heads=(),
    )
    assert torch.equal(logits, compute_logits(narrow))


def test_tied_output_is_left_out(checkpoint: Path, tmp_path: Path) -> None:
    state = read_checkpoint(checkpoint)
    folder = write_hugging_face_folder(tmp_path / "twin", vars(DIMENSIONS), state)
    add_tensor(folder, "proj_out.weight", state["decoder.token_embedding.weight"])
    assert torch.equal(
        compute_logits(load(tmp_path, "twin")), compute_logits(load(checkpoint.parent, "twin"))
    )


def test_heads_come_from_the_generation_config(checkpoint: Path, tmp_path: Path) -> None:
    state = read_checkpoint(checkpoint)
    write_hugging_face_folder(
        tmp_path / "twin", vars(DIMENSIONS), state, alignment_heads=[list(head) for head in HEADS]
    )
    assert load(tmp_path, "twin").alignment_heads == HEADS


@pytest.mark.parametrize("layout", list(ModelLayout))
def test_heads_of_the_catalogue_have_the_last_word(
    checkpoint: Path, tmp_path: Path, layout: ModelLayout
) -> None:
    cache_folder = tmp_path / "cache"
    if layout is ModelLayout.OPENAI:
        sources = {"twin.pt": checkpoint}
    else:
        folder = write_hugging_face_folder(
            tmp_path / "twin",
            vars(DIMENSIONS),
            read_checkpoint(checkpoint),
            alignment_heads=[[0, 0]],
        )
        sources = {f"twin/{path.name}": path for path in folder.iterdir()}
    files = tuple(ModelFile(name, path.as_uri(), sha256_of(path)) for name, path in sources.items())
    entry = CatalogueEntry("twin", layout, files, alignment_heads=HEADS)
    make_cache(cache_folder, entry).pull("twin")
    assert load(cache_folder, "twin").alignment_heads == HEADS


def test_heads_that_the_model_lacks_are_told(checkpoint: Path, tmp_path: Path) -> None:
    state = read_checkpoint(checkpoint)
    write_hugging_face_folder(tmp_path / "twin", vars(DIMENSIONS), state, alignment_heads=[[2, 0]])
    with pytest.raises(ModelNotFound, match="name head 0 of layer 2, and it has 2 layers of 4"):
        load(tmp_path, "twin")


def test_openais_heads_are_left_out_where_a_model_has_another_shape(
    checkpoint: Path, tmp_path: Path
) -> None:
    write_hugging_face_folder(tmp_path / "base", vars(DIMENSIONS), read_checkpoint(checkpoint))
    files = tuple(
        ModelFile(f"base/{path.name}", path.as_uri(), sha256_of(path))
        for path in (tmp_path / "base").iterdir()
    )
    cache = make_cache(tmp_path, CatalogueEntry("base", ModelLayout.SAFETENSORS, files))
    cache.pull("base")
    assert "base" in OPENAI_HEADS
    assert load(tmp_path, "base").alignment_heads == tuple((1, head) for head in range(4))


def test_engine_loads_either_layout(checkpoint: Path, tmp_path: Path) -> None:
    folder = write_hugging_face_folder(
        tmp_path / "twin", vars(DIMENSIONS), read_checkpoint(checkpoint)
    )
    engine = load_window_decoder(EngineSettings("twin", tmp_path, device="cpu", threads=1))
    assert engine.facts.model == "twin"
    assert engine.facts.checkpoint_sha256 == sha256_of(folder / "model.safetensors")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"model_type": "wav2vec2"}, r"config\.json describes a model of another type"),
        ({"encoder_ffn_dim": 7}, "its encoder_ffn_dim is 7 and not 96"),
        ({"activation_function": "relu"}, "its activation_function is relu and not gelu"),
        ({"decoder_layers": None}, r"config\.json does not tell"),
        ({"decoder_layers": 3}, r"it lacks the tensor 'decoder\.blocks\.2"),
        ({"max_target_positions": 33}, r"its decoder\.positional_embedding is \(32, 24\)"),
    ],
)
def test_configuration_that_does_not_fit_is_told(
    checkpoint: Path, tmp_path: Path, changes: dict[str, object], complaint: str
) -> None:
    state = read_checkpoint(checkpoint)
    write_hugging_face_folder(tmp_path / "twin", vars(DIMENSIONS), state, changes=changes)
    with pytest.raises(ModelNotFound, match=f"'twin' cannot be loaded: .*: .*{complaint}"):
        load(tmp_path, "twin")


def test_tensor_that_whisper_lacks_is_told(checkpoint: Path, tmp_path: Path) -> None:
    state = read_checkpoint(checkpoint)
    folder = write_hugging_face_folder(tmp_path / "twin", vars(DIMENSIONS), state)
    add_tensor(folder, "model.decoder.layers.0.adapter.weight", torch.zeros(3))
    with pytest.raises(ModelNotFound, match=r"it has a tensor 'decoder\.layers\.0\.adapter"):
        load(tmp_path, "twin")


def test_output_of_its_own_is_told(checkpoint: Path, tmp_path: Path) -> None:
    state = read_checkpoint(checkpoint)
    folder = write_hugging_face_folder(tmp_path / "twin", vars(DIMENSIONS), state)
    add_tensor(folder, "proj_out.weight", 2 * state["decoder.token_embedding.weight"])
    with pytest.raises(ModelNotFound, match=r"its proj_out\.weight is not the embedding"):
        load(tmp_path, "twin")


def test_broken_weights_are_told(checkpoint: Path, tmp_path: Path) -> None:
    state = read_checkpoint(checkpoint)
    folder = write_hugging_face_folder(tmp_path / "twin", vars(DIMENSIONS), state)
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelNotFound, match=r"model\.safetensors cannot be read"):
        load(tmp_path, "twin")


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"model_type": "whisper"})])
def test_broken_configuration_is_told(checkpoint: Path, tmp_path: Path, text: str) -> None:
    state = read_checkpoint(checkpoint)
    folder = write_hugging_face_folder(tmp_path / "twin", vars(DIMENSIONS), state)
    (folder / "config.json").write_text(text)
    with pytest.raises(ModelNotFound, match=r"config\.json"):
        load(tmp_path, "twin")


def add_tensor(folder: Path, name: str, tensor: torch.Tensor) -> None:
    """Put one more tensor beside the others."""
    path = folder / "model.safetensors"
    save_file({**load_file(path), name: tensor.clone()}, path)
