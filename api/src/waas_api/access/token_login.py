"""Lets in whom Kubernetes knows by a bearer token, as far as its authorizer lets them.

So RBAC on transcriptionjobs is the permission model. An answer is kept for some seconds: so long a
permission that was taken away, or a token that was revoked, still works.
"""

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from waas_api.access.access_reviews import AccessReviews, User
from waas_api.access.callers import Caller, Permission
from waas_api.access.credentials import API_KEY_PREFIX, find_bearer, find_namespace, lacks_login
from waas_api.access.remembered_answers import RememberedAnswers
from waas_api.errors import (
    ApiError,
    AuthenticationUnavailable,
    ClusterError,
    Forbidden,
    JobNotFound,
    Unauthenticated,
)

logger = logging.getLogger(__name__)

VERBS: dict[Permission, tuple[str, ...]] = {
    Permission.READ: ("get", "list", "watch"),
    Permission.CREATE: ("create",),
    Permission.CHANGE: ("patch",),
    Permission.DELETE: ("delete",),
    Permission.MANAGE: ("manage",),
}
"""What somebody must be allowed to do with transcriptionjobs, all of it, for each permission."""

LONGEST_OWNER = 253  # TranscriptionJobSpec.owner
_HASHED_OWNER_PREFIX = "sha256-"
_REFUSAL_SECONDS = 5.0
_MOST_ANSWERS = 10_000
_REVIEWS_AT_ONCE = 16
_NOT_SERVED = ""
_NOT_HERE = "You may not use the service in this namespace. Ask your administrator."


@dataclass(frozen=True)
class _Verdict:
    """What is remembered of a token in a namespace: who is let in, or why nobody is."""

    caller: Caller | None
    refusal: type[ApiError] = Unauthenticated


class TokenLogin:
    """Knows callers by the bearer tokens of a cluster."""

    what = "a Kubernetes token as `Authorization: Bearer …`"

    def __init__(
        self,
        reviews: AccessReviews,
        *,
        audiences: Sequence[str],
        namespaces: Collection[str],
        default_namespace: str,
        longest_age_seconds: float,
        most_answers: int = _MOST_ANSWERS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reviews = reviews
        self._audiences = audiences
        self._namespaces = namespaces
        self._default_namespace = default_namespace
        self._longest_age_seconds = longest_age_seconds
        self._answers: RememberedAnswers[_Verdict] = RememberedAnswers(
            most_answers=most_answers,
            kind_of=lambda verdict: verdict.caller is not None,
            monotonic=monotonic,
        )
        # Tokens that somebody makes up must not keep the API server busy.
        self._slots = asyncio.Semaphore(_REVIEWS_AT_ONCE)

    def claims(self, headers: Mapping[str, str], /) -> bool:
        """Tell whether the request brings a token that is no API key."""
        token = find_bearer(headers)
        return token is not None and not token.startswith(API_KEY_PREFIX)

    async def authenticate(self, headers: Mapping[str, str], /) -> Caller:
        """Return whose token it is, with what they may do in the namespace that they ask for."""
        token = find_bearer(headers)
        if token is None:
            raise lacks_login(self.what)
        namespace = find_namespace(headers) or self._default_namespace
        if namespace not in self._namespaces:
            # One answer for all of them: whoever makes names up must not push others' out.
            namespace = _NOT_SERVED
        key = hashlib.sha256(f"{namespace}\n{token}".encode()).digest()
        try:
            verdict = await self._answers.get(key, lambda: self._judge(token, namespace))
        except (ClusterError, JobNotFound) as error:
            logger.error("a token cannot be checked: %s", error)
            raise AuthenticationUnavailable(
                "Kubernetes cannot be asked just now whose token this is. Try again in a moment."
            ) from error
        if verdict.caller is not None:
            return verdict.caller
        if verdict.refusal is Forbidden:
            raise Forbidden(_NOT_HERE)
        raise Unauthenticated(
            "Kubernetes does not know this token, or it has expired, or it is not meant for "
            f"{' or '.join(self._audiences)}. Get a new one."
        )

    async def _judge(self, token: str, namespace: str) -> tuple[_Verdict, float]:
        async with self._slots:
            user = await self._reviews.identify(token, self._audiences)
            if user is None:
                return _Verdict(None), _REFUSAL_SECONDS
            permissions: frozenset[Permission] = frozenset()
            # Of namespaces that are not served nobody learns whether they are there.
            if namespace != _NOT_SERVED:
                permissions = await self._find_permissions(user, namespace)
        if not permissions:
            return _Verdict(None, Forbidden), _REFUSAL_SECONDS
        return _Verdict(Caller(namespace, owner_of(user), permissions)), self._longest_age_seconds

    async def _find_permissions(self, user: User, namespace: str) -> frozenset[Permission]:
        verbs = [verb for needed in VERBS.values() for verb in needed]
        answers = await asyncio.gather(
            *(self._reviews.may(user, verb, namespace) for verb in verbs)
        )
        allowed = {verb for verb, is_allowed in zip(verbs, answers, strict=True) if is_allowed}
        return frozenset(each for each, needed in VERBS.items() if allowed.issuperset(needed))


def owner_of(user: User) -> str:
    """Return the owner of a user's jobs: their name, or its digest where no field has room for it.

    A name that looks like a digest becomes one itself, so that nobody can choose another's.
    """
    if len(user.name) <= LONGEST_OWNER and not user.name.startswith(_HASHED_OWNER_PREFIX):
        return user.name
    return f"{_HASHED_OWNER_PREFIX}{hashlib.sha256(user.name.encode()).hexdigest()}"
