"""Whatever happens, in whatever order, people are told and the end stays the end."""

from datetime import timedelta
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from support.fake_cluster import Crashed
from support.fake_senders import is_down
from support.fake_time import run_in_fake_time
from support.town import KEY, Town, without_notifications
from waas_contract.job_status import TranscriptionJobStatus
from waas_operator.errors import ClusterUnavailable, Conflict, OperatorError
from waas_operator.notification_policy import find_next_attempt

EVENTS = [
    *("look",) * 3,
    *(f"pass:{seconds}" for seconds in (1, 60, 7200, 100_000)),
    *(f"crash:{moment}:{number}" for number in (1, 2, 3) for moment in ("before", "after")),
    "restart",
    "mail_fails",
    "receiver_fails",
    "next_write_conflicts",
    "cluster_is_away",
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(EVENTS), max_size=30))
def test_whatever_happens_all_are_told_and_the_end_stays_the_end(events: list[str]) -> None:
    async def watch() -> None:
        town = Town()
        await town.end()
        last = without_notifications(town.scene.status)
        deaths = sum(event.startswith(("crash", "restart")) for event in events)
        for event in events:
            await happen(town, event)
            assert without_notifications(town.scene.status) == last
            assert TranscriptionJobStatus.model_validate(town.scene.status.to_wire())
        town.senders.mail.failures.clear()
        town.senders.receiver.failures.clear()
        town.scene.cluster.failures.clear()
        for _ in range(3):
            await happen(town, "look")
            await happen(town, "pass:10000")

        assert find_next_attempt(town.scene.status) is None
        if town.notified == ("True", "Delivered"):
            assert min(town.sent) >= 1
            assert max(town.sent) <= 1 + deaths, "told twice without a reason"
        else:
            assert town.notified == ("False", "GivenUp")

    run_in_fake_time(watch())


async def happen(town: Town, event: str) -> None:
    name, _, argument = event.partition(":")
    cluster = town.scene.cluster
    if name == "look":
        await look_in_vain(town)
    elif name == "pass":
        town.scene.now += timedelta(seconds=int(argument))
    elif name == "crash":
        moment: Literal["before", "after"] = "before" if "before" in argument else "after"
        cluster.crash_at = (moment, int(argument[-1]))
        await look_in_vain(town)
        cluster.crash_at = None
        town.restart()
    elif name == "restart":
        town.restart()
    elif name == "mail_fails":
        town.senders.mail.failures += is_down(1)
    elif name == "receiver_fails":
        town.senders.receiver.failures += is_down(1)
    elif name == "next_write_conflicts":
        cluster.failures["replace_status"] = Conflict("changed in between")
    elif name == "cluster_is_away":
        cluster.failures["get_transcription_job"] = ClusterUnavailable("503")


async def look_in_vain(town: Town) -> None:
    """Look as the loops do: what fails is left for another time."""
    try:
        await town.look()
        # The queue comes back to what failed.
        await town.notifier.notify(KEY)
    except (OperatorError, Crashed):
        return
