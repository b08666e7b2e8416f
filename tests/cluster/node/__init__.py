"""A node beside the control plane: a Linux machine's own containerd and kubelet, run as root.

From the bottom up:

    places            addresses, names and folders, all fixed: a machine has room for one node
    configurations    the configuration file of each server, pure
    node_servers      the command line of each server, pure
    manifests         the resources that a node comes with, pure
    programs          what must be installed, and how
    claim             which run has the node
    requirements      why this machine can't have one
    policies          what NetworkPolicies become in the packet filter
    network           bridge and firewall
    cgroups           where all containers run, and end
    kernel_settings   what the kernel was told otherwise before
    image_store       brings images into containerd
    image_room        is there disk for them?
    clearing          removes all of it, after a crash too
    running           starts it
"""

from cluster.node.running import Node as Node
