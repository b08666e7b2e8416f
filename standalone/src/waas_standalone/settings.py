"""The standalone server's settings, read from environment variables that begin with `WAAS_`."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from waas_contract.job_environment import Device, Precision
from waas_contract.name_lists import split_names
from waas_contract.notification_settings import NotificationSettings
from waas_contract.transcription_job import LONGEST_TTL_SECONDS
from waas_job.model_cache.settings import default_model_directory

ENV_PREFIX = "WAAS_"


def default_data_folder() -> Path:
    """Return where a person's data goes by the XDG base directories."""
    shared = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(shared) / "waas"


def _default_model_directory() -> Path:
    return default_model_directory(os.environ)


class Settings(BaseSettings, NotificationSettings):
    """Everything that a person can choose; a field `x` is read from `WAAS_X`.

    Uploads have the api's settings beside these, such as `WAAS_LARGEST_UPLOAD_BYTES`.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        frozen=True,
        extra="ignore",
        # Those that have two names in the environment have a third one in Python.
        populate_by_name=True,
        # An error about one setting must not show the others: a password is among them.
        hide_input_in_errors=True,
    )

    data: Path = Field(default_factory=default_data_folder)
    """The folder that holds jobs, audio and transcripts."""

    host: str = "127.0.0.1"
    """Address to listen on; only loopback, unless there are API keys."""

    port: int = Field(default=3000, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""

    api_keys_file: Path | None = None
    """YAML or JSON list of API keys' digests; without one, whoever reaches it is let in."""

    model: str = "tiny"
    """Model of a request that names none."""

    model_directory: Path = Field(default_factory=_default_model_directory)
    """The model cache."""

    models: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_names)] = ()
    """Models that may be asked for, separated by commas; without any, OpenAI's and the cache's."""

    device: Device = "auto"
    """Where models run; auto takes the GPUs where there are some."""

    precision: Precision = "auto"
    """In which products are computed: auto, float32 or bfloat16; see docs/engine.md."""

    processes: int | None = Field(default=None, ge=1)
    """Job programs at a time; None for as many as cores, memory and GPUs have room for."""

    namespace: str = Field(default="default", min_length=1, max_length=63)
    """The tenant: the first part of every key."""

    progress_interval_seconds: float = Field(default=2.0, gt=0)
    """How often running jobs tell how far they are."""

    default_ttl_seconds: int | None = Field(default=None, ge=0, le=LONGEST_TTL_SECONDS)
    """How long what has ended is kept where nobody asked for another time; None for ever.

    It holds for what ended earlier, too, from the next start.
    """

    removal_grace_seconds: float = Field(default=60, ge=0)
    """How long what has expired is kept after this server saw so first: a clock may be wrong."""

    longest_stop_seconds: int = Field(default=10, ge=0)
    """Time that running requests get to end when the server is told to stop."""

    stop_at_end_of_input: bool = False
    """Stop when standard input ends.

    For a program that starts the server and holds the other end of its input, as `waas transcribe`
    does: however that program ends, the server does not outlive it.
    """
