"""The node's network: a bridge with the node's address, the way to Services, and a firewall."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path

from cluster.errors import StartFailed
from cluster.node import places, policies
from cluster.node.programs import run

Programs = Mapping[str, Path]
Command = tuple[str, ...]

# Locally administered, and then the node's address.
_HARDWARE_ADDRESS = "0a:58:0a:f4:ff:01"
# Between pods of one bridge too, packets must pass by the rules that turn a Service's address into
# a pod's, and back.
_FILTERED = ("nf_call_iptables", "1")
_FILTER = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
# Where a container engine closed the way for packets that pass through, pods' need a rule there.
_PASS = ("-i", places.BRIDGE, "-o", places.BRIDGE, "-j", "ACCEPT")
_RANGES = tuple(map(ip_network, (places.CLUSTER_ADDRESSES, places.SERVICE_ADDRESSES)))


def bridge_commands() -> list[Command]:
    """Returns the `ip` commands that make the bridge."""
    bridge = places.BRIDGE
    return [
        # With a hardware address of its own: otherwise it takes those of pods' interfaces, as they
        # come and go, and pods that know the one before don't reach it for seconds.
        ("link", "add", bridge, "address", _HARDWARE_ADDRESS, "type", "bridge", *_FILTERED),
        ("address", "add", f"{places.ADDRESS}/32", "dev", bridge),
        ("address", "add", f"{places.POD_GATEWAY}/24", "dev", bridge),
        ("link", "set", bridge, "up"),
        # Without it this machine would look for Services through its default route, if it has one.
        ("route", "add", places.SERVICE_ADDRESSES, "dev", bridge, "src", places.ADDRESS),
    ]


def firewall() -> str:
    """Returns the rules, for `nft`, that keep pods and the world outside apart, both ways.

    The kernel would take a packet for the node's address from any interface, and pass packets on
    from and to pods for whoever knows the way.
    """
    outside = f'iifname != {{ "lo", "{places.BRIDGE}" }}'
    ours = f"{{ {places.CLUSTER_ADDRESSES}, {places.SERVICE_ADDRESSES} }}"
    return f"""table inet {places.FIREWALL} {{
    chain input {{
        type filter hook input priority filter - 10; policy accept;
        {outside} ip daddr {ours} drop
    }}
    chain forward {{
        type filter hook forward priority filter - 10; policy accept;
        iifname "{places.BRIDGE}" oifname != "{places.BRIDGE}" reject
        iifname != "{places.BRIDGE}" oifname "{places.BRIDGE}" drop
    }}
}}
"""


def our_tables(listed: str) -> list[Command]:
    """Picks the node's tables, by family and name, from what `nft -j list tables` prints."""
    ours = [("inet", places.FIREWALL), ("ip", "kube-proxy"), ("ip6", "kube-proxy")]
    tables = [each["table"] for each in json.loads(listed)["nftables"] if "table" in each]
    present = {(table["family"], table["name"]) for table in tables}
    return [table for table in ours if table in present]


def our_links(listed: str) -> list[str]:
    """Picks the bridge, and what is attached to it, from what `ip -j link show` prints."""
    links = [each for each in json.loads(listed) if each]
    attached = [each["ifname"] for each in links if each.get("master") == places.BRIDGE]
    return attached + [places.BRIDGE for each in links if each["ifname"] == places.BRIDGE]


def set_up(programs: Programs) -> None:
    """Makes the bridge and the rules."""
    if not _FILTER.exists():
        raise StartFailed("the kernel has no br_netfilter, without which pods don't reach Services")
    policies.require_kernel(programs)
    for command in bridge_commands():
        run(programs["ip"], *command)
    run(programs["nft"], "-f", "-", stdin=firewall())
    if is_closed(_present_rules(programs)):
        run(programs["iptables"], "-I", "FORWARD", *_PASS)


def is_closed(rules: list[str]) -> bool:
    """Tells whether packets are kept from passing through, by what `iptables -S FORWARD` prints.

    An iptables that can't list has no rules: its part of the kernel is not there.
    """
    return bool(rules) and rules[0] != "-P FORWARD ACCEPT"


def remove_rule(programs: Programs) -> None:
    """Removes the way for pods' packets that was made where others are kept from passing."""
    for _ in range(_present_rules(programs).count(f"-A FORWARD {' '.join(_PASS)}")):
        run(programs["iptables"], "-D", "FORWARD", *_PASS)


def remove_tables(programs: Programs) -> None:
    """Removes the firewall, and what kube-proxy made of Services."""
    for table in _present_tables(programs):
        run(programs["nft"], "delete", "table", *table)


def remove_links(programs: Programs) -> None:
    """Removes the bridge, and pods' links to it."""
    for link in _present_links(programs):
        # A pod's goes by itself, sooner or later, once nothing runs in its network namespace.
        run(programs["ip"], "link", "delete", link, may_fail=link != places.BRIDGE)


def is_taken(programs: Programs) -> str | None:
    """Tells what of this machine's network has a name, or addresses, that the node's would have."""
    if places.BRIDGE in _present_links(programs):
        return f"the network interface {places.BRIDGE}"
    if tables := _present_tables(programs):
        return f"the nftables table `{' '.join(tables[0])}`"
    if chain := policies.is_taken(programs):
        return chain
    ip = programs["ip"]
    return in_our_ranges(run(ip, "-j", "address"), run(ip, "-j", "route"))


def in_our_ranges(addresses: str, routes: str) -> str | None:
    """Picks an address or a route in the ranges of pods, node and Services, unless on our bridge.

    From what `ip -j address` and `ip -j route` print.
    """
    for what, network, link in (*_addresses(addresses), *_routes(routes)):
        taken = ip_network(network, strict=False)
        # Half of all there is, or more: a default route, as VPNs have it, too.
        is_default = taken.prefixlen <= 1
        if link != places.BRIDGE and not is_default and any(map(taken.overlaps, _RANGES)):
            ranges = " and ".join(map(str, _RANGES))
            return f"the {what} {network} of {link}, in the ranges of a node ({ranges}),"
    return None


def _addresses(listed: str) -> Iterator[tuple[str, str, str]]:
    for link in json.loads(listed):
        for each in link.get("addr_info", []):
            if each.get("family") == "inet":
                yield "address", f"{each['local']}/{each['prefixlen']}", link["ifname"]


def _routes(listed: str) -> Iterator[tuple[str, str, str]]:
    for each in json.loads(listed):
        if each["dst"] != "default":
            # Some lead nowhere, or by several links.
            yield "route", each["dst"], each.get("dev", "this machine")


def _present_rules(programs: Programs) -> list[str]:
    if "iptables" not in programs:
        return []
    return run(programs["iptables"], "-S", "FORWARD", may_fail=True).splitlines()


def _present_tables(programs: Programs) -> list[Command]:
    return our_tables(run(programs["nft"], "-j", "list", "tables"))


def _present_links(programs: Programs) -> list[str]:
    return our_links(run(programs["ip"], "-j", "link", "show"))
