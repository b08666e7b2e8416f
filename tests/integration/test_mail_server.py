"""Mails by a real SMTP server on loopback: TLS, login, refusals and silence."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from cluster.certificates import Authority
from support.mailbox import PASSWORD, USER, Mailbox, build_tls_context, open_mailbox
from waas_contract.notification_settings import NotificationSettings
from waas_operator.errors import DeliveryFailed
from waas_operator.mail_server import MailServer
from waas_operator.notification_texts import Mail

pytestmark = pytest.mark.integration

MAIL = Mail(
    recipient="desk@example.org",
    subject="Transcript ready: Blåbær 録音.mp3",
    body="Your recording “Blåbær” has been transcribed.\n\n.\nA line with a dot alone.\n",
    message_id="0f9e.email",
)


@dataclass(frozen=True)
class Office:
    """A certificate authority, and settings that trust it."""

    folder: Path
    authority: Authority = field(default_factory=Authority.create)

    @property
    def ca_file(self) -> Path:
        path = self.folder / "ca.crt"
        path.write_bytes(self.authority.files().certificate)
        return path

    def sender(self, mailbox: Mailbox, **changes: Any) -> MailServer:
        settings: dict[str, Any] = {
            "email_sender_address": USER,
            "email_sender_host": "127.0.0.1",
            "email_sender_port": mailbox.port,
            "email_sender_ca_file": self.ca_file,
            **changes,
        }
        return MailServer(NotificationSettings.model_construct(**settings), whole_seconds=3)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture
def plain() -> Iterator[Mailbox]:
    with open_mailbox() as mailbox:
        yield mailbox


def with_login(password: str = PASSWORD) -> dict[str, Any]:
    return {"email_sender_password": SecretStr(password)}


async def test_a_mail_arrives_as_it_was_written(office: Office, plain: Mailbox) -> None:
    await office.sender(plain).send(MAIL)

    (mail,) = plain.mails
    assert plain.recipients == ["desk@example.org"]
    assert mail["Subject"] == MAIL.subject
    assert mail["From"] == f"Transcriptions <{USER}>"
    assert mail["To"] == "desk@example.org"
    assert mail["Message-ID"] == "<0f9e.email@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == MAIL.body.splitlines()


async def test_a_server_with_tls_from_the_first_byte_and_a_login(office: Office) -> None:
    context = build_tls_context(office.authority, office.folder)
    with open_mailbox(implicit_tls=context, wants_login=True) as mailbox:
        await office.sender(mailbox, email_sender_tls="implicit", **with_login()).send(MAIL)

    assert mailbox.were_encrypted == [True]


async def test_a_password_goes_by_starttls_where_the_port_is_another(office: Office) -> None:
    context = build_tls_context(office.authority, office.folder)
    with open_mailbox(start_tls=context, wants_login=True) as mailbox:
        await office.sender(mailbox, **with_login()).send(MAIL)

    assert mailbox.were_encrypted == [True]


async def test_starttls_is_used_where_it_is_offered(office: Office) -> None:
    context = build_tls_context(office.authority, office.folder)
    with open_mailbox(start_tls=context) as mailbox:
        await office.sender(mailbox).send(MAIL)
        await office.sender(mailbox, email_sender_tls="none").send(MAIL)

    assert mailbox.were_encrypted == [True, False]


async def test_a_password_is_never_sent_in_the_clear(office: Office, plain: Mailbox) -> None:
    with pytest.raises(DeliveryFailed, match="does not offer STARTTLS"):
        await office.sender(plain, **with_login()).send(MAIL)
    with pytest.raises(DeliveryFailed, match="does not offer STARTTLS"):
        await office.sender(plain, email_sender_tls="starttls").send(MAIL)

    assert plain.mails == []


@pytest.mark.parametrize("kind", ["implicit", "starttls"])
@pytest.mark.parametrize("fault", ["another authority", "another name"])
async def test_a_certificate_that_does_not_fit_is_refused(
    office: Office, kind: str, fault: str
) -> None:
    authority = Authority.create() if fault == "another authority" else office.authority
    address = "10.1.2.3" if fault == "another name" else "127.0.0.1"
    context = build_tls_context(authority, office.folder, address)
    implicit, start = (context, None) if kind == "implicit" else (None, context)
    with (
        open_mailbox(implicit_tls=implicit, start_tls=start) as mailbox,
        pytest.raises(DeliveryFailed, match="certificate cannot be trusted"),
    ):
        await office.sender(mailbox, email_sender_tls=kind).send(MAIL)

    assert mailbox.mails == []


async def test_a_wrong_password_is_told_without_it(office: Office) -> None:
    context = build_tls_context(office.authority, office.folder)
    with (
        open_mailbox(start_tls=context, wants_login=True) as mailbox,
        pytest.raises(DeliveryFailed) as caught,
    ):
        await office.sender(mailbox, **with_login("let-me-in")).send(MAIL)

    assert str(caught.value) == "The mail server refused the login (535)."
    assert not caught.value.is_permanent


@pytest.mark.parametrize(
    ("answer", "is_permanent"),
    [("550 No such user desk@example.org", True), ("451 Greylisted, come back", False)],
)
async def test_a_recipient_that_is_refused(
    office: Office, plain: Mailbox, answer: str, is_permanent: bool
) -> None:
    plain.answers_to_recipients = [answer]

    with pytest.raises(DeliveryFailed) as caught:
        await office.sender(plain).send(MAIL)

    assert str(caught.value) == f"The mail server refused the recipient ({answer[:3]})."
    assert caught.value.is_permanent is is_permanent


async def test_a_mail_that_is_refused_is_tried_again(office: Office, plain: Mailbox) -> None:
    plain.answers_to_data = ["554 Looks like spam to desk@example.org"]

    with pytest.raises(DeliveryFailed, match=r"^The mail server answered 554\.$") as caught:
        await office.sender(plain).send(MAIL)

    assert not caught.value.is_permanent


@pytest.mark.parametrize("recipient", ["", "nobody", "a@b.no\r\nBcc: c@d.no", "a@b.no, c@d.no"])
async def test_what_is_no_address_never_reaches_the_server(
    office: Office, plain: Mailbox, recipient: str
) -> None:
    mail = Mail(recipient, MAIL.subject, MAIL.body, MAIL.message_id)

    with pytest.raises(DeliveryFailed, match="not an e-mail address") as caught:
        await office.sender(plain).send(mail)

    assert caught.value.is_permanent
    assert plain.mails == []


async def test_a_domain_may_have_any_letters(office: Office, plain: Mailbox) -> None:
    mail = Mail("desk@blåbær.example", MAIL.subject, MAIL.body, MAIL.message_id)

    await office.sender(plain).send(mail)

    assert plain.recipients == ["desk@xn--blbr-roah.example"]


async def test_a_server_that_says_nothing_is_left(office: Office) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with silent:
        port = silent.sockets[0].getsockname()[1]
        sender = office.sender(Mailbox(port=port))
        with pytest.raises(DeliveryFailed, match="did not answer in time"):
            await asyncio.wait_for(sender.send(MAIL), 30)


async def test_a_server_that_is_away(office: Office) -> None:
    with open_mailbox() as mailbox:
        pass

    with pytest.raises(DeliveryFailed, match=r"could not be reached \(ConnectionRefusedError\)"):
        await office.sender(mailbox).send(MAIL)
