"""Builders of what the job program is given: items, URLs, an environment."""

from collections.abc import Callable
from pathlib import Path

from waas_contract.formats import OutputFormat
from waas_contract.job_environment import (
    AttemptUrls,
    ItemUrls,
    JobItem,
    ObjectUrls,
    PreviewUrls,
    urls_file_name,
)
from waas_contract.object_keys import (
    checkpoint_key,
    manifest_key,
    partial_key,
    peaks_key,
    preview_key,
    progress_key,
    result_key,
)
from waas_contract.transcription_job import Task
from waas_contract.transcription_options import (
    DecodingOptions,
    SubtitleOptions,
    VoiceActivityOptions,
)

NAMESPACE = "newsroom"
ALL_FORMATS = tuple(OutputFormat)


def make_item(
    name: str = "interview",
    *,
    spec_digest: str = "sha256:asked-for",
    file_name: str = "interview.wav",
    formats: tuple[OutputFormat, ...] = ALL_FORMATS,
    language: str | None = None,
    initial_prompt: str | None = None,
    word_timestamps: bool = False,
    speakers_by_channel: bool = False,
    task: Task = Task.TRANSCRIBE,
    decoding: DecodingOptions | None = None,
    voice_activity: VoiceActivityOptions | None = None,
    subtitles: SubtitleOptions | None = None,
) -> JobItem:
    return JobItem(
        namespace=NAMESPACE,
        name=name,
        spec_digest=spec_digest,
        file_name=file_name,
        formats=formats,
        language=language,
        initial_prompt=initial_prompt,
        word_timestamps=word_timestamps,
        speakers_by_channel=speakers_by_channel,
        task=task,
        decoding=decoding,
        voice_activity=voice_activity,
        subtitles=subtitles,
    )


def make_urls(
    name: str,
    locate: Callable[[str], str],
    *,
    audio: str | None = None,
    attempts: tuple[int, ...] = (1, 2, 3),
    with_partial: bool = True,
) -> ItemUrls:
    """Return an item's URLs; `locate` makes one of an object's key."""

    def locate_both(key: str) -> ObjectUrls:
        return ObjectUrls(get=locate(key), put=locate(key))

    return ItemUrls(
        audio=audio or locate(f"{NAMESPACE}/{name}/audio/recording"),
        manifest=locate_both(manifest_key(NAMESPACE, name)),
        progress=locate(progress_key(NAMESPACE, name)),
        partial=locate(partial_key(NAMESPACE, name)) if with_partial else None,
        checkpoint=locate_both(checkpoint_key(NAMESPACE, name)),
        preview=PreviewUrls(
            sound=locate(preview_key(NAMESPACE, name)), peaks=locate(peaks_key(NAMESPACE, name))
        ),
        attempts=tuple(
            AttemptUrls(
                attempt=attempt,
                put={
                    each: locate(result_key(NAMESPACE, name, attempt, each)) for each in ALL_FORMATS
                },
            )
            for attempt in attempts
        ),
    )


def write_urls(directory: Path, name: str, urls: ItemUrls) -> None:
    """Write an item's file of the Secret, at once as a mounted Secret changes."""
    path = directory / urls_file_name(name)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(urls.model_dump_json(by_alias=True, exclude_none=True))
    unfinished.replace(path)
