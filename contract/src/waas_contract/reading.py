"""Reads what an API server, or whoever stands in for it, gives as a TranscriptionJob."""

from pydantic import ValidationError

from waas_contract.transcription_job import KIND, TranscriptionJob


class UnreadableTranscriptionJob(ValueError):
    """It does not have the form that this release knows; the text says where, and shows no value.

    Another release may have written it, or a person past the CustomResourceDefinition.
    """


def read_transcription_job(resource: object) -> TranscriptionJob:
    """Return the resource as a model; raises UnreadableTranscriptionJob."""
    try:
        return TranscriptionJob.model_validate(resource)
    except ValidationError as error:
        # Not the error's own text: it shows the values, which may be somebody's words.
        details = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['type']}" for each in error.errors()
        )
        raise UnreadableTranscriptionJob(f"not in the form of a {KIND}: {details}") from None
