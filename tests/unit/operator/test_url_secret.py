"""The Secret with a job's URLs, and that nothing else is ever signed."""

import json
from base64 import b64decode
from datetime import timedelta
from typing import Any, Literal

from support.builders import NOW, make_transcription_job
from waas_contract.formats import OutputFormat
from waas_contract.job_environment import ItemUrls
from waas_contract.transcription_job import Source
from waas_operator.url_secret import SignedUrls, build_item_urls, build_url_secret

EXPIRATION_TIME = NOW + timedelta(hours=12)


class Signer:
    """Remembers what it signed."""

    def __init__(self) -> None:
        self.signed: list[tuple[str, str | None, str]] = []

    def __call__(self, method: Literal["GET", "PUT"], bucket: str | None, key: str) -> str:
        self.signed.append((method, bucket, key))
        return f"https://store.example/{bucket or 'waas'}/{key}?{method}"


def sign_for(sign: Signer, *, highest_attempt: int = 3, **spec: Any) -> ItemUrls:
    return build_item_urls(
        make_transcription_job(**spec),
        sign,
        SignedUrls(EXPIRATION_TIME, highest_attempt),
    )


def test_the_secret_of_a_recording() -> None:
    urls = sign_for(Signer(), formats=(OutputFormat.SRT,))

    secret = build_url_secret(make_transcription_job(), urls)

    encoded = secret.pop("data")
    assert secret == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "interview-0f9e8d7c",
            "namespace": "newsroom",
            "labels": {
                "app.kubernetes.io/name": "waas",
                "app.kubernetes.io/component": "job",
                "app.kubernetes.io/managed-by": "waas-operator",
                "waas.dev/transcription-job": "interview",
            },
            "ownerReferences": [
                {
                    "apiVersion": "waas.dev/v1alpha1",
                    "kind": "TranscriptionJob",
                    "name": "interview",
                    "uid": "0f9e8d7c-0000-4000-8000-000000000000",
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        },
        "type": "Opaque",
    }
    assert encoded.keys() == {"interview.json"}
    prefix = "https://store.example/waas/newsroom/interview"
    assert json.loads(b64decode(encoded["interview.json"])) == {
        "audio": f"{prefix}/audio/clip.flac?GET",
        "manifest": {"get": f"{prefix}/manifest.json?GET", "put": f"{prefix}/manifest.json?PUT"},
        "progress": f"{prefix}/state/progress.json?PUT",
        "partial": f"{prefix}/state/partial.json?PUT",
        "checkpoint": {
            "get": f"{prefix}/state/checkpoint.json?GET",
            "put": f"{prefix}/state/checkpoint.json?PUT",
        },
        "preview": {
            "sound": f"{prefix}/preview/sound.webm?PUT",
            "peaks": f"{prefix}/preview/peaks.json?PUT",
        },
        "attempts": [
            {
                "attempt": attempt,
                "put": {
                    "json": f"{prefix}/results/{attempt}/transcript.json?PUT",
                    "srt": f"{prefix}/results/{attempt}/transcript.srt?PUT",
                },
            }
            for attempt in (1, 2, 3)
        ],
        "expirationTime": "2026-11-23T00:00:00Z",
    }


def test_nothing_is_signed_but_what_the_job_reads_and_writes() -> None:
    sign = Signer()

    sign_for(sign, formats=(OutputFormat.JSON,))

    assert set(sign.signed) == {
        ("GET", None, "newsroom/interview/audio/clip.flac"),
        ("GET", None, "newsroom/interview/manifest.json"),
        ("PUT", None, "newsroom/interview/manifest.json"),
        ("PUT", None, "newsroom/interview/state/progress.json"),
        ("PUT", None, "newsroom/interview/state/partial.json"),
        ("GET", None, "newsroom/interview/state/checkpoint.json"),
        ("PUT", None, "newsroom/interview/state/checkpoint.json"),
        ("PUT", None, "newsroom/interview/preview/sound.webm"),
        ("PUT", None, "newsroom/interview/preview/peaks.json"),
        ("PUT", None, "newsroom/interview/results/1/transcript.json"),
        ("PUT", None, "newsroom/interview/results/2/transcript.json"),
        ("PUT", None, "newsroom/interview/results/3/transcript.json"),
    }
    assert len(sign.signed) == 12


def test_attempts_stay_signed_until_they_are_many() -> None:
    assert [each.attempt for each in sign_for(Signer(), highest_attempt=4).attempts] == [1, 2, 3, 4]

    many = sign_for(Signer(), highest_attempt=20).attempts

    assert [each.attempt for each in many] == list(range(9, 21))
    assert "/results/9/" in many[0].put[OutputFormat.JSON]


def test_another_bucket_is_only_read() -> None:
    sign = Signer()

    sign_for(sign, source=Source(bucket="archive", key="1999/tape-7.wav"))

    elsewhere = [each for each in sign.signed if each[1] is not None]
    assert elsewhere == [("GET", "archive", "1999/tape-7.wav")]


def test_the_secret_reads_back_as_the_same_urls() -> None:
    urls = sign_for(Signer())

    secret = build_url_secret(make_transcription_job(), urls)

    assert ItemUrls.model_validate_json(b64decode(secret["data"]["interview.json"])) == urls
