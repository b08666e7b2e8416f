"""What the preparation of the store is told, as `WAAS_…` variables."""

from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from waas_contract.name_lists import split_names


class Settings(BaseSettings):
    """The bucket, who may make it, and who uses it."""

    model_config = SettingsConfigDict(env_prefix="WAAS_", frozen=True)

    s3_endpoint: Annotated[str, Field(pattern=r"^https?://[^/?#]+/?$")]
    """Scheme, host and port of the store."""

    s3_bucket: str
    s3_region: str = "us-east-1"

    s3_admin_access_key: str
    """Somebody who may make buckets and their rules; of a MinIO, users and policies, too."""

    s3_admin_secret_key: SecretStr

    is_minio: bool = False
    """Whether the store is the bundled MinIO, whose users are made by MinIO's own interface."""

    s3_access_key: str = ""
    """The storage user, by whom the service works; made here only where the store is a MinIO."""

    s3_secret_key: SecretStr = SecretStr("")

    source_buckets: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_names)] = ()
    """Buckets beside the service's own that the storage user may read."""

    drop_unfinished_uploads_after_days: int = Field(default=7, ge=1)

    store_patience_seconds: float = Field(default=600, ge=0)
    """How long a store is waited for that does not answer yet."""
