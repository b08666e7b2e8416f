"""Credentials that end: kept young, for a URL ends with those that it was signed by."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from minio import Minio
from minio.credentials.credentials import Credentials

from waas_operator.errors import StorageUnavailable
from waas_operator.object_storage import MinioObjectStorage
from waas_operator.workload_identity import HeldCredentials, WorkloadIdentity

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class Cloud:
    """Gives credentials that live for an hour; a clock that tests move."""

    def __init__(self) -> None:
        self.now = NOW
        self.given = 0
        self.is_away = False
        self.life = HOUR
        self.identity = WorkloadIdentity(self.fetch, now=lambda: self.now)

    def fetch(self) -> Credentials:
        if self.is_away:
            raise ValueError("https://sts.example?WebIdentityToken=hidden failed")
        self.given += 1
        return Credentials(f"key-{self.given}", "secret", "token", self.now + self.life)

    def key_after(self, time: timedelta) -> str:
        self.now += time
        return self.identity.retrieve().access_key


def test_credentials_are_kept_for_half_of_their_life() -> None:
    cloud = Cloud()

    keys = [cloud.key_after(time) for time in (0 * HOUR, 29 * MINUTE, MINUTE, 29 * MINUTE)]

    assert keys == ["key-1", "key-1", "key-2", "key-2"]


def test_a_machine_that_gives_the_same_ones_is_not_asked_at_each_request() -> None:
    cloud = Cloud()
    cloud.life = timedelta(seconds=40)

    assert [cloud.key_after(timedelta(seconds=each)) for each in (0, 20, 9)] == ["key-1"] * 3
    assert cloud.key_after(timedelta(seconds=1)) == "key-2"


def test_a_token_service_that_is_away_does_no_harm_until_the_credentials_end() -> None:
    cloud = Cloud()
    cloud.key_after(0 * HOUR)
    cloud.is_away = True

    assert cloud.key_after(59 * MINUTE) == "key-1"
    with pytest.raises(StorageUnavailable, match="no credentials of this pod's identity"):
        cloud.key_after(MINUTE)
    cloud.is_away = False
    assert cloud.key_after(0 * HOUR) == "key-2"


def test_what_went_wrong_is_told_without_the_token() -> None:
    cloud = Cloud()
    cloud.is_away = True

    with pytest.raises(StorageUnavailable) as refusal:
        cloud.identity.retrieve()

    assert "hidden" not in str(refusal.value)
    assert refusal.value.__suppress_context__


LIVES = [
    ("as long as it is set", HOUR, 10 * MINUTE, 0 * HOUR, 600),
    ("no longer than the credentials", HOUR, 12 * HOUR, 0 * HOUR, 3600),
    ("no longer than what is left of them", HOUR, 12 * HOUR, 20 * MINUTE, 2400),
    ("anew for as long as new ones, from half of the old ones' life", HOUR, HOUR, HOUR / 2, 3600),
]


@pytest.mark.parametrize(
    ("life", "url_lifetime", "later", "seconds"),
    [pytest.param(*case[1:], id=case[0]) for case in LIVES],
)
async def test_a_url_lives(
    life: timedelta, url_lifetime: timedelta, later: timedelta, seconds: int
) -> None:
    cloud = Cloud()
    cloud.life = life
    client = Minio("store.example", region="us-east-1", credentials=HeldCredentials(cloud.identity))
    storage = MinioObjectStorage(client, client, "waas", url_lifetime, cloud.identity)
    await storage.measure_url_lifetime()
    cloud.now += later

    measured = await storage.measure_url_lifetime()
    query = parse_qs(urlsplit(storage.sign("GET", None, "newsroom/a")).query)

    assert measured == timedelta(seconds=seconds)
    assert query["X-Amz-Expires"] == [str(seconds)]
    assert query["X-Amz-Security-Token"] == ["token"]
