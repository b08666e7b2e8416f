"""Stores the results of one item: transcript.json first, the manifest last.

transcript.json claims an attempt number, for it is only ever created, never replaced: a pod that
was thought lost cannot write over what another has published. The manifest says that all is there.
"""

import hashlib
import logging
from collections.abc import Mapping

from pydantic import ValidationError

from waas_contract.formats import OutputFormat, render_transcript
from waas_contract.job_environment import JobItem
from waas_contract.log_lines import log_fields
from waas_contract.manifest import Manifest, Outcome, ResultFile
from waas_contract.object_keys import result_key
from waas_contract.transcript import Transcript
from waas_job.errors import StorageUnavailable
from waas_job.storage.objects import ItemObjects

logger = logging.getLogger(__name__)


def is_published(objects: ItemObjects, item: JobItem) -> bool:
    """Tell whether a manifest answers this very item, to its end."""
    manifest = _read_manifest(objects, item)
    return manifest is not None and manifest.outcome is Outcome.COMPLETE


def _read_manifest(objects: ItemObjects, item: JobItem) -> Manifest | None:
    """Return the manifest that answers this very item, if there is one."""
    content = objects.read_manifest()
    if content is None:
        return None
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError:
        logger.warning("there is a manifest that cannot be read; it will be replaced")
        return None
    is_answer = manifest.answers(item.namespace, item.name, item.spec_digest)
    return manifest if is_answer else None


def store_results(
    objects: ItemObjects, item: JobItem, transcript: Transcript
) -> tuple[int, tuple[ResultFile, ...]]:
    """Store every format under a number of their own; return that and the files."""
    contents = _render(item, transcript)
    attempt = _claim_attempt(objects, contents[OutputFormat.JSON])
    return attempt, _store_files(objects, item, attempt, contents)


def store_partial_results(
    objects: ItemObjects, item: JobItem, transcript: Transcript
) -> tuple[int, tuple[ResultFile, ...]] | None:
    """Store what was heard so far, in place of what was heard before; None where all is stored.

    So partial results never use up more than one number.
    """
    contents = _render(item, transcript)
    earlier = _read_manifest(objects, item)
    if earlier is None:
        attempt = _claim_attempt(objects, contents[OutputFormat.JSON])
    elif earlier.outcome is Outcome.COMPLETE:
        return None
    else:
        attempt = earlier.attempt
        objects.replace_result(attempt, OutputFormat.JSON, contents[OutputFormat.JSON])
    return attempt, _store_files(objects, item, attempt, contents)


def _render(item: JobItem, transcript: Transcript) -> dict[OutputFormat, bytes]:
    return {
        each: render_transcript(transcript, each, item.subtitles).encode()
        for each in _stored_formats(item)
    }


def _store_files(
    objects: ItemObjects, item: JobItem, attempt: int, contents: Mapping[OutputFormat, bytes]
) -> tuple[ResultFile, ...]:
    """Store all but transcript.json, which was stored to claim the number."""
    for output_format, content in contents.items():
        if output_format is not OutputFormat.JSON:
            objects.replace_result(attempt, output_format, content)
    return tuple(
        ResultFile(
            format=output_format,
            key=result_key(item.namespace, item.name, attempt, output_format),
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        for output_format, content in contents.items()
    )


def publish_manifest(objects: ItemObjects, item: JobItem, manifest: Manifest) -> None:
    """Store the manifest, unless another pod was first with the same results."""
    content = manifest.model_dump_json(by_alias=True, exclude_none=True).encode()
    if objects.create_manifest(content):
        return
    if is_published(objects, item):
        logger.info("another attempt was first", extra=log_fields(transcription_job=item.name))
        return
    objects.replace_manifest(content)


def _stored_formats(item: JobItem) -> tuple[OutputFormat, ...]:
    others = (each for each in item.formats if each is not OutputFormat.JSON)
    return tuple(dict.fromkeys((OutputFormat.JSON, *others)))


def _claim_attempt(objects: ItemObjects, transcript_json: bytes) -> int:
    attempts = objects.attempts()
    for attempt in attempts:
        if objects.create_result(attempt, OutputFormat.JSON, transcript_json):
            return attempt
    raise StorageUnavailable(
        f"The results of all {len(attempts)} attempts are written already, but no manifest is: "
        "storage URLs for another attempt are needed."
    )
