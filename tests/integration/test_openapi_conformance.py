"""The OpenAPI document and the api agree: schemathesis asks for what it allows and what it forbids.

The api stands on fakes in which every job is soon done, so that thousands of requests take seconds.
They are the same in every run.
"""

import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, settings, strategies
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from schemathesis.config import SchemathesisConfig

from support.api_builders import JOB_ID, make_settings, write_webhooks
from support.furnished_api import furnish
from support.live_api import serving
from support.logins import LINK_SECRET, bearer, make_entry
from support.quick_api import MovingJobs, QuickApi
from waas_api.http.live_streams import LiveStreams
from waas_contract.job_status import Phase
from waas_contract.transcription_job import TranscriptionJob

pytestmark = pytest.mark.integration

Case = schemathesis.Case[Any]


class EndedJobs(MovingJobs):
    """Has every job at its end when it is looked at."""

    async def get(self, name: str) -> TranscriptionJob:
        await super().get(name)
        return await super().get(name)


@dataclass
class EndedApi(QuickApi):
    """An app on fakes in which transcriptions take no time."""

    def make_jobs(self) -> MovingJobs:
        return EndedJobs(self.end)


def build_api() -> EndedApi:
    folder = Path(tempfile.mkdtemp())
    key_file = folder / "keys.yaml"
    key_file.write_text(yaml.safe_dump([make_entry("anna")]))
    api = EndedApi(
        settings=make_settings(
            authentication="api-keys",
            api_keys_file=key_file,
            # Whether somebody is to be told is the administrator's choice.
            callback_required=False,
            link_secret=LINK_SECRET,
            allowed_webhooks_file=write_webhooks(folder / "webhooks.json", "newsroom"),
            url_sources=False,
        )
    )
    # Streams are endless otherwise.
    streams = LiveStreams(10, longest_seconds=0.01)
    api.app.state.services = replace(api.app.state.services, live_streams=streams)
    return api


API = build_api()
NO_CONSTANTS = Constants()
NUMBERS = itertools.count()
CONFIG = SchemathesisConfig.from_dict(
    {
        # HTTP has everybody ignore headers that he does not know.
        "generation": {"allow-extra-parameters": False},
        "operations": [
            {
                # How long a link may last is the administrator's choice.
                "include-operation-id": "createLink",
                "checks": {"positive_data_acceptance": {"enabled": False}},
            },
            {
                # That a segment ends after it starts.
                "include-operation-id": "putTranscript",
                "checks": {"positive_data_acceptance": {"enabled": False}},
            },
            {
                # The method that one header names decides which others are needed.
                "include-operation-id": "actOnUpload",
                "checks": {
                    "positive_data_acceptance": {"enabled": False},
                    "negative_data_rejection": {"enabled": False},
                },
            },
        ],
        "checks": {
            "positive_data_acceptance": {
                # What is well formed is never called malformed (400). It may still not fit what is
                # there: another ETag or offset, a key that was used, a revision that is none, a
                # range behind the end, more bytes than were announced, or no recording.
                "expected-statuses": [
                    *("2xx", "3xx", "5xx"),
                    *(401, 403, 404, 409, 410, 412, 413, 415, 416, 422, 429),
                ],
            },
            "negative_data_rejection": {
                # tus has 412 for another version.
                "expected-statuses": [
                    *(400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428, 429),
                ]
            },
        },
    }
)
for name, values in {
    # What only an administrator or the service itself knows to be one.
    "model": ["tiny"],
    "webhook-id": ["newsroom"],
    "cursor": [""],
    "json": ['{"voiceActivity": {"threshold": 0.6}}', "{}"],
    "language": ["no", "norwegian", "EN"],
    "language-code": ["no", "en"],
    # A part of JSON is no JSON: parts that are the whole.
    "byte-range": ["bytes=0-", "bytes=-1000000", "lines=1-2"],
    "label-selector": ["", "desk", "!desk", "desk in (news, sport),a!=b"],
}.items():
    schemathesis.openapi.format(name, strategies.sampled_from(values))


def is_positive(case: Case) -> bool:
    return bool(case.meta and case.meta.generation.mode.is_positive)


@schemathesis.serializer(
    "application/octet-stream", "audio/mpeg", "video/mp4", "application/offset+octet-stream"
)
def serialize_sound(context: schemathesis.SerializationContext, value: Any) -> bytes:
    """Return the bytes, which are made without regard to minLength."""
    sound = value if isinstance(value, bytes) else str(value).encode()
    return sound or (b"sound" if is_positive(context.case) else b"")


SCHEMA = schemathesis.openapi.from_dict(API.app.openapi(), config=CONFIG)


@SCHEMA.hook
def map_path_parameters(_: Any, path_parameters: dict[str, Any] | None) -> Any:
    """Ask for something that is there, half of the time."""
    for name in ("job_id", "upload_id"):
        if path_parameters and name in path_parameters and len(path_parameters[name]) % 2 == 0:
            path_parameters[name] = JOB_ID
    return path_parameters


@SCHEMA.hook
def map_body(_: Any, body: Any) -> Any:
    """Send the recording last in a form, which no schema can say."""
    if isinstance(body, dict) and "file" in body:
        body["file"] = body.pop("file")
    return body


@SCHEMA.hook
def filter_case(_: Any, case: Case) -> bool:
    """Call a form wrong only for texts: all of it is text, and an empty one counts as absent."""
    if is_positive(case) or case.media_type != "multipart/form-data":
        return True
    if not isinstance(case.body, dict):
        return True
    return all(
        isinstance(value, str) and value.strip()
        for name, value in case.body.items()
        if name != "file"
    )


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(API.app) as port:
        yield port


@pytest.fixture(autouse=True)
def _without_constants_of_loaded_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the same in every process: Hypothesis takes constants from what happens to be loaded."""
    monkeypatch.setattr(providers, "_get_local_constants", lambda: NO_CONSTANTS)
    providers.CONSTANTS_CACHE.cache.clear()


@SCHEMA.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_a_route_does_what_the_document_says(case: Case, port: int) -> None:
    if case.media_type == "multipart/form-data" and is_positive(case):
        # A field stands in the form or in the query, which no schema can say.
        case.query = {}
    API.ids[:] = [f"{next(NUMBERS):08d}-0000-4000-8000-000000000000"]
    furnish(API.jobs, API.storage, Phase.SUCCEEDED)
    case.call_and_validate(base_url=f"http://127.0.0.1:{port}", headers=bearer("anna"))
