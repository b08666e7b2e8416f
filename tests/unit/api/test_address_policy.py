"""From which addresses recordings may be fetched."""

from ipaddress import ip_address, ip_network

import pytest

from waas_api.intake.address_policy import is_allowed, parse_address

REFUSED = [
    ("this machine", "127.0.0.1"),
    ("this machine by another number", "127.8.8.8"),
    ("this machine in IPv6", "::1"),
    ("no address at all", "0.0.0.0"),
    ("no address at all in IPv6", "::"),
    ("private, 10", "10.0.0.1"),
    ("private, 172", "172.31.255.255"),
    ("private, 192", "192.168.1.1"),
    ("unique local in IPv6", "fd12:3456::1"),
    ("link-local", "169.254.0.1"),
    ("link-local in IPv6", "fe80::1"),
    ("site-local, of old", "fec0::1"),
    ("metadata of most clouds", "169.254.169.254"),
    ("metadata of Amazon in IPv6", "fd00:ec2::254"),
    ("metadata of Alibaba", "100.100.100.200"),
    ("metadata of Oracle", "192.0.0.192"),
    ("Azure's platform", "168.63.129.16"),
    ("shared by a provider", "100.64.0.1"),
    ("multicast", "224.0.0.1"),
    ("multicast in IPv6", "ff02::1"),
    ("multicast in IPv6, global", "ff0e::1"),
    ("reserved", "240.0.0.1"),
    ("broadcast", "255.255.255.255"),
    ("documentation", "192.0.2.1"),
    ("benchmarks", "198.18.0.1"),
    ("mapped loopback", "::ffff:127.0.0.1"),
    ("mapped metadata", "::ffff:169.254.169.254"),
    ("compatible loopback", "::127.0.0.1"),
    ("6to4 of a private address", "2002:a00:1::1"),
    ("6to4 of loopback", "2002:7f00:1::"),
    ("NAT64 of loopback", "64:ff9b::7f00:1"),
    ("NAT64 of metadata", "64:ff9b::a9fe:a9fe"),
    ("NAT64 of a network's own", "64:ff9b:1::808:808"),
    ("Teredo with a private client", "2001:0:4136:e378:8000:63bf:f5ff:fffe"),
]
ALLOWED = [
    ("public", "93.184.215.14"),
    ("public in IPv6", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"),
    ("mapped public", "::ffff:93.184.215.14"),
    ("NAT64 of a public one", "64:ff9b::5db8:d70e"),
]


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in REFUSED])
def test_what_is_not_the_public_internet_is_refused(text: str) -> None:
    assert not is_allowed(ip_address(text))


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in ALLOWED])
def test_the_public_internet_is_allowed(text: str) -> None:
    assert is_allowed(ip_address(text))


def test_networks_that_an_administrator_lists_are_allowed() -> None:
    listed = (ip_network("10.1.0.0/16"), ip_network("fd12::/16"))

    allowed = ["10.1.2.3", "fd12::5", "::ffff:10.1.2.3", "64:ff9b::a01:203", "93.184.215.14"]
    assert all(is_allowed(ip_address(each), listed) for each in allowed)
    assert not any(is_allowed(ip_address(each), listed) for each in ("10.2.0.1", "fd13::1"))


@pytest.mark.parametrize(
    ("text", "is_address"),
    [("fe80::1%eth0", True), ("127.0.0.1", True), ("127.1", False), ("2130706433", False)],
)
def test_names_are_told_from_addresses(text: str, is_address: bool) -> None:
    assert (parse_address(text) is not None) is is_address
