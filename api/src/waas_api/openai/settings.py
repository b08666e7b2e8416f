"""Settings of the routes that are OpenAI's: /v1/audio and /v1/models."""

from pydantic import BaseModel, Field


class OpenAISettings(BaseModel):
    """What an administrator can choose for clients of OpenAI's API."""

    openai_model: str = ""
    """Model that `whisper-1` stands for; empty: the default model."""

    openai_longest_wait_seconds: float = Field(default=1800.0, gt=0)
    """Longest that a request waits for its transcript; then it is told where that will be."""

    openai_grace_seconds: float = Field(default=600.0, gt=0)
    """Time that a job goes on after its client went away; the same request again takes it up."""

    openai_ttl_seconds: int = Field(default=86_400, ge=0)
    """Time that recording and transcript are kept after the job's end."""
