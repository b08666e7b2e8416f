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


def checkpoint_file_name(model: str) -> str:
    """Return the file in the model cache that holds a model's weights."""
    return f"{_SAME_CHECKPOINT.get(model, model)}.pt"


def is_english_only(model: str) -> bool:
    """Tell whether a model cannot translate or hear any language but English."""
    return model.endswith(".en")
