"""The names of OpenAI's Whisper models and the checkpoint file that each stands for."""

MODEL_NAMES: tuple[str, ...] = (
    "tiny.en",
    "tiny",
    "base.en",
    "base",
    "small.en",
    "small",
    "medium.en",
    "medium",
    "large-v1",
    "large-v2",
    "large-v3",
    "large",
    "large-v3-turbo",
    "turbo",
)

# OpenAI publishes one file under both names.
_SAME_CHECKPOINT = {"large": "large-v3", "turbo": "large-v3-turbo"}


def published_name(model: str) -> str:
    """Return the name of the file that OpenAI publishes a model under, or the name itself."""
    return _SAME_CHECKPOINT.get(model, model)


def other_names(model: str) -> tuple[str, ...]:
    """Return the names that stand for the same checkpoint."""
    return tuple(name for name, published in _SAME_CHECKPOINT.items() if published == model)


def checkpoint_file_name(model: str) -> str:
    """Return the file in the model cache that holds a model's weights."""
    return f"{published_name(model)}.pt"


def is_english_only(model: str) -> bool:
    """Tell whether a model cannot translate or hear any language but English."""
    return model.endswith(".en")
