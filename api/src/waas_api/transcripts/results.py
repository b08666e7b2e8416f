"""The formats of GET /v2/jobs/<id>/results/<format>.

Those of the contract, those that only the old service had, and a document for a word processor.
Where two have a name, it means the contract's: the same bytes as the job stored.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from waas_api.errors import NotAcceptable, UnsupportedOutput
from waas_api.http.media_types import choose_media_type
from waas_api.old_service.downloads import DOWNLOADS, Download, NewId
from waas_api.transcripts import word_document
from waas_contract.formats import CONTENT_TYPES, OutputFormat, render_transcript
from waas_contract.manifest import Manifest, Outcome
from waas_contract.transcript import Transcript
from waas_contract.transcription_job import TranscriptionJob
from waas_contract.transcription_options import SubtitleOptions
from waas_contract.wire import WireModel

_DEFAULT_STEM = "transcript"


@dataclass(frozen=True)
class ResultForm:
    """How one format is sent."""

    extension: str
    media_type: str
    render: Callable[[Transcript, str, NewId, SubtitleOptions | None], bytes]
    """From the transcript, the name of the file, a source of ids and the shape of subtitles."""

    def file_name(self, job: TranscriptionJob) -> str:
        """Return the name of the file: the recording's, with this format's extension."""
        stem = PurePosixPath(job.spec.source.file_name or "").stem
        return f"{stem or _DEFAULT_STEM}.{self.extension}"


def _in_format(output_format: OutputFormat) -> ResultForm:
    return ResultForm(
        output_format,
        CONTENT_TYPES[output_format],
        lambda transcript, _, __, subtitles: render_transcript(
            transcript, output_format, subtitles
        ).encode(),
    )


def _as_download(extension: str, form: Download) -> ResultForm:
    return ResultForm(
        extension,
        form.media_type,
        lambda transcript, name, new_id, _: form.render(transcript, name, new_id).encode(),
    )


_DOCUMENT = ResultForm(
    "docx",
    word_document.MEDIA_TYPE,
    lambda transcript, name, _, __: word_document.render(transcript, PurePosixPath(name).stem),
)
RESULTS: dict[str, ResultForm] = {
    **{each.value: _in_format(each) for each in OutputFormat},
    **{
        name: _as_download(form.extension, form)
        for name, form in DOWNLOADS.items()
        if name not in set(OutputFormat) and form.extension is not None
    },
    _DOCUMENT.extension: _DOCUMENT,
}


def find_result(output: str) -> ResultForm:
    """Return how a format is sent, or raise UnsupportedOutput."""
    if output not in RESULTS:
        raise UnsupportedOutput(f"There is no format {output!r}: choose from {', '.join(RESULTS)}.")
    return RESULTS[output]


LISTING = "application/json"

# application/x-subrip is what players know SubRip by; browsers show text/plain.
_NEGOTIATED: dict[str, str | None] = {
    LISTING: None,
    "text/vtt": OutputFormat.VTT,
    "application/x-subrip": OutputFormat.SRT,
    "text/plain": OutputFormat.TXT,
    "text/tab-separated-values": OutputFormat.TSV,
    word_document.MEDIA_TYPE: _DOCUMENT.extension,
}


def negotiate(accept: str) -> str | None:
    """Return the format that an Accept header asks for; None for the list of formats.

    Raises:
        NotAcceptable: it admits none of them.
    """
    chosen = choose_media_type(accept, tuple(_NEGOTIATED))
    if chosen is None:
        raise NotAcceptable(f"Accept one of {', '.join(_NEGOTIATED)}.")
    return _NEGOTIATED[chosen]


class ResultView(WireModel):
    """One format of a transcript."""

    format: str
    media_type: str
    href: str
    stored: bool
    """Whether the job stored it; otherwise it is rendered when it is asked for."""


class ResultList(WireModel):
    """What there is of a finished job."""

    outcome: Outcome
    """Partial where the job was ended before all of the recording was heard."""

    revision: int
    """The revision that the formats are rendered from; 0 for the original."""

    unsupported_options: tuple[str, ...]
    """What was asked for and the model could not do, by the names in the spec."""

    results: tuple[ResultView, ...]


def list_results(job: TranscriptionJob, manifest: Manifest, revision: int) -> ResultList:
    """Return every format of a job's transcript."""
    stored = {file.format.value for file in manifest.files}
    results = tuple(
        ResultView(
            format=name,
            media_type=form.media_type,
            href=f"/v2/jobs/{job.metadata.name}/results/{name}",
            stored=name in stored,
        )
        for name, form in RESULTS.items()
    )
    return ResultList(
        outcome=manifest.outcome,
        revision=revision,
        unsupported_options=manifest.unsupported_options,
        results=results,
    )
