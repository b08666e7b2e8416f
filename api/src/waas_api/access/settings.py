"""The api's settings of logins, links and limits."""

from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import NoDecode

from waas_contract.name_lists import split_names


class LoginMode(StrEnum):
    """How callers log in."""

    NONE = "none"
    API_KEYS = "api-keys"
    KUBERNETES = "kubernetes"
    FORWARDED_USER = "forwarded-user"


_Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_names)]
_Limit = Annotated[int, Field(ge=1)]


class LoginSettings(BaseModel):
    """Who is let in, and how much each may ask for."""

    authentication: Annotated[
        tuple[LoginMode, ...], NoDecode, BeforeValidator(split_names), Field(min_length=1)
    ] = (LoginMode.NONE,)
    """How callers log in, separated by commas: `api-keys`, `kubernetes`, `forwarded-user`.

    `none` lets everybody in as the same caller who may do everything: for loopback alone, or behind
    a login of another's.
    """

    namespaces: _Names = ()
    """The tenants that are served, separated by commas; without any, `WAAS_NAMESPACE` alone."""

    api_keys_file: Path | None = None
    """YAML or JSON list of API keys' digests, read again when it changes."""

    kubernetes_audiences: Annotated[_Names, Field(min_length=1)] = ("waas",)
    """Whom Kubernetes tokens must be meant for; the API server's own audience lets all of them in.

    A token for `waas` alone is of no use to anybody who gets hold of it here and tries it there.
    """

    trusted_proxies: Annotated[
        tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(split_names)
    ] = ()
    """Networks of the proxies that log people in, whose word on who sends a request is believed.

    Whatever else can send from there can say that it is anybody.
    """

    forwarded_user_header: str = Field(
        default="X-Forwarded-User", pattern=r"^[A-Za-z][A-Za-z0-9-]*$"
    )
    """Where these proxies say who it is."""

    access_cache_seconds: float = Field(default=30.0, ge=10, le=60)
    """How long Kubernetes' answer about a token is good: so late is a revocation noticed."""

    link_secret: SecretStr | None = Field(default=None, min_length=32)
    """What links to results are signed with; without one there are no links."""

    longest_link_seconds: int = Field(default=30 * 24 * 3600, ge=60)
    """Longest life of a link."""

    most_live_jobs: _Limit | None = None
    """Jobs of a tenant that wait and run; None for as many as come."""

    most_live_jobs_per_caller: _Limit | None = None
    """The same for each caller within a tenant."""

    requests_per_minute_per_caller: _Limit | None = None
    """Requests that a caller may send to each replica; as many at once, then that many a minute."""

    uploads_at_once_per_caller: _Limit | None = None
    """Recordings that a caller may send at once to each replica."""

    upload_bytes_per_day_per_caller: _Limit | None = None
    """Bytes of recordings that a caller may send to each replica in a day."""

    @property
    def needs_kubernetes_login(self) -> bool:
        """Tell whether tokens have to be checked."""
        return LoginMode.KUBERNETES in self.authentication

    def served_namespaces(self, default: str) -> tuple[str, ...]:
        """Return the tenants that are served."""
        return self.namespaces or (default,)

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty_secret(cls, values: object) -> object:
        # An optional key of a Secret may be there and empty.
        if isinstance(values, Mapping) and values.get("link_secret") == "":
            return {name: each for name, each in values.items() if name != "link_secret"}
        return values

    @model_validator(mode="after")
    def _check_logins(self) -> Self:
        modes = set(self.authentication)
        if LoginMode.NONE in modes and len(modes) > 1:
            raise ValueError(
                "WAAS_AUTHENTICATION has `none` beside a login, which nobody would need then"
            )
        if (LoginMode.API_KEYS in modes) != (self.api_keys_file is not None):
            raise ValueError(
                "WAAS_AUTHENTICATION names `api-keys` exactly where WAAS_API_KEYS_FILE is set"
            )
        if (LoginMode.FORWARDED_USER in modes) != bool(self.trusted_proxies):
            raise ValueError(
                "WAAS_AUTHENTICATION names `forwarded-user` exactly where WAAS_TRUSTED_PROXIES is "
                "set"
            )
        namespace = getattr(self, "namespace", None)
        if self.namespaces and namespace not in self.namespaces:
            raise ValueError(
                f"WAAS_NAMESPACE is {namespace!r}, which WAAS_NAMESPACES does not list"
            )
        return self
