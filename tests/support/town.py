"""A TranscriptionJob of whose end somebody wants to be told, and those who tell."""

from typing import Any

from support.builders import make_settings
from support.fake_senders import FakeSenders
from support.scene import Scene
from waas_contract.job_status import (
    ConditionType,
    Phase,
    TranscriptionJobStatus,
)
from waas_operator.notification_policy import find_next_attempt
from waas_operator.notifications import Notifier
from waas_operator.reconcile import Key

KEY = Key("newsroom", "interview")
BOTH = {"email": "desk@example.org", "webhook_id": "desk"}
BASE_URL = "https://waas.example/"


class Town:
    """A scene in which somebody wants to be told; `restart` makes a new operator."""

    def __init__(self, *, default_ttl_seconds: int | None = None, **spec: Any) -> None:
        self.settings = make_settings(default_ttl_seconds=default_ttl_seconds, base_url=BASE_URL)
        self.scene = Scene(self.settings, **{"notifications": BOTH, **spec})
        self.senders = FakeSenders()
        self.told: list[Key] = []
        self.restart()

    def restart(self) -> None:
        scene = self.scene
        self.told.clear()
        scene.restart(tell=self.told.append)
        self.notifier = Notifier(
            scene.cluster, self.senders.build(), self.settings, lambda: scene.now
        )

    async def end(self, *, has_succeeded: bool = True) -> None:
        if has_succeeded:
            self.scene.publish()
        await self.scene.step()
        assert self.scene.phase == (Phase.SUCCEEDED if has_succeeded else Phase.FAILED)

    async def look(self, seconds: float = 0) -> list[str]:
        """Return what a look some seconds later wrote, those included who then tell people."""
        writes, _ = await self.scene.step(seconds)
        while self.told:
            await self.notifier.notify(self.told.pop())
        return writes + self.scene.cluster.writes[len(writes) :]

    @property
    def notified(self) -> tuple[str, str]:
        value, reason, _ = self.scene.condition(ConditionType.NOTIFIED)
        return value, reason

    @property
    def sent(self) -> tuple[int, int]:
        return len(self.senders.mail.mails), len(self.senders.receiver.messages)

    @property
    def seconds_to_next_attempt(self) -> float:
        following = find_next_attempt(self.scene.status)
        assert following
        return (following - self.scene.now).total_seconds()


def without_notifications(status: TranscriptionJobStatus) -> TranscriptionJobStatus:
    others = tuple(each for each in status.conditions if each.type != ConditionType.NOTIFIED)
    return status.model_copy(update={"conditions": others, "notifications": None})
