"""The operator's only SMTP code: hands mails to the administrator's mail server."""

import asyncio
import contextlib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime

import aiosmtplib

from waas_contract.notification_settings import (
    MailTls,
    NotificationSettings,
    is_mail_address,
)
from waas_operator.errors import DeliveryFailed
from waas_operator.notification_texts import Mail

_STEP_SECONDS = 10.0
WHOLE_SECONDS = 30.0
_FAREWELL_SECONDS = 2.0
_SENDER_NAME = "Transcriptions"
_PERMANENT = range(500, 600)

# None: where the server offers it.
_START_TLS = {
    MailTls.IMPLICIT: False,
    MailTls.STARTTLS: True,
    MailTls.OPPORTUNISTIC: None,
    MailTls.NONE: False,
}


class MailServer:
    """A MailSender by SMTP; it makes a connection for each mail."""

    def __init__(
        self, settings: NotificationSettings, *, whole_seconds: float = WHOLE_SECONDS
    ) -> None:
        """Take settings with a sender's address and host, and how long a mail may take."""
        self._whole_seconds = whole_seconds
        self._settings = settings
        self._sender = settings.email_sender_address or ""
        self._tls_context = ssl.create_default_context(cafile=settings.email_sender_ca_file)

    async def send(self, mail: Mail) -> None:
        """Hand a mail to the mail server, once; raises DeliveryFailed."""
        if not is_mail_address(mail.recipient):
            raise DeliveryFailed("It is not an e-mail address.", is_permanent=True)
        message = build_message(mail, self._sender)
        client = self._build_client()
        try:
            async with asyncio.timeout(self._whole_seconds):
                await client.connect()
                await client.send_message(message)
            await _part(client)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise _explain(error) from error
        finally:
            client.close()

    def _build_client(self) -> aiosmtplib.SMTP:
        settings, tls = self._settings, self._settings.find_mail_tls()
        password = settings.email_sender_password
        return aiosmtplib.SMTP(
            hostname=settings.email_sender_host,
            port=settings.find_mail_port(),
            username=(settings.email_sender_username or self._sender) if password else None,
            password=password.get_secret_value() if password else None,
            # Not the machine's own name, which may take a long look-up and says nothing in a pod.
            local_hostname=_parse(self._sender).domain,
            timeout=_STEP_SECONDS,
            use_tls=tls is MailTls.IMPLICIT,
            start_tls=_START_TLS[tls],
            tls_context=self._tls_context,
        )


def build_message(mail: Mail, sender: str) -> EmailMessage:
    """Return a mail as it goes over the wire, in the form of RFC 5322."""
    message = EmailMessage(policy=SMTP)
    own = _parse(sender)
    message["From"] = Address(_SENDER_NAME, own.username, own.domain)
    message["To"] = _parse(mail.recipient)
    message["Subject"] = mail.subject
    message["Date"] = localtime()
    message["Message-ID"] = f"<{mail.message_id}@{own.domain}>"
    # No holiday notes, please (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body)
    return message


async def _part(client: aiosmtplib.SMTP) -> None:
    """Say QUIT; the mail is the server's by now, whatever it answers."""
    with contextlib.suppress(aiosmtplib.SMTPException, OSError):
        await client.quit(timeout=_FAREWELL_SECONDS)


def _parse(address: str) -> Address:
    """Return an address with its domain in the ASCII form that every mail server takes."""
    parsed = Address(addr_spec=address)
    return Address(username=parsed.username, domain=parsed.domain.encode("idna").decode())


def _explain(error: Exception) -> DeliveryFailed:
    """Return what may be shown of an error: never the server's own words, which hold addresses."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return _explain_recipient([each.code for each in error.recipients])
        case aiosmtplib.SMTPAuthenticationError():
            return DeliveryFailed(f"The mail server refused the login ({error.code}).")
        case aiosmtplib.SMTPResponseException():
            return DeliveryFailed(f"The mail server answered {error.code}.")
        case TimeoutError():
            return DeliveryFailed("The mail server did not answer in time.")
        case aiosmtplib.SMTPException() if not isinstance(error, OSError):
            return DeliveryFailed("The mail server does not offer STARTTLS, or no login.")
    cause = error.__cause__ or error
    if isinstance(cause, ssl.SSLError) or isinstance(error, ssl.SSLError):
        return DeliveryFailed("The mail server's certificate cannot be trusted, or TLS failed.")
    return DeliveryFailed(f"The mail server could not be reached ({type(cause).__name__}).")


def _explain_recipient(codes: list[int]) -> DeliveryFailed:
    # By RFC 5321, 4.2.1, the same request is not to be repeated after an answer in the 500s.
    code = codes[0] if codes else 0
    is_permanent = bool(codes) and all(each in _PERMANENT for each in codes)
    return DeliveryFailed(
        f"The mail server refused the recipient ({code}).", is_permanent=is_permanent
    )
