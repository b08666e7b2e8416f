"""Builds what people are told by, from the settings."""

import ssl

from waas_contract.notification_settings import NotificationSettings
from waas_operator.mail_server import MailServer
from waas_operator.notifications import Senders
from waas_operator.webhook_receivers import WebhookReceivers, read_webhooks


def build_senders(settings: NotificationSettings) -> Senders:
    """Return the senders that the settings name.

    Raises:
        ValueError: a file that the settings name does not fit; the text says which and why.
    """
    return Senders(
        mail=_build_mail_server(settings),
        webhook=WebhookReceivers(),
        webhooks=read_webhooks(settings.allowed_webhooks_file),
    )


def _build_mail_server(settings: NotificationSettings) -> MailServer | None:
    if settings.email_sender_host is None:
        return None
    try:
        return MailServer(settings)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(
            f"WAAS_EMAIL_SENDER_CA_FILE: {settings.email_sender_ca_file}: not certificates that "
            f"can be read ({type(error).__name__})"
        ) from error
