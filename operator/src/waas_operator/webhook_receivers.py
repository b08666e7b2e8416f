"""Calls the receivers of the administrator's list, and reads their list. HTTP, nothing else."""

from pathlib import Path

import aiohttp

from waas_contract.webhooks import AllowedWebhook, parse_webhooks
from waas_operator.errors import DeliveryFailed
from waas_operator.webhook_messages import WebhookMessage

CONNECT_SECONDS = 3.0
WHOLE_SECONDS = 10.0
_FIRST_FAILURE = 400


class WebhookReceivers:
    """A WebhookSender by HTTP; it keeps no connection and no cookie."""

    def __init__(
        self, *, connect_seconds: float = CONNECT_SECONDS, whole_seconds: float = WHOLE_SECONDS
    ) -> None:
        """Take how long a connection, and all of a request, may take."""
        self._timeout = aiohttp.ClientTimeout(
            total=whole_seconds, connect=connect_seconds, sock_connect=connect_seconds
        )

    async def send(self, message: WebhookMessage) -> None:
        """Make one request; raises DeliveryFailed unless it is answered with less than 400.

        A redirect is an answer: nobody but the administrator says where messages go. The body of
        the answer is not read.
        """
        headers = {"User-Agent": "waas", **message.headers}
        try:
            async with (
                aiohttp.ClientSession(
                    timeout=self._timeout,
                    connector=aiohttp.TCPConnector(force_close=True),
                    cookie_jar=aiohttp.DummyCookieJar(),
                ) as session,
                session.post(
                    message.url, data=message.body, headers=headers, allow_redirects=False
                ) as response,
            ):
                status = response.status
        except TimeoutError as error:
            raise DeliveryFailed("The receiver did not answer in time.") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Its own text may show the address, and with it a token.
            raise DeliveryFailed(
                f"The receiver could not be reached ({type(error).__name__})."
            ) from error
        if status >= _FIRST_FAILURE:
            raise DeliveryFailed(f"The receiver answered {status}.")


def read_webhooks(path: Path | None) -> dict[str, AllowedWebhook]:
    """Return the administrator's list by id; without a file, none.

    Raises:
        ValueError: the file is not such a list; the text says where, without what it holds.
    """
    if path is None:
        return {}
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"WAAS_ALLOWED_WEBHOOKS_FILE: {path}: {error.strerror}") from error
    return parse_webhooks(content, str(path))
