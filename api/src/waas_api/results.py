"""The formats of GET /v2/jobs/<id>/results/<format>.

Those of the contract, and those that only the old service had. Where both have a name, it means
the contract's: the same bytes as the job stored.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from waas_api.downloads import DOWNLOADS, NewId
from waas_api.errors import UnsupportedOutput
from waas_contract.formats import CONTENT_TYPES, OutputFormat, render_transcript
from waas_contract.transcript import Transcript
from waas_contract.transcription_job import TranscriptionJob

_DEFAULT_STEM = "transcript"


@dataclass(frozen=True)
class ResultForm:
    """How one format is sent."""

    extension: str
    media_type: str
    render: Callable[[Transcript, str, NewId], str]
    """From the transcript, the name of the file and a source of ids."""

    def file_name(self, job: TranscriptionJob) -> str:
        """Return the name of the file: the recording's, with this format's extension."""
        stem = PurePosixPath(job.spec.source.file_name or "").stem
        return f"{stem or _DEFAULT_STEM}.{self.extension}"


def _in_format(output_format: OutputFormat) -> ResultForm:
    return ResultForm(
        output_format,
        CONTENT_TYPES[output_format],
        lambda transcript, _, __: render_transcript(transcript, output_format),
    )


_RESULTS: dict[str, ResultForm] = {each.value: _in_format(each) for each in OutputFormat} | {
    name: ResultForm(form.extension, form.media_type, form.render)
    for name, form in DOWNLOADS.items()
    if name not in set(OutputFormat) and form.extension is not None
}


def find_result(output: str) -> ResultForm:
    """Return how a format is sent, or raise UnsupportedOutput."""
    if output not in _RESULTS:
        raise UnsupportedOutput(
            f"There is no format {output!r}: choose from {', '.join(_RESULTS)}."
        )
    return _RESULTS[output]
