"""From the model cache to OpenAI's Whisper, whatever layout the files have."""

from contextlib import suppress

import torch
import whisper
from whisper import Whisper

from waas_contract.catalogue_entries import CONFIG_FILE_NAME, ModelLayout
from waas_job.engine.hugging_face import (
    GENERATION_FILE_NAME,
    NotWhisper,
    read_alignment_heads,
    read_dimensions,
    read_state,
)
from waas_job.errors import ModelNotFound
from waas_job.model_cache.cached_model import CachedModel

_Heads = tuple[tuple[int, int], ...]


def load_weights(cached: CachedModel) -> Whisper:
    """Return the model on the CPU; raises ModelNotFound if its files are not Whisper's."""
    if cached.layout is ModelLayout.SAFETENSORS:
        model, told_heads = _load_folder(cached)
    else:
        model, told_heads = _load_checkpoint(cached), None
    heads = cached.entry.alignment_heads if cached.entry else None
    _set_alignment_heads(model, cached.name, heads or told_heads)
    return model


def _load_checkpoint(cached: CachedModel) -> Whisper:
    try:
        # By its path, so that Whisper neither looks for a download nor reads the file twice. It
        # loads with `weights_only`: a checkpoint is a pickle, and this one runs no code.
        return whisper.load_model(str(cached.path), device="cpu")
    except MemoryError:
        raise
    except Exception as error:
        # Unpickling what is no checkpoint can fail in any way.
        raise ModelNotFound(
            f"The model '{cached.name}' cannot be loaded: {cached.path.name} in "
            f"{cached.path.parent} is unreadable or no checkpoint of OpenAI's Whisper."
        ) from error


def _load_folder(cached: CachedModel) -> tuple[Whisper, _Heads | None]:
    try:
        model = Whisper(read_dimensions(cached.path / CONFIG_FILE_NAME))
        model.load_state_dict(read_state(cached.weight_files))
        generation = cached.find_file(GENERATION_FILE_NAME)
        return model, read_alignment_heads(generation) if generation else None
    except (NotWhisper, RuntimeError, TypeError, ValueError) as error:
        # All but the first: tensors that are missing, or have other shapes than they should.
        problem = " ".join(line.strip() for line in str(error).splitlines()[:2])
        raise ModelNotFound(
            f"The model '{cached.name}' cannot be loaded: the folder {cached.path} is not Hugging "
            f"Face's layout of Whisper: {problem.rstrip('.')}."
        ) from error


def _set_alignment_heads(model: Whisper, name: str, heads: _Heads | None) -> None:
    """Say which heads follow the words; without it the upper half of the layers stands in."""
    layers, width = model.dims.n_text_layer, model.dims.n_text_head
    if heads is not None:
        mask = torch.zeros(layers, width, dtype=torch.bool)
        for layer, head in heads:
            if layer >= layers or head >= width:
                raise ModelNotFound(
                    f"The model '{name}' cannot be loaded: its alignment heads name head {head} of "
                    f"layer {layer}, and it has {layers} layers of {width}."
                )
            mask[layer, head] = True
        model.register_buffer("alignment_heads", mask.to_sparse(), persistent=False)
    elif (dump := whisper._ALIGNMENT_HEADS.get(name)) is not None:
        # OpenAI's checkpoints do not name them, its package does. An administrator's model of the
        # same name may have another shape.
        with suppress(RuntimeError):
            model.set_alignment_heads(dump)
