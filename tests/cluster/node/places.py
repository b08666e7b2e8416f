"""Where the node lies on its machine: addresses, ranges and folders, all of them fixed.

Fixed, since a machine has room for one node: kube-proxy keeps its rules in tables of one name.
What goes by these names is therefore ours, whichever run made it.
"""

from __future__ import annotations

from pathlib import Path

from cluster.servers import SERVICE_ADDRESSES as SERVICE_ADDRESSES

NAME = "waas-node"

# The bridge to which every pod is attached. The node's address lies on it too: the kubelet refuses
# a loopback address, and an outside interface's would show the servers to the network.
BRIDGE = "waas0"
ADDRESS = "10.244.255.1"
POD_ADDRESSES = "10.244.0.0/24"
POD_GATEWAY = "10.244.0.1"
# Pods and node.
CLUSTER_ADDRESSES = "10.244.0.0/16"
# The Service of the cluster's DNS.
DNS_ADDRESS = "10.96.0.10"

# The table with our own packet filter rules.
FIREWALL = "waas-node"
# The cgroup, in every hierarchy, below which all containers run.
CGROUP = "waas-node"

# A folder with a short path, for a Unix socket's has room for 108 bytes.
STATE = Path("/run/waas-node")
SOCKET = STATE / "containerd.sock"

# Where the programs of the node are; a user's PATH may lack the `sbin` folders.
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
