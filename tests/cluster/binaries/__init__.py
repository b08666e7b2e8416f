"""Where the servers' binaries come from.

pins        which servers, in which versions
versions    what a `--version` prints, and whether that is fit to use
choosing    the decision, without any I/O
machine     what this machine has: files, network, Go
downloads   the official releases
builds      `go build` from the tool modules in `cluster/tools`
obtaining   carries the decision out
"""
