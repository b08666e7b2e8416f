"""`waas-prepare-store` on a real MinIO: the bucket, and a user who may use it and nothing else."""

import io
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from minio import Minio
from minio.error import S3Error

from cluster.minio_server import MinioServer
from support.service import free_port

pytestmark = pytest.mark.integration

PART = 5 * 1024 * 1024


@dataclass(frozen=True)
class Place:
    """A bucket that is not there yet, and somebody who shall use it."""

    server: MinioServer
    bucket: str = field(default_factory=lambda: f"bucket-{secrets.token_hex(4)}")
    user: str = field(default_factory=lambda: f"user-{secrets.token_hex(4)}")

    def prepare(self, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run the program as its pod would."""
        variables: Mapping[str, str] = {
            "WAAS_S3_ENDPOINT": f"http://{self.server.endpoint}",
            "WAAS_S3_BUCKET": self.bucket,
            "WAAS_S3_ADMIN_ACCESS_KEY": self.server.access_key,
            "WAAS_S3_ADMIN_SECRET_KEY": self.server.secret_key,
            "WAAS_S3_ACCESS_KEY": self.user,
            "WAAS_S3_SECRET_KEY": "first-password",
            "WAAS_IS_MINIO": "true",
            **{f"WAAS_{name.upper()}": value for name, value in changes.items()},
        }
        return subprocess.run(
            [Path(sys.executable).with_name("waas-prepare-store")],
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )

    def client(self, password: str = "first-password") -> Minio:
        """Return the user's client."""
        return Minio(self.server.endpoint, self.user, password, secure=False, region="us-east-1")


@pytest.fixture
def place(minio_server: MinioServer) -> Place:
    return Place(minio_server)


@pytest.fixture
def other_bucket(object_store: Minio) -> Iterator[str]:
    """A bucket of somebody else's, with a recording in it."""
    name = f"other-{secrets.token_hex(4)}"
    object_store.make_bucket(name)
    object_store.put_object(name, "a.mp3", io.BytesIO(b"speech"), 6)
    yield name
    object_store.remove_object(name, "a.mp3")
    object_store.remove_bucket(name)


def code_of(error: pytest.ExceptionInfo[S3Error]) -> str:
    return str(error.value.code)


def test_user_may_do_all_that_the_service_does(place: Place) -> None:
    result = place.prepare()
    assert result.returncode == 0, result.stderr

    user, bucket = place.client(), place.bucket
    assert user.bucket_exists(bucket)
    user.put_object(bucket, "a/small", io.BytesIO(b"speech"), 6)
    user.put_object(bucket, "a/large", io.BytesIO(bytes(2 * PART)), -1, part_size=PART)
    assert user.get_object(bucket, "a/small").read() == b"speech"
    listed = user.list_objects(bucket, prefix="a/", recursive=True)
    assert [each.object_name for each in listed] == ["a/large", "a/small"]
    with pytest.raises(S3Error) as missing:
        user.stat_object(bucket, "a/missing")
    assert code_of(missing) == "NoSuchKey"
    upload = user._create_multipart_upload(bucket, "a/broken", {})
    user._abort_multipart_upload(bucket, "a/broken", upload)
    for name in ("a/small", "a/large"):
        user.remove_object(bucket, name)


def test_user_may_do_nothing_else(place: Place, other_bucket: str) -> None:
    assert place.prepare().returncode == 0

    user = place.client()
    for refused in (
        lambda: user.get_object(other_bucket, "a.mp3"),
        lambda: list(user.list_objects(other_bucket)),
        lambda: user.put_object(other_bucket, "b.mp3", io.BytesIO(b"x"), 1),
        lambda: user.make_bucket(f"{place.bucket}-2"),
        lambda: user.remove_bucket(place.bucket),
        lambda: user.set_bucket_policy(place.bucket, '{"Version":"2012-10-17","Statement":[]}'),
    ):
        with pytest.raises(S3Error) as refusal:
            refused()
        assert code_of(refusal) == "AccessDenied"


def test_source_buckets_can_be_read_only(place: Place, other_bucket: str) -> None:
    assert place.prepare(source_buckets=other_bucket).returncode == 0

    user = place.client()
    assert user.get_object(other_bucket, "a.mp3").read() == b"speech"
    for refused in (
        lambda: user.put_object(other_bucket, "b.mp3", io.BytesIO(b"x"), 1),
        lambda: user.remove_object(other_bucket, "a.mp3"),
    ):
        with pytest.raises(S3Error) as refusal:
            refused()
        assert code_of(refusal) == "AccessDenied"


def test_another_run_changes_the_password_and_keeps_what_is_stored(place: Place) -> None:
    assert place.prepare().returncode == 0
    place.client().put_object(place.bucket, "a", io.BytesIO(b"speech"), 6)

    result = place.prepare(s3_secret_key="other-password")

    assert result.returncode == 0, result.stderr
    assert f"the bucket {place.bucket} is there" in result.stderr
    assert place.client("other-password").get_object(place.bucket, "a").read() == b"speech"


def test_store_that_is_no_bundled_one_gets_a_bucket_and_is_asked_for_a_rule(
    place: Place, object_store: Minio
) -> None:
    result = place.prepare(is_minio="false")

    assert result.returncode == 0, result.stderr
    assert object_store.bucket_exists(place.bucket)
    # MinIO knows no such rule, and drops them by a setting of its own.
    assert "the store knows no rule that drops unfinished uploads" in result.stderr


FAILURES: list[tuple[str, dict[str, str], int, str]] = [
    ("another password", {"s3_admin_secret_key": "wrong-password"}, 77, "be made: AccessDenied"),
    (
        "nobody there",
        {"s3_endpoint": f"http://127.0.0.1:{free_port()}", "store_patience_seconds": "0"},
        75,
        "the store does not answer",
    ),
    ("no store", {"s3_endpoint": "s3.example"}, 78, "WAAS_S3_ENDPOINT: "),
]


@pytest.mark.parametrize(
    ("changes", "code", "words"), [pytest.param(*case[1:], id=case[0]) for case in FAILURES]
)
def test_failure_says_why_and_tells_no_password(
    place: Place, changes: dict[str, str], code: int, words: str
) -> None:
    result = place.prepare(**changes)

    assert result.returncode == code, result.stderr
    assert words in result.stderr
    assert "password" not in result.stderr
