"""Logins by tokens of a real API server: its RBAC decides, for as long as its answer is good."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from support.kubernetes_api import KubernetesApi, Resource, transcription_jobs_path
from support.service import API_RULES, REVIEW_RULES, Tenant, running_api
from support.waiting import wait_until
from waas_api.access.access_reviews import User
from waas_api.errors import ClusterRefused
from waas_api.kubernetes.access import KubernetesAccessReviews
from waas_api.kubernetes.connection import KubernetesConnection
from waas_contract.transcription_job import GROUP, PLURAL

pytestmark = pytest.mark.integration

RBAC = "/apis/rbac.authorization.k8s.io/v1"
USER = ("get", "list", "watch", "create", "patch", "delete")
CACHE_SECONDS = 10


@dataclass(frozen=True)
class People:
    """Those who have a ServiceAccount in a namespace, as an administrator makes them."""

    api: KubernetesApi
    namespace: str

    def add(self, name: str, *verbs: str) -> str:
        """Make somebody who may do that; returns their token."""
        path = f"/api/v1/namespaces/{self.namespace}/serviceaccounts"
        self.api.create(path, {"metadata": {"name": name}})
        if verbs:
            self.allow(name, *verbs)
        return self.token(name, "waas")

    def token(self, name: str, *audiences: str) -> str:
        path = f"/api/v1/namespaces/{self.namespace}/serviceaccounts/{name}/token"
        spec = {"audiences": list(audiences), "expirationSeconds": 600}
        answer = self.api.create(
            path, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        )
        token: str = answer["status"]["token"]
        return token

    def allow(self, name: str, *verbs: str) -> None:
        rule = {"apiGroups": [GROUP], "resources": [PLURAL], "verbs": list(verbs)}
        path = f"{RBAC}/namespaces/{self.namespace}"
        self.api.create(f"{path}/roles", {"metadata": {"name": name}, "rules": [rule]})
        self.api.create(
            f"{path}/rolebindings",
            {
                "metadata": {"name": name},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
                "subjects": [self._subject(name)],
            },
        )

    def forbid(self, name: str) -> None:
        self.api.delete(f"{RBAC}/namespaces/{self.namespace}/rolebindings/{name}")

    def remove(self, name: str) -> None:
        self.api.delete(f"/api/v1/namespaces/{self.namespace}/serviceaccounts/{name}")

    def _subject(self, name: str) -> Resource:
        return {"kind": "ServiceAccount", "name": name, "namespace": self.namespace}


def bind_in_cluster(api: KubernetesApi, name: str, user: str) -> None:
    """Give the api's user what the chart's ClusterRole gives it."""
    api.create(f"{RBAC}/clusterroles", {"metadata": {"name": name}, "rules": REVIEW_RULES})
    api.create(
        f"{RBAC}/clusterrolebindings",
        {
            "metadata": {"name": name},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": name,
            },
            "subjects": [{"kind": "User", "name": user}],
        },
    )


@pytest.fixture
def people(tenant: Tenant) -> People:
    return People(tenant.api, tenant.namespace)


@pytest.fixture
def reviewing(tenant: Tenant) -> Iterator[str]:
    """A user who may do what the chart lets the api do: its name without the namespace."""
    name = f"reviews-{tenant.namespace}"
    bind_in_cluster(tenant.api, name, f"waas-api-{tenant.namespace}")
    yield "waas-api"
    tenant.api.delete(f"{RBAC}/clusterrolebindings/{name}")
    tenant.api.delete(f"{RBAC}/clusterroles/{name}")


@pytest.fixture
def rest(tenant: Tenant, reviewing: str, tmp_path: Path) -> Iterator[httpx.Client]:  # noqa: ARG001
    with running_api(
        tenant,
        tmp_path,
        WAAS_AUTHENTICATION="kubernetes",
        WAAS_ACCESS_CACHE_SECONDS=str(CACHE_SECONDS),
    ) as client:
        yield client


def ask(rest: httpx.Client, method: str, path: str, token: str, **headers: str) -> httpx.Response:
    content = b"sound" if method == "POST" else None
    return rest.request(
        method, path, content=content, headers={"Authorization": f"Bearer {token}", **headers}
    )


def test_rbac_is_the_permission_model(rest: httpx.Client, people: People) -> None:
    anna, bo, boss = (
        people.add(name, *verbs)
        for name, verbs in (("anna", USER), ("bo", USER), ("boss", (*USER, "manage")))
    )
    viewer, nobody = people.add("viewer", "get", "list", "watch"), people.add("nobody")

    made = ask(rest, "POST", "/v2/jobs", anna)
    path = made.headers["location"]

    resource = people.api.get(transcription_jobs_path(people.namespace, made.json()["id"]))
    assert resource["spec"]["owner"] == f"system:serviceaccount:{people.namespace}:anna"
    assert ask(rest, "GET", path, anna).status_code == 200
    assert ask(rest, "GET", path, boss).status_code == 200
    assert ask(rest, "GET", path, bo).status_code == 404
    assert ask(rest, "GET", path, viewer).status_code == 404
    assert ask(rest, "POST", "/v2/jobs", viewer).status_code == 403
    assert ask(rest, "GET", "/v2/jobs", nobody).status_code == 403
    assert ask(rest, "GET", "/v2/jobs", "no.such.token").status_code == 401
    assert rest.get("/v2/jobs").status_code == 401


def test_a_token_for_somebody_else_is_of_no_use_here(rest: httpx.Client, people: People) -> None:
    people.add("anna", *USER)

    for audiences in ((), ("vault",)):
        answer = ask(rest, "GET", "/v2/jobs", people.token("anna", *audiences))
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="waas"'


def test_a_namespace_that_is_not_served_is_refused_whatever_rbac_says(
    rest: httpx.Client, people: People
) -> None:
    boss = people.add("boss", *USER)

    answer = ask(rest, "GET", "/v2/jobs", boss, **{"X-Waas-Namespace": "default"})

    assert answer.status_code == 403


def revoke_rights(people: People) -> None:
    people.forbid("anna")


def revoke_account(people: People) -> None:
    people.remove("anna")


@pytest.mark.parametrize(
    ("revoke", "status"),
    [pytest.param(revoke_rights, 403, id="rights"), pytest.param(revoke_account, 401, id="token")],
)
def test_a_revocation_is_seen_within_the_cache_time(
    rest: httpx.Client, people: People, revoke: Callable[[People], None], status: int
) -> None:
    anna = people.add("anna", *USER)
    assert ask(rest, "GET", "/v2/jobs", anna).status_code == 200

    revoke(people)

    def is_refused() -> bool:
        return ask(rest, "GET", "/v2/jobs", anna).status_code == status

    # The API server's own caches of tokens and rights add some seconds.
    wait_until(is_refused, "the token is refused", timeout_seconds=CACHE_SECONDS + 60)


async def test_the_api_asks_with_no_more_rights_than_it_has(
    tenant: Tenant, people: People, reviewing: str
) -> None:
    token = people.add("anna", "get")
    kubeconfig = tenant.grant(reviewing, API_RULES)
    async with KubernetesConnection(kubeconfig=kubeconfig, timeout_seconds=10) as connection:
        reviews = KubernetesAccessReviews(connection)
        user = await reviews.identify(token, ("waas",))
        assert user is not None
        assert user.name == f"system:serviceaccount:{tenant.namespace}:anna"
        assert await reviews.may(user, "get", tenant.namespace)
        assert not await reviews.may(user, "delete", tenant.namespace)
        assert not await reviews.may(user, "get", "default")
        assert await reviews.identify(token, ("vault",)) is None
        assert await reviews.identify("nonsense", ("waas",)) is None


async def test_without_the_right_to_ask_nobody_is_let_in(tenant: Tenant) -> None:
    kubeconfig = tenant.grant("stranger", API_RULES)
    async with KubernetesConnection(kubeconfig=kubeconfig, timeout_seconds=10) as connection:
        reviews = KubernetesAccessReviews(connection)
        with pytest.raises(ClusterRefused):
            await reviews.identify("token", ("waas",))
        with pytest.raises(ClusterRefused):
            await reviews.may(User("anna"), "get", tenant.namespace)
