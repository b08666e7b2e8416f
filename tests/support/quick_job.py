"""A job program without a model: it keeps the contract and hears the same in every recording.

It is run by `support.pod_runner` where a test is about what happens around pods, not in them.
"""

import hashlib
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import httpx

from support.manifest_parts import NO_TIME
from waas_contract.exit_codes import ExitCode
from waas_contract.formats import OutputFormat, render_transcript
from waas_contract.job_environment import ItemUrls, JobEnvironment, JobItem
from waas_contract.job_environment import urls_file_name as file_name_of
from waas_contract.manifest import AudioFacts, EngineFacts, Manifest, Outcome, ResultFile
from waas_contract.object_keys import result_key
from waas_contract.transcript import Segment, Transcript

_SEGMENT = Segment(id=0, start=0, end=60, text=" Heard.")
TRANSCRIPT = Transcript(language="en", duration=60, text=" Heard.", segments=(_SEGMENT,))


def main() -> ExitCode:
    environment = JobEnvironment.from_variables(os.environ)
    [item] = environment.items
    content = (Path(environment.urls_directory) / file_name_of(item.name)).read_bytes()
    urls = ItemUrls.model_validate_json(content)
    try:
        with httpx.Client(timeout=120) as client:
            if client.get(urls.manifest.get).status_code != 200:
                store(client, item, urls)
    except httpx.HTTPError as error:
        sys.stderr.write(f"{type(error).__name__}\n")
        return ExitCode.STORAGE_UNAVAILABLE
    return ExitCode.SUCCESS


def store(client: httpx.Client, item: JobItem, urls: ItemUrls) -> None:
    """Claim the first unused attempt, store the results, then the manifest."""
    contents = {each: render_transcript(TRANSCRIPT, each).encode() for each in item.formats}
    for attempt in urls.attempts:
        first = client.put(
            attempt.put[OutputFormat.JSON],
            content=contents[OutputFormat.JSON],
            headers={"If-None-Match": "*"},
        )
        if first.status_code != 412:
            first.raise_for_status()
            break
    for output_format, url in attempt.put.items():
        if output_format is not OutputFormat.JSON:
            client.put(url, content=contents[output_format]).raise_for_status()
    manifest = build_manifest(item, attempt.attempt, contents).model_dump_json(by_alias=True)
    client.put(urls.manifest.put, content=manifest.encode()).raise_for_status()


def build_manifest(item: JobItem, attempt: int, contents: Mapping[OutputFormat, bytes]) -> Manifest:
    now = datetime.now(UTC).replace(microsecond=0)
    return Manifest(
        namespace=item.namespace,
        name=item.name,
        spec_digest=item.spec_digest,
        outcome=Outcome.COMPLETE,
        attempt=attempt,
        files=tuple(
            ResultFile(
                format=each,
                key=result_key(item.namespace, item.name, attempt, each),
                bytes=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
            )
            for each, content in contents.items()
        ),
        audio=AudioFacts(duration_seconds=60, language="en"),
        engine=EngineFacts(name="none", version="0", model="none", device="cpu"),
        timing=NO_TIME,
        start_time=now,
        completion_time=now,
    )


if __name__ == "__main__":
    sys.exit(main())
