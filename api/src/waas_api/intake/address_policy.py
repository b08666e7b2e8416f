"""Which addresses the service fetches recordings from: the public internet, and what is listed.

An address that only wraps another, for the sake of IPv6, counts as the one within.
"""

from collections.abc import Collection
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_WELL_KNOWN_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
_REFUSED: tuple[Network, ...] = tuple(
    map(
        ip_network,
        (
            "100.64.0.0/10",  # shared by providers (RFC 6598); Alibaba's metadata is there
            "168.63.129.16/32",  # Azure's platform, on every virtual machine
            "192.0.0.0/24",  # protocol assignments; Oracle's metadata is there
            "192.88.99.0/24",  # 6to4 relays (RFC 7526)
            "::/96",  # IPv4-compatible, of old
            "64:ff9b:1::/48",  # NAT64 of a network's own (RFC 8215)
            "fec0::/10",  # site-local, of old
            "fd00:ec2::254/128",  # Amazon's metadata
        ),
    )
)


def parse_address(text: str) -> Address | None:
    """Return the address that a text is, or None; a zone does not count."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def is_allowed(address: Address, networks: Collection[Network] = ()) -> bool:
    """Tell whether recordings may be fetched from an address."""
    addresses = {address, *_unwrap(address)}
    return all(_is_public(each) or _is_listed(each, networks) for each in addresses) or _is_listed(
        address, networks
    )


def _unwrap(address: Address) -> list[Address]:
    """Return the addresses to which one of IPv6 leads on in the end."""
    if isinstance(address, IPv4Address):
        return []
    found: list[Address] = [each for each in (address.ipv4_mapped, address.sixtofour) if each]
    if address.teredo:
        found += address.teredo
    if address in _WELL_KNOWN_NAT64:
        found.append(IPv4Address(int(address) & 0xFFFF_FFFF))
    return found


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and (address.ipv4_mapped or address in _WELL_KNOWN_NAT64):
        return True  # It is what is within that counts.
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in each for each in _REFUSED)
    )


def _is_listed(address: Address, networks: Collection[Network]) -> bool:
    return any(address in each for each in networks)
