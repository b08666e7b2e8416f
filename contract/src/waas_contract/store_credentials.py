"""By whom the programs use the store: a storage user, or the identity that a pod is given."""

from typing import Self

from pydantic import BaseModel, Field, SecretStr, model_validator


class StoreCredentials(BaseModel):
    """Either keys or an identity, so that one that was forgotten is not taken for the other.

    A program reads it from its environment by deriving from it beside BaseSettings.
    """

    s3_access_key: str | None = Field(default=None, min_length=1)
    """Name of the storage user."""

    s3_secret_key: SecretStr | None = Field(default=None, min_length=1)
    """Password of the storage user."""

    s3_workload_identity: bool = False
    """Whether the pod's own identity counts, as AWS's variables tell of it, in place of a user."""

    s3_token_service: str | None = Field(default=None, pattern=r"^https?://[^/?#]+(/[^?#]*)?$")
    """URL at which the pod's token is exchanged, of a MinIO for example; None: AWS's own."""

    @property
    def storage_user(self) -> tuple[str, str] | None:
        """Return name and password; None where the pod's identity counts."""
        if self.s3_access_key is None or self.s3_secret_key is None:
            return None
        return self.s3_access_key, self.s3_secret_key.get_secret_value()

    @model_validator(mode="after")
    def _check_credentials(self) -> Self:
        has_keys = bool(self.s3_access_key), bool(self.s3_secret_key)
        if self.s3_workload_identity and any(has_keys):
            raise ValueError(
                "WAAS_S3_WORKLOAD_IDENTITY is set, and so are keys of a storage user: which holds?"
            )
        if not self.s3_workload_identity and not all(has_keys):
            raise ValueError(
                "WAAS_S3_ACCESS_KEY and WAAS_S3_SECRET_KEY are both needed, or else "
                "WAAS_S3_WORKLOAD_IDENTITY"
            )
        return self
