"""Writes kubeconfig files: self-contained, so that one path is all a client needs."""

from __future__ import annotations

import base64
import json

from cluster.certificates import KeyPair


def kubeconfig(server: str, authority: bytes, user: str, identity: KeyPair | str) -> str:
    """Returns a kubeconfig of one cluster and one user, as JSON (which is YAML too).

    Who that is, a certificate says, or a token.
    """

    def encoded(pem: bytes) -> str:
        return base64.b64encode(pem).decode()

    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "waas-test",
                    "cluster": {
                        "server": server,
                        "certificate-authority-data": encoded(authority),
                    },
                }
            ],
            "users": [
                {
                    "name": user,
                    "user": {"token": identity}
                    if isinstance(identity, str)
                    else {
                        "client-certificate-data": encoded(identity.certificate),
                        "client-key-data": encoded(identity.key),
                    },
                }
            ],
            "contexts": [
                {
                    "name": "waas-test",
                    "context": {"cluster": "waas-test", "user": user, "namespace": "default"},
                }
            ],
            "current-context": "waas-test",
        },
        indent=2,
    )
