from __future__ import annotations

from cluster.node.network import bridge_commands, firewall


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
