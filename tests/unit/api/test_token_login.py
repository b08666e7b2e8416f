"""Kubernetes tokens: what permissions come of verbs, and how long answers are remembered."""

import asyncio
from collections.abc import Mapping

import pytest

from support.api_builders import NAMESPACE
from support.logins import OTHER_NAMESPACE, FakeAccessReviews, make_key
from waas_api.access.access_reviews import User
from waas_api.access.callers import Permission
from waas_api.access.remembered_answers import RememberedAnswers
from waas_api.access.token_login import TokenLogin, owner_of
from waas_api.errors import (
    AccessError,
    AuthenticationUnavailable,
    ClusterRefused,
    ClusterUnavailable,
    Forbidden,
    Unauthenticated,
)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reviews() -> FakeAccessReviews:
    return FakeAccessReviews()


@pytest.fixture
def login(reviews: FakeAccessReviews, clock: Clock) -> TokenLogin:
    return TokenLogin(
        reviews,
        audiences=("waas",),
        namespaces=(NAMESPACE, OTHER_NAMESPACE),
        default_namespace=NAMESPACE,
        longest_age_seconds=30,
        most_answers=3,
        monotonic=clock,
    )


def sent(token: str, **headers: str) -> Mapping[str, str]:
    return {"authorization": f"Bearer {token}", **headers}


READ = ("get", "list", "watch")
RIGHTS: list[tuple[str, tuple[str, ...], set[Permission]]] = [
    ("who may look", READ, {Permission.READ}),
    ("who may make", ("create",), {Permission.CREATE}),
    ("who may change", ("patch",), {Permission.CHANGE}),
    ("who may delete", ("delete",), {Permission.DELETE}),
    ("who may look in part", ("get", "list", "create"), {Permission.CREATE}),
    ("a manager", (*READ, "manage"), {Permission.READ, Permission.MANAGE}),
    ("everybody's boss", (*READ, "create", "patch", "delete", "manage"), set(Permission)),
]


@pytest.mark.parametrize(
    ("verbs", "permissions"), [pytest.param(*case[1:], id=case[0]) for case in RIGHTS]
)
async def test_verbs_become_permissions(
    login: TokenLogin,
    reviews: FakeAccessReviews,
    verbs: tuple[str, ...],
    permissions: set[Permission],
) -> None:
    caller = await login.authenticate(sent(reviews.let("anna", *verbs)))

    assert (caller.namespace, caller.owner) == (NAMESPACE, "anna")
    assert caller.permissions == permissions


async def test_a_header_chooses_among_the_tenants_that_are_served(
    login: TokenLogin, reviews: FakeAccessReviews
) -> None:
    token = reviews.let("anna", *READ, namespace=OTHER_NAMESPACE)

    caller = await login.authenticate(sent(token, **{"x-waas-namespace": OTHER_NAMESPACE}))

    assert caller.namespace == OTHER_NAMESPACE


REFUSED: list[tuple[str, str, dict[str, str], type[AccessError]]] = [
    ("a token that nobody has", "token of nobody", {}, Unauthenticated),
    ("somebody without rights", "token of bo", {}, Forbidden),
    ("rights in the other tenant alone", "token of cleo", {}, Forbidden),
    (
        "a namespace that is not served, whatever RBAC says",
        "token of dan",
        {"x-waas-namespace": "kube-system"},
        Forbidden,
    ),
    (
        "a namespace that is nowhere",
        "token of dan",
        {"x-waas-namespace": "no such thing"},
        Forbidden,
    ),
]


@pytest.mark.parametrize(
    ("token", "headers", "error"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED]
)
async def test_others_are_refused(
    login: TokenLogin,
    reviews: FakeAccessReviews,
    token: str,
    headers: dict[str, str],
    error: type[AccessError],
) -> None:
    reviews.let("bo")
    reviews.let("cleo", *READ, namespace=OTHER_NAMESPACE)
    reviews.let("dan", *READ, namespace="kube-system")

    with pytest.raises(error) as refused:
        await login.authenticate(sent(token, **headers))

    assert token not in str(refused.value)


async def test_what_is_not_served_is_refused_as_what_is_not_allowed(
    login: TokenLogin, reviews: FakeAccessReviews
) -> None:
    token = reviews.let("bo")
    said = []
    for namespace in (OTHER_NAMESPACE, "no-such-tenant"):
        with pytest.raises(Forbidden) as refused:
            await login.authenticate(sent(token, **{"x-waas-namespace": namespace}))
        said.append(str(refused.value))

    assert said[0] == said[1]


async def test_names_that_somebody_makes_up_are_one_question(
    login: TokenLogin, reviews: FakeAccessReviews
) -> None:
    token = reviews.let("bo", *READ)

    for number in range(10):
        with pytest.raises(Forbidden):
            await login.authenticate(sent(token, **{"x-waas-namespace": f"made-up-{number}"}))

    assert reviews.questions == [token]


async def test_an_answer_is_remembered_for_its_time(
    login: TokenLogin, reviews: FakeAccessReviews, clock: Clock
) -> None:
    token = reviews.let("anna", *READ)
    await login.authenticate(sent(token))
    asked = len(reviews.questions)
    reviews.users.clear()  # revoked

    clock.now += 29.9
    await login.authenticate(sent(token))
    assert len(reviews.questions) == asked
    clock.now += 0.1

    with pytest.raises(Unauthenticated):
        await login.authenticate(sent(token))


async def test_a_refusal_is_remembered_for_a_moment_alone(
    login: TokenLogin, reviews: FakeAccessReviews, clock: Clock
) -> None:
    token = "token of anna"
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            await login.authenticate(sent(token))
    assert reviews.questions == [token]
    reviews.let("anna", *READ)

    clock.now += 5

    assert (await login.authenticate(sent(token))).owner == "anna"


async def test_tokens_that_somebody_makes_up_crowd_out_no_good_one(
    login: TokenLogin, reviews: FakeAccessReviews
) -> None:
    token = reviews.let("anna", *READ)
    await login.authenticate(sent(token))

    for number in range(10):
        with pytest.raises(Unauthenticated):
            await login.authenticate(sent(f"made-up-{number}"))
    await login.authenticate(sent(token))

    assert reviews.questions.count(token) == 1


async def test_many_requests_of_one_token_are_one_question(
    login: TokenLogin, reviews: FakeAccessReviews
) -> None:
    token = reviews.let("anna", *READ)

    callers = await asyncio.gather(*(login.authenticate(sent(token)) for _ in range(20)))

    assert len(set(callers)) == 1
    assert reviews.questions.count(token) == 1


@pytest.mark.parametrize(
    "error",
    [ClusterUnavailable("away"), ClusterRefused("no", is_request_invalid=False)],
    ids=["away", "not allowed to ask"],
)
async def test_no_answer_lets_nobody_in_and_is_not_remembered(
    login: TokenLogin, reviews: FakeAccessReviews, error: ClusterUnavailable | ClusterRefused
) -> None:
    token = reviews.let("anna", *READ)
    reviews.error = error
    with pytest.raises(AuthenticationUnavailable):
        await login.authenticate(sent(token))

    reviews.error = None

    assert (await login.authenticate(sent(token))).owner == "anna"


def test_an_api_key_is_never_asked_about(login: TokenLogin) -> None:
    assert login.claims(sent("eyJh.b.c"))
    assert not login.claims(sent(make_key("anna")))
    assert not login.claims({"x-api-key": "eyJh.b.c"})


LONG = "system:serviceaccount:" + "n" * 253


@pytest.mark.parametrize("name", ["a" * 253, "system:serviceaccount:newsroom:phone", "Åse"])
def test_an_owner_is_the_users_name(name: str) -> None:
    assert owner_of(User(name)) == name


def test_a_name_that_is_too_long_is_one_owner_all_the_same() -> None:
    owners = {owner_of(User(name)) for name in (LONG, LONG + "x")}

    assert len(owners) == 2
    assert all(len(owner) == 71 for owner in owners)
    assert owner_of(User(owner_of(User(LONG)))) not in owners  # who calls themselves so is nobody's


async def test_the_answer_that_was_used_longest_ago_is_forgotten(clock: Clock) -> None:
    answers: RememberedAnswers[bytes] = RememberedAnswers(most_answers=2, monotonic=clock)
    asked: list[bytes] = []

    async def get(key: bytes) -> None:
        async def answer() -> tuple[bytes, float]:
            asked.append(key)
            return key, 10.0

        assert await answers.get(key, answer) == key

    for key in (b"a", b"b", b"a", b"c", b"a", b"b"):
        await get(key)

    assert asked == [b"a", b"b", b"c", b"b"]
    assert len(answers) == 2


async def test_one_who_goes_away_leaves_the_answer_to_the_others(clock: Clock) -> None:
    answers: RememberedAnswers[str] = RememberedAnswers(most_answers=2, monotonic=clock)
    may_answer = asyncio.Event()

    async def answer() -> tuple[str, float]:
        await may_answer.wait()
        return "yes", 10.0

    first, second = (asyncio.create_task(answers.get(b"a", answer)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    may_answer.set()

    assert await second == "yes"
