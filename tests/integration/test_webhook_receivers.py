"""Webhooks by real HTTP on loopback: failures, silence, redirects and endless answers."""

import asyncio
from collections.abc import Iterator

import pytest

from support.receiver import Receiver, open_receiver
from waas_operator.errors import DeliveryFailed
from waas_operator.webhook_messages import WebhookMessage
from waas_operator.webhook_receivers import WebhookReceivers

pytestmark = pytest.mark.integration


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with open_receiver() as running:
        yield running


def message_to(url: str) -> WebhookMessage:
    headers = {"Content-Type": "application/json", "X-WAAS-Signature": "abc", "webhook-id": "u"}
    return WebhookMessage(url, headers, b'{"source": "waas"}')


async def send(url: str, whole_seconds: float = 5) -> None:
    await WebhookReceivers(whole_seconds=whole_seconds).send(message_to(url))


async def test_the_body_and_the_headers_arrive_as_they_are(receiver: Receiver) -> None:
    await send(receiver.url)

    (call,) = receiver.calls
    assert call.path == "/hook?key=hidden"
    assert call.body == b'{"source": "waas"}'
    assert call.headers["content-type"] == "application/json"
    assert call.headers["x-waas-signature"] == "abc"
    assert call.headers["webhook-id"] == "u"
    assert call.headers["content-length"] == "18"


@pytest.mark.parametrize("status", [200, 204, 302, 399])
async def test_all_below_400_is_taken(receiver: Receiver, status: int) -> None:
    receiver.answers = [status]

    await send(receiver.url)

    assert len(receiver.calls) == 1


@pytest.mark.parametrize("status", [400, 410, 500, 503])
async def test_all_else_is_a_failure(receiver: Receiver, status: int) -> None:
    receiver.answers = [status]

    with pytest.raises(DeliveryFailed, match=f"^The receiver answered {status}.$") as caught:
        await send(receiver.url)

    assert not caught.value.is_permanent


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    with open_receiver() as other:
        receiver.answers, receiver.location = [307], other.url

        await send(receiver.url)

    assert other.calls == []


async def test_a_receiver_that_stalls_is_left(receiver: Receiver) -> None:
    receiver.is_stalling = True

    with pytest.raises(DeliveryFailed, match="did not answer in time"):
        await asyncio.wait_for(send(receiver.url, whole_seconds=0.5), 30)


async def test_an_answer_without_an_end_is_not_read(receiver: Receiver) -> None:
    receiver.body_pieces = -1

    await asyncio.wait_for(send(receiver.url), 30)


async def test_a_receiver_that_is_away_is_told_without_its_address() -> None:
    with open_receiver() as receiver:
        url = receiver.url

    with pytest.raises(DeliveryFailed) as caught:
        await send(url)

    assert str(caught.value) == "The receiver could not be reached (ClientConnectorError)."
