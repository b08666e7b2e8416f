"""The decoder's heads that look where a word is spoken: facts of OpenAI's models, found by OpenAI.

Their checkpoints do not name them; the generation_config.json of Hugging Face's layout does.
"""

from collections.abc import Sequence

from waas_job.engine.dimensions import ModelDimensions

Heads = tuple[tuple[int, int], ...]
"""Layer and head of each."""


def _heads(**by_layer: Sequence[int]) -> Heads:
    return tuple((int(layer[1:]), head) for layer, heads in by_layer.items() for head in heads)


_LARGE_V1 = _heads(_9=[19], _11=[2, 4, 17], _22=[7, 11, 17], _23=[2, 15])
_LARGE_V2 = _heads(
    _10=[12],
    _13=[17],
    _16=[11, 12, 13],
    _17=[15, 16],
    _18=[4, 11, 19],
    _19=[11],
    _21=[2, 3],
    _22=[3, 9, 12],
    _23=[5, 7, 13],
    _25=[5],
    _26=[1, 12],
    _27=[15],
)
_LARGE_V3 = _heads(
    _7=[0], _10=[17], _12=[18], _13=[12], _16=[1], _17=[14], _19=[11], _21=[4], _24=[1], _25=[6]
)
_TURBO = _heads(_2=[4, 11], _3=[3, 6, 11, 14])

OPENAI_HEADS: dict[str, Heads] = {
    "tiny.en": _heads(_1=[0], _2=[0, 5], _3=[0, 1, 2, 3, 4]),
    "tiny": _heads(_2=[2], _3=[0, 2, 3, 4, 5]),
    "base.en": _heads(_3=[3], _4=[7], _5=[1, 5, 7]),
    "base": _heads(_3=[1], _4=[2, 3, 7], _5=[1, 2, 4, 6]),
    "small.en": _heads(
        _6=[6],
        _7=[0, 3, 8],
        _8=[2, 5, 7],
        _9=[0, 4, 8, 10],
        _10=[0, 1, 2, 3, 6, 11],
        _11=[2, 4],
    ),
    "small": _heads(_5=[3, 9], _8=[0, 4, 7, 8], _9=[0, 7, 9], _10=[5]),
    "medium.en": _heads(
        _11=[4],
        _14=[1, 12, 14],
        _15=[4],
        _16=[0, 4, 9],
        _17=[12, 14],
        _18=[7, 10, 15],
        _20=[0, 3, 9, 14],
        _21=[12],
    ),
    "medium": _heads(_13=[15], _15=[4, 15], _16=[1], _20=[0], _23=[4]),
    "large-v1": _LARGE_V1,
    "large-v2": _LARGE_V2,
    "large-v3": _LARGE_V3,
    "large": _LARGE_V3,
    "large-v3-turbo": _TURBO,
    "turbo": _TURBO,
}


def default_heads(model: str, dimensions: ModelDimensions) -> Heads:
    """Return OpenAI's heads of a model by its name, or else all of the upper half of its layers.

    An administrator's model of the same name may have another shape: then the name says nothing.
    """
    named = OPENAI_HEADS.get(model)
    if named and all(has_head(dimensions, *head) for head in named):
        return named
    layers = range(dimensions.n_text_layer // 2, dimensions.n_text_layer)
    return tuple((layer, head) for layer in layers for head in range(dimensions.n_text_head))


def has_head(dimensions: ModelDimensions, layer: int, head: int) -> bool:
    """Tell whether a model has that head."""
    return layer < dimensions.n_text_layer and head < dimensions.n_text_head
