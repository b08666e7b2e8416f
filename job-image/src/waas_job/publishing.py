"""Stores the results of one item: transcript.json first, the manifest last.

transcript.json claims an attempt number, for it is only ever created, never replaced: a pod that
was thought lost cannot write over what another has published. The manifest says that all is there.
"""

import hashlib
import logging

from pydantic import ValidationError

from waas_contract.formats import OutputFormat, render_transcript
from waas_contract.job_environment import JobItem
from waas_contract.log_lines import log_fields
from waas_contract.manifest import Manifest, ResultFile
from waas_contract.object_keys import result_key
from waas_contract.transcript import Transcript
from waas_job.errors import StorageUnavailable
from waas_job.storage.objects import ItemObjects

logger = logging.getLogger(__name__)


def is_published(objects: ItemObjects, item: JobItem) -> bool:
    """Tell whether a manifest answers this very item."""
    content = objects.read_manifest()
    if content is None:
        return False
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError:
        logger.warning("there is a manifest that cannot be read; it will be replaced")
        return False
    return manifest.answers(item.namespace, item.name, item.spec_digest)


def store_results(
    objects: ItemObjects, item: JobItem, transcript: Transcript
) -> tuple[int, tuple[ResultFile, ...]]:
    """Store every format; return the attempt number and the files."""
    contents = {
        each: render_transcript(transcript, each, item.subtitles).encode()
        for each in _stored_formats(item)
    }
    attempt = _claim_attempt(objects, contents[OutputFormat.JSON])
    for output_format, content in contents.items():
        if output_format is not OutputFormat.JSON:
            objects.replace_result(attempt, output_format, content)
    files = tuple(
        ResultFile(
            format=output_format,
            key=result_key(item.namespace, item.name, attempt, output_format),
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        for output_format, content in contents.items()
    )
    return attempt, files


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
