"""Chooses ports on which nothing listens."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack

# Below Linux's range for outgoing connections (from 32768) and Kubernetes' for node ports (from
# 30000): a port from these can't be taken by some client's connection while a test has its
# server stopped, as one that the kernel hands out for port 0 can.
_CANDIDATES = range(20000, 30000)


def free_ports(count: int) -> list[int]:
    """Returns ports of 127.0.0.1 that are free now; who wants one should bind it soon."""
    ports: list[int] = []
    with ExitStack() as held:
        for port in random.sample(_CANDIDATES, len(_CANDIDATES)):
            if len(ports) == count:
                break
            # Held until all are found, so that two callers at once find different ones.
            candidate = held.enter_context(socket.socket())
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
            ports.append(port)
    return ports
