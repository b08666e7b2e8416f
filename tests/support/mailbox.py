"""A real mail server on loopback, with TLS and login, which keeps what it is sent."""

import asyncio
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from cluster.certificates import Authority

USER, PASSWORD = "waas@example.org", "open-sesame"


@dataclass
class Mailbox:
    """What the server was sent, and how it answers."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    were_encrypted: list[bool] = field(default_factory=list)
    answers_to_recipients: list[str] = field(default_factory=list)
    """What the next RCPTs are answered, in order; then they are taken."""

    answers_to_data: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 # aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        del server, session, options
        if self.answers_to_recipients:
            return self.answers_to_recipients.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answers_to_data:
            return self.answers_to_data.pop(0)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients += envelope.rcpt_tos
        self.were_encrypted.append(
            session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None
        )
        return "250 OK"


def _authenticate(
    server: Any, session: Any, envelope: Any, mechanism: str, data: Any
) -> AuthResult:
    del server, session, envelope, mechanism
    is_known = isinstance(data, LoginPassword) and (data.login, data.password) == (
        USER.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=is_known, handled=False)


def build_tls_context(
    authority: Authority, folder: Path, address: str = "127.0.0.1"
) -> ssl.SSLContext:
    """Return what a server with a certificate of that authority needs."""
    path = folder / f"{address}.pem"
    path.write_bytes(authority.server([address]).whole)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@contextmanager
def open_mailbox(
    *,
    implicit_tls: ssl.SSLContext | None = None,
    start_tls: ssl.SSLContext | None = None,
    wants_login: bool = False,
    port: int = 0,
) -> Iterator[Mailbox]:
    """Serve on loopback, in a thread, until the block ends."""
    mailbox = Mailbox()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="mail server")
    thread.start()

    def build() -> SMTP:
        with warnings.catch_warnings():
            # It does not see a TLS that was there from the first byte.
            warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")
            return SMTP(
                mailbox,
                hostname="mail.example",
                loop=loop,
                tls_context=start_tls,
                require_starttls=start_tls is not None and wants_login,
                auth_required=wants_login,
                auth_require_tls=start_tls is not None,
                authenticator=_authenticate,
            )

    async def serve() -> asyncio.Server:
        return await loop.create_server(build, "127.0.0.1", port, ssl=implicit_tls)

    server = asyncio.run_coroutine_threadsafe(serve(), loop).result(10)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        loop.call_soon_threadsafe(server.close)
        asyncio.run_coroutine_threadsafe(_end_all(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _end_all() -> None:
    """End the conversations that are still open."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
