"""Builds the logins that the settings ask for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from waas_api.access.access_reviews import AccessReviews
from waas_api.access.callers import Anonymous, Authenticator
from waas_api.access.forwarded_users import ForwardedUserLogin, TrustedProxies
from waas_api.access.logins import Login, Logins
from waas_api.access.settings import LoginMode
from waas_api.access.token_login import TokenLogin
from waas_api.api_keys.entries import parse_api_keys
from waas_api.api_keys.key_file import KeyFile
from waas_api.api_keys.login import ApiKeyLogin
from waas_api.settings import Settings


@dataclass(frozen=True)
class BuiltLogins:
    """Who lets callers in, and what an administrator should know of it."""

    authenticator: Authenticator
    key_file: KeyFile | None = None

    def warnings(self) -> tuple[str, ...]:
        """Return what an administrator should mend, fit for everybody's eyes."""
        if self.key_file is None or self.key_file.problem() is None:
            return ()
        return ("the file of API keys cannot be used; those of before are, and the log says why",)


def build_logins(
    settings: Settings, reviews: AccessReviews | None, *, now: Callable[[], datetime]
) -> BuiltLogins:
    """Return the logins; raises ValueError where the file of API keys cannot be used."""
    namespaces = settings.served_namespaces(settings.namespace)
    logins: list[Login] = []
    key_file = None
    if settings.api_keys_file is not None:
        key_file = KeyFile(
            settings.api_keys_file, lambda content: parse_api_keys(content, namespaces)
        )
        logins.append(ApiKeyLogin(key_file.current, now=now))
    if settings.needs_kubernetes_login:
        assert reviews is not None
        logins.append(
            TokenLogin(
                reviews,
                audiences=settings.kubernetes_audiences,
                namespaces=namespaces,
                default_namespace=settings.namespace,
                longest_age_seconds=settings.access_cache_seconds,
            )
        )
    if LoginMode.FORWARDED_USER in settings.authentication:
        # Last: whoever sends credentials of their own goes by these.
        logins.append(ForwardedUserLogin(settings.namespace))
    if not logins:
        return BuiltLogins(Anonymous(settings.namespace))
    return BuiltLogins(Logins(logins), key_file)


def build_trusted_proxies(settings: Settings) -> TrustedProxies:
    """Return whose word on who sends a request is believed: nobody's, unless settings say so."""
    return TrustedProxies(settings.trusted_proxies, settings.forwarded_user_header)
