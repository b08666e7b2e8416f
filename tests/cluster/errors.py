"""What can go wrong with a test cluster.

ClusterError
├── BinaryUnavailable   a server's binary is neither here nor to be had
├── BuildFailed         a server's binary should have been built, and was not
├── PackagesUnavailable the distribution's packages are not to be had, or not to be installed
├── NodeUnavailable     this machine, or what now runs on it, has no room for a node
├── ImageNotLoaded      an image did not get into the node
└── StartFailed         a server exited or never became ready
    └── PortTaken       ... because another program took its port first
"""

from __future__ import annotations


class ClusterError(Exception):
    """A test cluster can't do what was asked; the message says what to do about it."""


class BinaryUnavailable(ClusterError):
    """A server's binary is neither here nor to be had."""


class BuildFailed(ClusterError):
    """A server's binary should have been built, and was not."""


class PackagesUnavailable(ClusterError):
    """Packages of the distribution are not to be had, or not to be installed."""


class NodeUnavailable(ClusterError):
    """This machine, or what now runs on it, has no room for a node; the message says why."""


class ImageNotLoaded(ClusterError):
    """An image did not get into the node."""


class StartFailed(ClusterError):
    """A server exited or never became ready; the message ends with its last log lines."""


class PortTaken(StartFailed):
    """Another program took the port between our look and the server's bind."""
