"""Real servers for tests: a Kubernetes control plane, a MinIO, and a node where one is wanted.

`python -m cluster up|down|status|env|build|gpu` is for people, `cluster.fixtures` for pytest, and
both run the same code. From the bottom up:

    binaries/         where each server's binary comes from: this machine, a download, a Go build
    certificates      the CA and the certificates that it signs
    kubeconfig        who a client is, as a file
    run_folder        what one run keeps on disk: ports, processes, credentials
    processes         start, recognise and stop a server process
    probes            ask a server over HTTP(S) whether it is ready
    control_plane     etcd, kube-apiserver, kube-controller-manager, kube-scheduler
    minio_server      the S3 store
    node/             containerd, kubelet, kube-proxy, CoreDNS, kube-router: pods that run, as root
    ending            stops and deletes all of a run
    watchdog          ends a run whose owner died
    lifecycle         up, down and status of all of it
"""
