"""Builders for tests of logins: an app that asks for keys, and a Kubernetes that knows people."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from fastapi import FastAPI

from support.api_builders import JOB_ID, NAMESPACE, NOW, make_settings
from support.fake_object_storage import FakeObjectStorage
from support.fake_transcription_jobs import FakeTranscriptionJobs
from waas_api.access.access_reviews import User
from waas_api.access.callers import Permission
from waas_api.api_keys.entries import digest_of
from waas_api.app import create_app
from waas_api.errors import ClusterError

OTHER_NAMESPACE = "team-b"
LINK_SECRET = "a secret of more than 32 characters"


def make_key(owner: str, number: int = 0) -> str:
    """Return a key as anybody could have it, the same each time."""
    return f"waas_{owner}-{number:040d}"


def make_entry(owner: str, **changes: object) -> dict[str, object]:
    """Return the entry of an owner's key."""
    given: dict[str, object] = {
        "id": f"{owner}-0",
        "hash": digest_of(make_key(owner)),
        "namespace": NAMESPACE,
        "owner": owner,
        "permissions": ["read", "create", "change", "delete"],
    }
    return given | changes


EVERYBODY = (
    make_entry("anna"),
    make_entry("bo"),
    make_entry("reader", permissions=["read"]),
    make_entry("boss", permissions=list(Permission)),
    make_entry("stranger", namespace=OTHER_NAMESPACE, permissions=list(Permission)),
)


def bearer(owner: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {make_key(owner)}"}


@dataclass
class GuardedApi:
    """An app on fakes that asks for API keys and serves two tenants."""

    folder: Path
    entries: Sequence[Mapping[str, object]] = EVERYBODY
    changes: Mapping[str, object] = field(default_factory=dict)
    reviews: "FakeAccessReviews | None" = None
    """What Kubernetes knows of people, where its tokens log in."""

    def __post_init__(self) -> None:
        self.key_file = self.folder / "api-keys.yaml"
        self.key_file.write_text(json.dumps(list(self.entries)))
        self.storage = FakeObjectStorage()
        self.tenants = {each: FakeTranscriptionJobs(each) for each in (NAMESPACE, OTHER_NAMESPACE)}
        self.now = NOW
        self.ids = [f"{number:08d}-0000-4000-8000-000000000000" for number in range(100)]
        settings = make_settings(
            # No job of these tests ever ends.
            longest_detection_seconds=1,
            openai_longest_wait_seconds=1,
            namespaces=(NAMESPACE, OTHER_NAMESPACE),
            **{
                "api_keys_file": self.key_file,
                "authentication": "api-keys",
                "link_secret": LINK_SECRET,
                **self.changes,
            },
        )
        self.app: FastAPI = create_app(
            settings,
            object_storage=self.storage,
            transcription_jobs=self.tenants.__getitem__,
            new_id=lambda: self.ids.pop(0),
            now=lambda: self.now,
            create_backoff_seconds=(0.0,),
            access_reviews=self.reviews,
        )

    @property
    def jobs(self) -> FakeTranscriptionJobs:
        return self.tenants[NAMESPACE]

    async def request(
        self,
        method: str,
        path: str,
        *,
        owner: str | None = None,
        content: bytes | AsyncIterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        login = bearer(owner) if owner else {}
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            return await client.request(
                method, path, content=content, headers={**login, **(headers or {})}
            )


@dataclass
class FakeAccessReviews:
    """Knows people by their tokens, and what each may do as (verb, namespace)."""

    users: dict[str, User] = field(default_factory=dict)
    allowed: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    error: ClusterError | None = None
    questions: list[str] = field(default_factory=list)
    """Names and verbs in the order in which they were asked for."""

    def let(self, name: str, *verbs: str, namespace: str = NAMESPACE) -> str:
        """Know somebody who may do that; returns their token."""
        self.users[f"token of {name}"] = User(name)
        self.allowed.setdefault(name, set()).update((verb, namespace) for verb in verbs)
        return f"token of {name}"

    async def identify(self, token: str, audiences: Sequence[str]) -> User | None:
        assert audiences == ("waas",)
        self.questions.append(token)
        if self.error is not None:
            raise self.error
        return self.users.get(token)

    async def may(self, user: User, verb: str, namespace: str) -> bool:
        self.questions.append(verb)
        if self.error is not None:
            raise self.error
        return (verb, namespace) in self.allowed[user.name]


def job_path(job_id: str = JOB_ID) -> str:
    return f"/v2/jobs/{job_id}"
