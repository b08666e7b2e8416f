"""Real servers for integration tests: a Kubernetes control plane and a MinIO, no containers.

`python -m cluster up|down|status|env|build` is for people, `cluster.fixtures` for pytest, and both
run the same code. From the bottom up:

    binaries/         where each server's binary comes from: this machine, a download, a Go build
    certificates      the CA and the certificates that it signs
    kubeconfig        who a client is, as a file
    run_folder        what one run keeps on disk: ports, processes, credentials
    processes         start, recognise and stop a server process
    probes            ask a server over HTTP(S) whether it is ready
    control_plane     etcd, kube-apiserver, kube-controller-manager, kube-scheduler
    minio_server      the S3 store
    watchdog          stops a run whose owner died
    lifecycle         up, down and status of all of it
"""
