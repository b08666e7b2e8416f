"""Mail server and receivers in memory, which fail as a test wants."""

from dataclasses import dataclass, field

from pydantic import AnyHttpUrl, SecretStr

from waas_contract.webhooks import AllowedWebhook
from waas_operator.errors import DeliveryFailed
from waas_operator.notification_texts import Mail
from waas_operator.notifications import Senders
from waas_operator.webhook_messages import WebhookMessage

WEBHOOK = AllowedWebhook(
    id="desk", url=AnyHttpUrl("https://desk.example/hook?key=hidden"), token=SecretStr("t0ken")
)


@dataclass
class FakeMailServer:
    mails: list[Mail] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    """What the next calls raise, in order."""

    async def send(self, mail: Mail) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.mails.append(mail)


@dataclass
class FakeReceiver:
    messages: list[WebhookMessage] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    async def send(self, message: WebhookMessage) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.messages.append(message)


def is_down(times: int) -> list[Exception]:
    return [DeliveryFailed("The receiver answered 500.") for _ in range(times)]


@dataclass
class FakeSenders:
    mail: FakeMailServer = field(default_factory=FakeMailServer)
    receiver: FakeReceiver = field(default_factory=FakeReceiver)
    has_mail_server: bool = True

    def build(self) -> Senders:
        mail = self.mail if self.has_mail_server else None
        return Senders(mail, self.receiver, {WEBHOOK.id: WEBHOOK})
