from __future__ import annotations

import json
from pathlib import Path

import pytest

from cluster.node.network import bridge_commands, firewall, in_our_ranges, is_closed, remove_rule


def test_the_bridge_has_the_addresses_of_node_and_gateway_and_the_way_to_services() -> None:
    assert [" ".join(command) for command in bridge_commands()] == [
        "link add waas0 address 0a:58:0a:f4:ff:01 type bridge nf_call_iptables 1",
        "address add 10.244.255.1/32 dev waas0",
        "address add 10.244.0.1/24 dev waas0",
        "link set waas0 up",
        "route add 10.96.0.0/16 dev waas0 src 10.244.255.1",
    ]


def test_the_firewall_keeps_pods_and_the_world_outside_apart() -> None:
    assert [line.strip() for line in firewall().splitlines()] == [
        "table inet waas-node {",
        "chain input {",
        "type filter hook input priority filter - 10; policy accept;",
        'iifname != { "lo", "waas0" } ip daddr { 10.244.0.0/16, 10.96.0.0/16 } drop',
        "}",
        "chain forward {",
        "type filter hook forward priority filter - 10; policy accept;",
        'iifname "waas0" oifname != "waas0" reject',
        'iifname != "waas0" oifname "waas0" drop',
        "}",
        "}",
    ]


def address(link: str, local: str, length: int) -> str:
    found = {"family": "inet", "local": local, "prefixlen": length}
    linked = {"family": "inet6", "local": "fe80::1", "prefixlen": 64}
    return json.dumps([{}, {"ifname": link, "addr_info": [found, linked]}])


@pytest.mark.parametrize(
    ("addresses", "routes", "taken"),
    [
        pytest.param(
            address("cni0", "10.244.3.1", 24), [], "the address 10.244.3.1/24 of cni0", id="pods"
        ),
        pytest.param(
            address("eth0", "10.1.2.3", 8),
            [],
            "the address 10.1.2.3/8 of eth0",
            id="a wide network",
        ),
        pytest.param(
            "[]",
            [{"dst": "10.96.7.7", "dev": "tun0"}],
            "the route 10.96.7.7 of tun0",
            id="a route to one of the Services",
        ),
        pytest.param(
            "[]",
            [{"type": "blackhole", "dst": "10.244.0.0/16"}],
            "the route 10.244.0.0/16 of this machine",
            id="a route to nowhere",
        ),
    ],
)
def test_addresses_and_routes_in_our_ranges_are_told(
    addresses: str, routes: list[dict[str, str]], taken: str
) -> None:
    told = f"{taken}, in the ranges of a node (10.244.0.0/16 and 10.96.0.0/16),"
    assert in_our_ranges(addresses, json.dumps(routes)) == told


@pytest.mark.parametrize(
    ("addresses", "routes"),
    [
        pytest.param(address("waas0", "10.244.0.1", 24), [], id="our bridge's"),
        pytest.param("[]", [{"dst": "10.96.0.0/16", "dev": "waas0"}], id="the way to Services"),
        pytest.param(
            address("eth0", "192.0.2.2", 24),
            [{"dst": "default", "dev": "eth0"}, {"dst": "192.0.2.0/24", "dev": "eth0"}],
            id="any other machine's",
        ),
        pytest.param("[]", [{"dst": "0.0.0.0/1", "dev": "tun0"}], id="half of a VPN's default"),
    ],
)
def test_what_is_ours_or_elsewhere_is_no_hindrance(
    addresses: str, routes: list[dict[str, str]]
) -> None:
    assert in_our_ranges(addresses, json.dumps(routes)) is None


@pytest.mark.parametrize(
    ("rules", "closed"),
    [
        pytest.param(["-P FORWARD ACCEPT"], False, id="open"),
        pytest.param(["-P FORWARD DROP", "-A FORWARD -j DOCKER-USER"], True, id="closed"),
        pytest.param([], False, id="no rules to be had"),
    ],
)
def test_packets_pass_through_unless_a_rule_says_otherwise(rules: list[str], closed: bool) -> None:
    assert is_closed(rules) is closed


def test_an_iptables_that_can_not_list_is_passed_over() -> None:
    remove_rule({"iptables": Path("/bin/false")})
    remove_rule({})
