"""Asks an API server who people are and what its authorizer lets them do."""

from collections.abc import Sequence
from typing import Any

from kubernetes.aio import client

from waas_api.access.access_reviews import User
from waas_api.kubernetes.connection import KubernetesConnection
from waas_contract.transcription_job import GROUP, PLURAL


class KubernetesAccessReviews:
    """TokenReviews and SubjectAccessReviews, for which the api needs the right to create them."""

    def __init__(self, connection: KubernetesConnection) -> None:
        self._connection = connection

    async def identify(self, token: str, audiences: Sequence[str]) -> User | None:
        """Return whose token it is."""
        reviewed = await self._ask(
            client.AuthenticationV1Api(self._connection.api_client).create_token_review,
            {
                "apiVersion": "authentication.k8s.io/v1",
                "kind": "TokenReview",
                "spec": {"token": token, "audiences": list(audiences)},
            },
        )
        status = reviewed.status
        # An authenticator that knows no audiences gives none back: such a token was meant for the
        # API server itself.
        if not status.authenticated or not set(status.audiences or ()) & set(audiences):
            return None
        user = status.user
        return User(user.username, user.uid or "", tuple(user.groups or ()), user.extra or {})

    async def may(self, user: User, verb: str, namespace: str) -> bool:
        """Tell whether somebody may do that."""
        reviewed = await self._ask(
            client.AuthorizationV1Api(self._connection.api_client).create_subject_access_review,
            {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SubjectAccessReview",
                "spec": {
                    "user": user.name,
                    "uid": user.uid,
                    "groups": list(user.groups),
                    "extra": {name: list(values) for name, values in user.extra.items()},
                    "resourceAttributes": {
                        "group": GROUP,
                        "resource": PLURAL,
                        "verb": verb,
                        "namespace": namespace,
                    },
                },
            },
        )
        return bool(reviewed.status.allowed)

    async def _ask(self, create: Any, review: dict[str, Any]) -> Any:
        return await self._connection.ask(
            create(body=review, _request_timeout=self._connection.timeout_seconds)
        )
