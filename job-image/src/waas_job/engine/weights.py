"""From the model cache to tensors by OpenAI's names, whatever layout the files have.

Nothing is copied: the tensors lie in the files, and a page is read when it is first looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from waas_contract.catalogue_entries import CONFIG_FILE_NAME, ModelLayout
from waas_job.engine.alignment_heads import Heads, default_heads, has_head
from waas_job.engine.dimensions import ModelDimensions
from waas_job.engine.hugging_face import (
    GENERATION_FILE_NAME,
    NotWhisper,
    read_alignment_heads,
    read_dimensions,
    read_state,
)
from waas_job.errors import ModelNotFound
from waas_job.model_cache.cached_model import CachedModel

State = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class ModelWeights:
    """A model as it lies in its files."""

    dimensions: ModelDimensions
    state: State
    alignment_heads: Heads


def read_weights(cached: CachedModel) -> ModelWeights:
    """Return the model's tensors; raises ModelNotFound if its files are not Whisper's."""
    if cached.layout is ModelLayout.SAFETENSORS:
        dimensions, state, told_heads = _read_folder(cached)
    else:
        dimensions, state = _read_checkpoint(cached)
        told_heads = None
    heads = (cached.entry.alignment_heads if cached.entry else None) or told_heads
    if heads is None:
        heads = default_heads(cached.name, dimensions)
    _require_heads(cached.name, dimensions, heads)
    return ModelWeights(dimensions, state, heads)


def _read_checkpoint(cached: CachedModel) -> tuple[ModelDimensions, State]:
    try:
        # `weights_only`, for a checkpoint is a pickle: this way it runs no code.
        checkpoint = torch.load(cached.path, map_location="cpu", weights_only=True, mmap=True)
        dimensions = ModelDimensions(**checkpoint["dims"])
        state = checkpoint["model_state_dict"]
        _require_shapes(dimensions, state)
    except MemoryError:
        raise
    except Exception as error:
        # Unpickling what is no checkpoint can fail in any way.
        raise ModelNotFound(
            f"The model '{cached.name}' cannot be loaded: {cached.path.name} in "
            f"{cached.path.parent} is unreadable or no checkpoint of OpenAI's Whisper."
        ) from error
    return dimensions, state


def _read_folder(cached: CachedModel) -> tuple[ModelDimensions, State, Heads | None]:
    try:
        dimensions = read_dimensions(cached.path / CONFIG_FILE_NAME)
        state = read_state(cached.weight_files)
        _require_shapes(dimensions, state)
        generation = cached.find_file(GENERATION_FILE_NAME)
        return dimensions, state, read_alignment_heads(generation) if generation else None
    except (NotWhisper, TypeError, ValueError) as error:
        raise ModelNotFound(
            f"The model '{cached.name}' cannot be loaded: the folder {cached.path} is not Hugging "
            f"Face's layout of Whisper: {str(error).rstrip('.')}."
        ) from error


def _require_shapes(dimensions: ModelDimensions, state: State) -> None:
    for name, shape in dimensions.list_shapes().items():
        if name not in state:
            raise NotWhisper(f"it lacks the tensor '{name}'")
        if tuple(state[name].shape) != shape:
            raise NotWhisper(f"its {name} is {tuple(state[name].shape)} and should be {shape}")


def _require_heads(name: str, dimensions: ModelDimensions, heads: Heads) -> None:
    for layer, head in heads:
        if not has_head(dimensions, layer, head):
            raise ModelNotFound(
                f"The model '{name}' cannot be loaded: its alignment heads name head {head} of "
                f"layer {layer}, and it has {dimensions.n_text_layer} layers of "
                f"{dimensions.n_text_head}."
            )
