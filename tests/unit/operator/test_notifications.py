"""People are told of an end: at least once, as a rule once, and never at the job's cost."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest

from support.builders import NOW
from support.fake_cluster import Crashed
from support.fake_senders import is_down
from support.fake_time import NoJitter, run_in_fake_time
from support.town import KEY, Town, without_notifications
from waas_contract.job_status import (
    ConditionType,
    NotificationsStatus,
    Phase,
)
from waas_operator.control_loops import consume
from waas_operator.errors import ClusterUnavailable, Conflict, DeliveryFailed
from waas_operator.keeping import Keeper
from waas_operator.notifications import Notifier, Senders
from waas_operator.reconcile import Key, Reconciler
from waas_operator.seams import Cluster
from waas_operator.webhook_messages import WebhookMessage
from waas_operator.work_queue import WorkQueue


async def test_both_are_told_once() -> None:
    town = Town()
    await town.end()
    assert town.notified == ("Unknown", "Delivering")
    before = town.scene.status

    assert await town.look() == ["replace_status", "replace_status"]

    assert town.notified == ("True", "Delivered")
    assert [mail.recipient for mail in town.senders.mail.mails] == ["desk@example.org"]
    assert (
        "https://waas.example/v1/download/interview?output=srt" in town.senders.mail.mails[0].body
    )
    (message,) = town.senders.receiver.messages
    assert b'"url": "https://waas.example/v1/download/interview"' in message.body
    assert await town.look(100_000) == [], "nothing is left to do"
    assert town.sent == (1, 1)
    assert without_notifications(town.scene.status) == without_notifications(before)


@pytest.mark.parametrize("spec", [{"notifications": None}, {"task": "detect"}])
async def test_where_nobody_is_to_be_told_nothing_is_said(spec: dict[str, Any]) -> None:
    town = Town(cancelled=True, **spec)
    await town.scene.step()
    assert town.scene.phase == Phase.CANCELLED

    assert await town.look() == []
    assert town.sent == (0, 0)
    assert town.scene.status.condition(ConditionType.NOTIFIED) is None


async def test_a_failure_and_a_cancellation_are_told_too() -> None:
    failed = Town(profile="huge")
    await failed.end(has_succeeded=False)
    cancelled = Town(cancelled=True)
    await cancelled.scene.step()
    assert cancelled.scene.phase == Phase.CANCELLED

    for town in (failed, cancelled):
        await town.look()
        assert town.sent == (1, 1)
        assert b'"success": false' in town.senders.receiver.messages[0].body
    assert "ProfileNotFound" in failed.senders.mail.mails[0].body


async def test_a_receiver_that_fails_neither_fails_the_job_nor_sends_the_mail_twice() -> None:
    town = Town()
    town.senders.receiver.failures = is_down(2)
    await town.end()

    await town.look()
    assert town.sent == (1, 0)
    assert town.notified == ("Unknown", "Retrying")
    assert town.scene.phase == Phase.SUCCEEDED
    assert town.scene.condition(ConditionType.SUCCEEDED)[0] == "True"
    for _ in range(2):
        seconds = town.seconds_to_next_attempt
        assert await town.look(seconds - 1) == []
        assert await town.look(1) == ["replace_status", "replace_status"]

    assert town.sent == (1, 1)
    assert b'"success": true' in town.senders.receiver.messages[0].body
    assert town.notified == ("True", "Delivered")


async def test_a_mail_server_that_is_away_leaves_the_result_as_it_is() -> None:
    town = Town()
    town.senders.mail.failures = [DeliveryFailed("The mail server did not answer in time.")] * 99
    await town.end()
    results = town.scene.status.results

    for _ in range(3):
        await town.look(7200)

    assert town.notified == ("Unknown", "Retrying")
    assert (town.scene.phase, town.scene.status.results) == (Phase.SUCCEEDED, results)
    assert town.sent == (0, 1)


async def test_without_a_mail_server_it_is_given_up_at_once() -> None:
    town = Town(notifications={"email": "desk@example.org"})
    town.senders.has_mail_server = False
    town.restart()
    await town.end()

    await town.look()

    assert town.notified == ("False", "GivenUp")
    assert "sends no mails" in town.scene.condition(ConditionType.NOTIFIED)[2]


async def test_a_webhook_that_is_not_in_the_list_is_tried_again() -> None:
    town = Town(notifications={"webhook_id": "news"})
    await town.end()

    await town.look()

    assert town.notified == ("Unknown", "Retrying")


async def test_the_status_shows_neither_addresses_nor_tokens() -> None:
    town = Town()
    town.senders.receiver.failures = [ValueError("https://desk.example/hook?key=hidden t0ken")]
    town.senders.mail.failures = [RuntimeError("desk@example.org: hidden")]
    await town.end()

    await town.look()

    text = str(town.scene.status.to_wire())
    assert not any(each in text for each in ("hidden", "t0ken", "desk.example", "desk@"))
    assert town.notified == ("Unknown", "Retrying")


async def test_the_time_to_live_waits_until_all_are_told() -> None:
    town = Town(ttl_seconds_after_finished=10)
    town.senders.receiver.failures = is_down(1)
    await town.end()
    await town.look()

    waiting = town.seconds_to_next_attempt
    assert waiting > 10
    assert await town.scene.step(11) == ([], waiting - 11)
    await town.look(waiting - 11)

    assert town.sent == (1, 1)
    assert await town.look() == ["annotate", "delete_transcription_job"]


async def test_what_is_given_up_waits_for_nobody() -> None:
    town = Town(ttl_seconds_after_finished=10, notifications={"webhook_id": "desk"})
    town.senders.receiver.failures = is_down(999)
    await town.end()
    deadline = NOW + timedelta(days=1, hours=3)
    while "interview" in town.scene.cluster.transcription_jobs and town.scene.now < deadline:
        _, seconds = await town.scene.step()
        while town.told:
            await town.notifier.notify(town.told.pop())
            seconds = 1.0
        town.scene.now += timedelta(seconds=seconds or 0)

    assert town.scene.now < deadline
    assert town.scene.cluster.transcription_jobs == {}


async def test_a_note_that_cannot_be_written_is_kept_and_nobody_hears_it_twice() -> None:
    town = Town()
    await town.end()
    write = town.scene.cluster.replace_status
    failures: list[Exception | None] = [None, ClusterUnavailable("503"), Conflict("changed")]

    async def fail(*arguments: Any) -> None:
        failure = failures.pop(0) if failures else None
        if failure:
            raise failure
        await write(*arguments)

    town.scene.cluster.replace_status = fail  # type: ignore[assignment, method-assign] # in between
    with pytest.raises(ClusterUnavailable):
        await town.look()
    with pytest.raises(Conflict):
        await town.notifier.notify(KEY)
    await town.notifier.notify(KEY)

    assert town.sent == (1, 1)
    assert town.notified == ("True", "Delivered")


async def test_who_dies_between_the_delivery_and_its_note_tells_once_more() -> None:
    town = Town()
    await town.end()
    # The first write says that an attempt begins.
    town.scene.cluster.crash_at = ("before", 2)
    with pytest.raises(Crashed):
        await town.look()
    assert town.sent == (1, 1)

    town.scene.cluster.crash_at = None
    town.restart()
    assert await town.look() == [], "the next attempt is not due yet"
    for _ in range(2):
        await town.look(town.seconds_to_next_attempt)

    assert town.sent == (2, 2)
    one, other = town.senders.receiver.messages
    assert one.headers["webhook-id"] == other.headers["webhook-id"]
    first, second = town.senders.mail.mails
    assert first.message_id == second.message_id
    assert town.notified == ("True", "Delivered")


async def test_two_operators_at_once_tell_once() -> None:
    town = Town()
    await town.end()
    cluster = town.scene.cluster
    both_have_read = asyncio.Barrier(2)
    read = cluster.get_transcription_job

    async def read_together(namespace: str, name: str) -> Any:
        found = await read(namespace, name)
        if not town.sent[0] and cluster.writes[-1:] != ["replace_status"]:
            await both_have_read.wait()
        return found

    cluster.writes.clear()
    cluster.get_transcription_job = read_together  # type: ignore[method-assign] # holds them up
    other = Notifier(cluster, town.senders.build(), town.settings, lambda: town.scene.now)

    results = await asyncio.gather(
        town.notifier.notify(KEY), other.notify(KEY), return_exceptions=True
    )

    assert [type(each) for each in results if each] == [Conflict]
    assert town.sent == (1, 1)


async def test_a_spec_that_changes_meanwhile_costs_no_note() -> None:
    town = Town()
    await town.end()
    send = town.senders.mail.send

    async def change_and_send(mail: Any) -> None:
        town.scene.cluster.change("interview", ttl_seconds_after_finished=600)
        await send(mail)

    town.senders.mail.send = change_and_send  # type: ignore[method-assign] # comes in between
    await town.look()

    assert town.notified == ("True", "Delivered")


async def test_one_that_is_deleted_meanwhile_is_forgotten() -> None:
    town = Town()
    await town.end()
    town.senders.receiver.failures = is_down(1)
    send = town.senders.mail.send

    async def delete_and_send(mail: Any) -> None:
        town.scene.cluster.transcription_jobs.clear()
        await send(mail)

    town.senders.mail.send = delete_and_send  # type: ignore[method-assign] # comes in between
    await town.look()

    assert await town.notifier.notify(KEY) is None
    assert town.scene.cluster.transcription_jobs == {}


@pytest.mark.parametrize("status", [None, NotificationsStatus()])
async def test_one_that_ended_before_this_release_is_left_alone(
    status: NotificationsStatus | None,
) -> None:
    town = Town(notifications=None)
    await town.end()
    town.scene.cluster.change("interview", notifications={"webhook_id": "desk"})
    known = town.scene.cluster.transcription_jobs["interview"]
    assert known.status
    changed = known.status.model_copy(update={"notifications": status})
    town.scene.cluster.transcription_jobs["interview"] = known.model_copy(
        update={"status": changed}
    )

    assert await town.look() == []
    assert town.sent == (0, 0)


class StallingReceiver:
    """Never answers; the sender's own time-out is not what is tested here."""

    def __init__(self) -> None:
        self.calls = 0

    async def send(self, message: WebhookMessage) -> None:  # noqa: ARG002
        self.calls += 1
        await asyncio.sleep(10)
        raise DeliveryFailed("The receiver did not answer in time.")


def test_a_receiver_that_stalls_keeps_no_other_job_waiting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)

    async def scenario() -> tuple[str, int]:
        town = Town(notifications={"webhook_id": "desk"})
        await town.end()
        scene, receiver = town.scene, StallingReceiver()
        queue: WorkQueue[Key] = WorkQueue(jitter=NoJitter())
        ended_queue: WorkQueue[Key] = WorkQueue(jitter=NoJitter())
        notification_queue: WorkQueue[Key] = WorkQueue(jitter=NoJitter())
        cluster: Cluster = scene.cluster
        world = (cluster, scene.store, town.settings, lambda: scene.now)
        reconciler = Reconciler(*world, hand_over=ended_queue.add)
        keeper = Keeper(*world, tell=notification_queue.add)
        senders = Senders(None, receiver, town.senders.build().webhooks)
        notifier = Notifier(cluster, senders, town.settings, lambda: scene.now)
        queue.add(KEY)
        loops = [
            asyncio.create_task(consume(queue, reconciler.reconcile)),
            asyncio.create_task(consume(ended_queue, keeper.look_after)),
            asyncio.create_task(consume(notification_queue, notifier.notify)),
        ]
        await asyncio.sleep(1)
        other = scene.cluster.transcription_jobs["interview"]
        metadata = other.metadata.model_copy(update={"name": "second", "uid": "u2"})
        spec = other.spec.model_copy(update={"profile": "huge"})
        scene.cluster.put(
            other.model_copy(update={"metadata": metadata, "spec": spec, "status": None})
        )
        queue.add(Key("newsroom", "second"))
        await asyncio.sleep(1)
        phase = scene.cluster.status("second").phase
        for loop in loops:
            loop.cancel()
        return phase, receiver.calls

    phase, calls = run_in_fake_time(scenario())

    assert phase == Phase.FAILED, "the second job went on while the first one's receiver stalled"
    assert calls == 1
