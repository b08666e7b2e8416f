"""A Kubernetes client for tests: paths and JSON, as `kubectl get --raw` speaks them."""

import base64
import json
import ssl
import tempfile
from pathlib import Path
from typing import Any

import httpx

from support.waiting import wait_until
from waas_contract.transcription_job import (
    API_VERSION,
    GROUP,
    KIND,
    PLURAL,
    VERSION,
)

Resource = dict[str, Any]

MERGE_PATCH = "application/merge-patch+json"


class Refusal(Exception):
    """The API server's no, with its message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class KubernetesApi:
    """Requests as one user of a cluster."""

    def __init__(self, kubeconfig: Path) -> None:
        content = json.loads(kubeconfig.read_text())
        cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        context = ssl.create_default_context(cadata=authority)
        with tempfile.NamedTemporaryFile() as pair:
            for part in ("client-certificate-data", "client-key-data"):
                pair.write(base64.b64decode(user[part]))
            pair.flush()
            context.load_cert_chain(pair.name)
        self._client = httpx.Client(base_url=cluster["server"], verify=context, timeout=120)

    @property
    def port(self) -> int:
        """Where the API server itself listens, whatever port its Service has."""
        port = self._client.base_url.port
        assert port is not None
        return port

    def close(self) -> None:
        self._client.close()

    def request(
        self,
        method: str,
        path: str,
        body: Resource | None = None,
        *,
        content_type: str = "application/json",
        query: dict[str, str] | None = None,
    ) -> Resource:
        content = json.dumps(body) if body is not None else None
        response = self._client.request(
            method, path, content=content, params=query, headers={"Content-Type": content_type}
        )
        if response.is_error:
            # An API server that starts or ends may say so in words.
            raise Refusal(response.status_code, _message_of(response))
        answer: Resource = response.json()
        return answer

    def get(self, path: str, **query: str) -> Resource:
        return self.request("GET", path, query=query)

    def find(self, path: str) -> Resource | None:
        try:
            return self.get(path)
        except Refusal as refusal:
            if refusal.status == 404:
                return None
            raise

    def items(self, path: str, **query: str) -> list[Resource]:
        found: list[Resource] = self.get(path, **query)["items"]
        return found

    def create(self, path: str, body: Resource) -> Resource:
        return self.request("POST", path, body)

    def create_namespace(self, metadata: Resource) -> None:
        """Make a namespace that takes pods: its ServiceAccount comes a moment later."""
        self.create("/api/v1/namespaces", {"metadata": metadata})
        account = f"/api/v1/namespaces/{metadata['name']}/serviceaccounts/default"
        wait_until(lambda: self.find(account) is not None, "the namespace takes pods")

    def merge(self, path: str, body: Resource) -> Resource:
        return self.request("PATCH", path, body, content_type=MERGE_PATCH)

    def delete(self, path: str) -> None:
        self.request("DELETE", path)


def _message_of(response: httpx.Response) -> str:
    try:
        answer: Resource = response.json()
    except ValueError:
        return response.text
    return str(answer.get("message", ""))


def transcription_jobs_path(namespace: str, name: str = "") -> str:
    return f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{PLURAL}/{name}".rstrip("/")


def jobs_path(namespace: str, name: str = "") -> str:
    return f"/apis/batch/v1/namespaces/{namespace}/jobs/{name}".rstrip("/")


def pods_path(namespace: str, name: str = "") -> str:
    return f"/api/v1/namespaces/{namespace}/pods/{name}".rstrip("/")


def secrets_path(namespace: str, name: str = "") -> str:
    return f"/api/v1/namespaces/{namespace}/secrets/{name}".rstrip("/")


def transcription_job_resource(name: str, **spec: Any) -> Resource:
    """Return a TranscriptionJob as a person would write it."""
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": name}, "spec": spec}
