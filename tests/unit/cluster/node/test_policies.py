from __future__ import annotations

from pathlib import Path

import pytest

from cluster.errors import StartFailed
from cluster.node.policies import is_taken, our_chains, our_sets, removal, remove, require_kernel

LISTED = """\
-P INPUT ACCEPT
-P FORWARD DROP
-P OUTPUT ACCEPT
-N DOCKER-USER
-N KUBE-NWPLCY-DEFAULT
-N KUBE-POD-FW-2CA7
-N KUBE-ROUTER-FORWARD
-A FORWARD -m comment --comment "kube-router netpol - TEMC" -j KUBE-ROUTER-FORWARD
-A FORWARD -j DOCKER-USER
-A KUBE-POD-FW-2CA7 -d 10.244.0.7/32 -j KUBE-NWPLCY-DEFAULT
-A KUBE-ROUTER-FORWARD -d 10.244.0.7/32 -j KUBE-POD-FW-2CA7
"""


def test_the_chains_go_after_the_ways_to_them_and_those_of_others_stay() -> None:
    assert removal(LISTED).splitlines() == [
        "*filter",
        ":KUBE-NWPLCY-DEFAULT - [0:0]",
        ":KUBE-POD-FW-2CA7 - [0:0]",
        ":KUBE-ROUTER-FORWARD - [0:0]",
        '-D FORWARD -m comment --comment "kube-router netpol - TEMC" -j KUBE-ROUTER-FORWARD',
        "-X KUBE-NWPLCY-DEFAULT",
        "-X KUBE-POD-FW-2CA7",
        "-X KUBE-ROUTER-FORWARD",
        "COMMIT",
    ]


def test_sets_are_known_by_their_names() -> None:
    listed = "KUBE-SRC-3XZ\nmine\nKUBE-DST-7QU\ninet6:KUBE-SRC-3XZ\n"
    assert our_sets(listed) == ["KUBE-SRC-3XZ", "KUBE-DST-7QU", "inet6:KUBE-SRC-3XZ"]


def test_a_machine_without_kube_router_has_nothing_of_it() -> None:
    assert our_chains("-P INPUT ACCEPT\n-N DOCKER-USER\n") == []


def test_programs_that_are_not_there_or_can_not_list_are_passed_over() -> None:
    for programs in ({}, {"iptables": Path("/bin/false"), "ipset": Path("/bin/false")}):
        assert is_taken(programs) is None
        remove(programs)


def test_a_kernel_without_sets_is_told_of() -> None:
    with pytest.raises(StartFailed, match="the kernel has no ip_set"):
        require_kernel({"ipset": Path("/bin/false")})
