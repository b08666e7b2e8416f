"""Remembers the kernel settings that a node changes, and puts them back."""

from __future__ import annotations

import json
from pathlib import Path

from cluster.node import places

# The kubelet sets these, or would refuse to start.
_SET_BY_KUBELET = (
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
)
# We set this one: from a pod to another by a Service, packets go through the bridge's own address.
_FORWARDING = "net/ipv4/ip_forward"

_SETTINGS = Path("/proc/sys")
_REMEMBERED = places.STATE / "kernel-settings.json"


def remember() -> None:
    """Writes down the settings as they are without a node."""
    values = {
        name: (_SETTINGS / name).read_text()
        for name in (*_SET_BY_KUBELET, _FORWARDING)
        if (_SETTINGS / name).exists()
    }
    _REMEMBERED.write_text(json.dumps(values))


def forward() -> None:
    """Lets the kernel pass packets on; the firewall sees to it that these are the pods' only."""
    (_SETTINGS / _FORWARDING).write_text("1")


def restore() -> None:
    """Puts the remembered settings back, where some are remembered."""
    try:
        values = json.loads(_REMEMBERED.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        # A crash came before, or in the middle of, the writing: nothing was changed yet.
        return
    for name, value in values.items():
        if (_SETTINGS / name).read_text() != value:
            (_SETTINGS / name).write_text(value)
