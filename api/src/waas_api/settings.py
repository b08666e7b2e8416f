"""The api's settings, read from environment variables that begin with `WAAS_`."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import AnyHttpUrl, BeforeValidator, Field, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from waas_api.access.settings import LoginSettings
from waas_api.intake.settings import IntakeSettings
from waas_api.old_service.settings import OldServiceSettings
from waas_api.openai.settings import OpenAISettings
from waas_contract.models import MODEL_NAMES
from waas_contract.name_lists import split_names
from waas_contract.store_credentials import StoreCredentials

MEBIBYTE = 1024 * 1024
MOST_PARTS = 10_000
"""Parts that S3 allows in one multipart upload."""


class Settings(IntakeSettings, OpenAISettings, OldServiceSettings, LoginSettings, StoreCredentials):
    """Everything that an administrator can choose; a field `x` is read from `WAAS_X`."""

    model_config = SettingsConfigDict(
        env_prefix="WAAS_",
        frozen=True,
        extra="ignore",
        # Those that have two names in the environment have a third one in Python.
        populate_by_name=True,
        # An error about one setting must not show the others: the store's password is among them.
        hide_input_in_errors=True,
    )

    namespace: str = Field(min_length=1, max_length=63)
    """The tenant: the namespace of the TranscriptionJobs and the prefix of every key.

    With several of them, the one of a request that names none.
    """

    kubeconfig: Path | None = None
    """A kubeconfig file; without one, the pod's service account, else the default kubeconfig."""

    kubernetes_timeout_seconds: float = Field(default=10.0, gt=0)
    """Longest that one request to the API server may take."""

    s3_endpoint: AnyHttpUrl
    """Where object storage listens, for example `http://minio:9000`."""

    s3_bucket: str = Field(default="waas", min_length=3, max_length=63)
    """The bucket that holds audio and results."""

    s3_region: str = "us-east-1"
    """Region that requests are signed for; MinIO takes any."""

    models: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_names)] = MODEL_NAMES
    """Models that clients may ask for, separated by commas."""

    default_model: str = "tiny"
    """Model of a request that names none."""

    host: str = "0.0.0.0"
    """Address to listen on."""

    port: int = Field(default=3000, ge=0, le=65535)
    """Port to listen on."""

    upload_part_bytes: int = Field(default=16 * MEBIBYTE, ge=5 * MEBIBYTE, le=64 * MEBIBYTE)
    """Size of the pieces in which an upload goes to storage.

    An upload holds three of them in memory. S3 takes at most 10,000 parts, so 16 MiB allows
    recordings of 156 GiB.
    """

    largest_upload_bytes: int = Field(default=16 * 1024 * MEBIBYTE, gt=0)
    """Longest body that is accepted; at most 10,000 parts."""

    uploads_at_once: int = Field(default=8, ge=1)
    """Uploads that are stored at the same time; with the part size, this bounds the memory.

    Another one waits, unread, and its client with it.
    """

    longest_upload_wait_seconds: float = Field(default=60.0, ge=0)
    """Longest that an upload waits for its turn; then the client gets 503 and Retry-After."""

    longest_upload_idle_seconds: float = Field(default=60.0, gt=0)
    """Longest pause in an upload; then it is given up."""

    longest_upload_seconds: float = Field(default=6 * 3600.0, gt=0)
    """Longest time from an upload's first byte to its last; then it is given up."""

    largest_transcript_bytes: int = Field(default=64 * MEBIBYTE, gt=0)
    """Largest transcript.json that the api reads into memory for a download."""

    event_streams_at_once: int = Field(default=1000, ge=1)
    """Clients that may listen to events at the same time; another is told to ask for the status."""

    longest_shutdown_seconds: int = Field(default=20, ge=0)
    """Time that running requests get to end when the program is told to stop."""

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if self.default_model not in self.models:
            raise ValueError(
                f"WAAS_DEFAULT_MODEL is {self.default_model!r}, which WAAS_MODELS does not list"
            )
        if self.openai_model and self.openai_model not in self.models:
            raise ValueError(
                f"WAAS_OPENAI_MODEL is {self.openai_model!r}, which WAAS_MODELS does not list"
            )
        if self.s3_endpoint.path not in (None, "", "/"):
            raise ValueError("WAAS_S3_ENDPOINT must not have a path")
        most = MOST_PARTS * self.upload_part_bytes
        if self.largest_upload_bytes > most:
            raise ValueError(
                f"WAAS_LARGEST_UPLOAD_BYTES must be at most {most} with parts of "
                f"{self.upload_part_bytes} bytes; raise WAAS_UPLOAD_PART_BYTES"
            )
        return self
