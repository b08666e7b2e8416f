"""A Kubernetes client that answers as it is told."""

import json
from email.utils import format_datetime
from typing import Any

from kubernetes.aio.client import ApiClient, Configuration

from support.builders import NOW


class Answer:
    def __init__(self, status: int, content: bytes, **headers: str) -> None:
        self.status = status
        self.headers = {"Date": format_datetime(NOW, usegmt=True), **headers}
        self._content = content

    async def read(self) -> bytes:
        return self._content


class ScriptedClient(ApiClient):
    """Notes requests and gives the answers of a script; an exception is raised."""

    def __init__(self, *script: Answer | Exception) -> None:
        super().__init__(Configuration(host="https://kubernetes.example"))
        self.script = list(script)
        self.requests: list[tuple[Any, ...]] = []

    async def call_api(self, *request: Any, **_: Any) -> Any:
        self.requests.append(request)
        answer = self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def answer(body: object, status: int = 200) -> Answer:
    return Answer(status, json.dumps(body).encode())


def refusal(status: int, message: str = "because") -> Answer:
    return answer({"kind": "Status", "message": message}, status)
