"""What kube-router makes of NetworkPolicies in this machine's packet filter, and how it goes again.

It leaves all of it behind as it ends, so that policies stay in effect meanwhile. Its own cleaning
would take what is not ours, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cluster.errors import StartFailed
from cluster.node.programs import run

Programs = Mapping[str, Path]

_CHAINS = ("KUBE-ROUTER-", "KUBE-NWPLCY-", "KUBE-POD-FW-")
_SETS = ("KUBE-SRC-", "KUBE-DST-")


def our_chains(listed: str) -> list[str]:
    """Picks kube-router's chains from what `iptables -S` prints."""
    made = (line.split()[1] for line in listed.splitlines() if line.startswith("-N "))
    return [chain for chain in made if chain.startswith(_CHAINS)]


def removal(listed: str) -> str:
    """Returns what removes these chains, and the ways to them, for `iptables-restore --noflush`."""
    chains = our_chains(listed)
    # A chain that is named anew is emptied.
    emptied = [f":{chain} - [0:0]" for chain in chains]
    ways = [
        line.replace("-A", "-D", 1)
        for line in listed.splitlines()
        if line.startswith("-A ") and not line.split()[1].startswith(_CHAINS)
        if any(line.endswith(f" -j {chain}") for chain in chains)
    ]
    removed = [f"-X {chain}" for chain in chains]
    return "\n".join(["*filter", *emptied, *ways, *removed, "COMMIT", ""])


def our_sets(listed: str) -> list[str]:
    """Picks kube-router's sets of addresses from what `ipset list -name` prints."""
    return [name for name in listed.split() if name.removeprefix("inet6:").startswith(_SETS)]


def require_kernel(programs: Programs) -> None:
    """Raises StartFailed where the kernel has no sets of addresses."""
    try:
        run(programs["ipset"], "list", "-name")
    except StartFailed as error:
        raise StartFailed(
            f"the kernel has no ip_set, by which NetworkPolicies are put into effect: {error}"
        ) from error


def is_taken(programs: Programs) -> str | None:
    """Tells which chain there is that the node's kube-router would have."""
    chains = our_chains(_present_rules(programs))
    return f"the packet filter's chain {chains[0]}" if chains else None


def remove(programs: Programs) -> None:
    """Removes kube-router's rules, and then the sets that they name."""
    rules = _present_rules(programs)
    if our_chains(rules):
        run(programs["iptables-restore"], "--noflush", stdin=removal(rules))
    if "ipset" in programs:
        for name in our_sets(run(programs["ipset"], "list", "-name", may_fail=True)):
            run(programs["ipset"], "destroy", name)


def _present_rules(programs: Programs) -> str:
    if "iptables" not in programs:
        return ""
    # An iptables that can't list has no rules: its part of the kernel is not there.
    return run(programs["iptables"], "-S", may_fail=True)
