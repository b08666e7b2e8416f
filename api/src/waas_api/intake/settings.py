"""Settings of the ways in for recordings, beside plain uploads."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field
from pydantic_settings import NoDecode

from waas_contract.name_lists import split_names


class IntakeSettings(BaseModel):
    """Where recordings may come from, and how long an upload may wait for its rest."""

    url_sources: bool = True
    """Whether recordings are fetched from addresses on the web that clients name."""

    url_source_networks: Annotated[
        tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(split_names)
    ] = ()
    """Networks beside the public internet from which they may be fetched: `10.1.0.0/16`."""

    url_source_ports: Annotated[
        tuple[Annotated[int, Field(ge=1, le=65535)], ...],
        NoDecode,
        BeforeValidator(split_names),
    ] = (80, 443)
    """Ports on which they may be fetched."""

    source_buckets: dict[str, tuple[str, ...]] = {}
    """Other buckets from which a namespace may transcribe; the operator has the same list."""

    unfinished_upload_seconds: int = Field(default=86_400, ge=60)
    """How long a resumable upload waits for its rest; then it is removed."""
