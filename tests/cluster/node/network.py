"""The node's network: a bridge with the node's address, the way to Services, and a firewall."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from cluster.errors import StartFailed
from cluster.node import places

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
    for command in bridge_commands():
        _run(programs["ip"], *command)
    _run(programs["nft"], "-f", "-", stdin=firewall())
    if "iptables" in programs and _is_closed(_run(programs["iptables"], "-S", "FORWARD")):
        _run(programs["iptables"], "-I", "FORWARD", *_PASS)


def _is_closed(listed: str) -> bool:
    return not listed.startswith("-P FORWARD ACCEPT")


def take_down(programs: Programs) -> None:
    """Removes what there is of bridge, pods' links, tables and rules."""
    if "iptables" in programs:
        present = _run(programs["iptables"], "-S", "FORWARD").splitlines()
        for _ in range(present.count(f"-A FORWARD {' '.join(_PASS)}")):
            _run(programs["iptables"], "-D", "FORWARD", *_PASS)
    for table in _present_tables(programs):
        _run(programs["nft"], "delete", "table", *table)
    for link in _present_links(programs):
        # A pod's goes by itself, sooner or later, once nothing runs in its network namespace.
        _run(programs["ip"], "link", "delete", link, may_fail=link != places.BRIDGE)


def is_taken(programs: Programs) -> str | None:
    """Tells what of this machine's network has a name that the node's would have."""
    if places.BRIDGE in _present_links(programs):
        return f"the network interface {places.BRIDGE}"
    if tables := _present_tables(programs):
        return f"the nftables table `{' '.join(tables[0])}`"
    return None


def _present_tables(programs: Programs) -> list[Command]:
    return our_tables(_run(programs["nft"], "-j", "list", "tables"))


def _present_links(programs: Programs) -> list[str]:
    return our_links(_run(programs["ip"], "-j", "link", "show"))


def _run(program: Path, *words: str, stdin: str = "", may_fail: bool = False) -> str:
    done = subprocess.run(
        [program, *words],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": places.SEARCH_PATH},
    )
    if done.returncode != 0 and not may_fail:
        raise StartFailed(f"`{program.name} {' '.join(words)}` failed: {done.stderr.strip()}")
    return done.stdout
