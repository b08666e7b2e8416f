"""What can go wrong in the api.

    ApiError
    |-- InvalidRequest            the request asks for what cannot be done
    |   |-- UnknownWebhook
    |   |-- UnknownModel
    |   |-- UnknownLanguage
    |   |-- UnknownTask
    |   |-- EnglishOnly
    |   |-- NoRecording
    |   |-- FormSent
    |   |-- NotARecording
    |   |-- NotAForm
    |   |-- MalformedForm
    |   |-- InvalidField
    |   |-- RecordingUnreadable
    |   `-- InvalidCursor
    |-- IdempotencyKeyReused      the key stands for another request
    |-- UploadError               the body did not arrive as it should
    |   |-- UploadTooLarge
    |   |-- UploadStalled
    |   |-- UploadCutOff
    |   `-- TooManyUploads
    |-- SourceError               the recording cannot be had from where the request says
    |   |-- SourceForbidden
    |   |-- SourceUnreachable
    |   |-- SourceTooLarge
    |   `-- SourceNotAudio
    |-- ResumableUploadError
    |   |-- UploadNotFound
    |   |-- UploadExpired
    |   |-- UploadLocked          somebody sends a piece of it at this moment
    |   |-- UploadComplete        it is a job by now
    |   |-- WrongOffset
    |   |-- ProtocolMismatch
    |   `-- UnsupportedPiece
    |-- AccessError
    |   |-- Unauthenticated
    |   |-- Forbidden
    |   |   |-- InvalidLink
    |   |   `-- LinksOff
    |   |-- LimitReached
    |   `-- AuthenticationUnavailable
    |-- JobNotFound
    |-- ClientLeft                nobody reads the answer any more
    |-- JobNotEnded               what was asked for has to wait for the job's end
    |-- TranscriptNotReady        the job is there, its transcript is not
    |   |-- JobFailed
    |   |   `-- BadRecording
    |   |-- JobCancelled
    |   `-- JobNotDone
    |       `-- WaitIsOver
    |-- JobEnded
    |-- AudioMissing              the recording is not in object storage, or no longer
    |-- PreviewMissing            there is nothing for a page to play or draw
    |-- PreconditionError
    |   |-- PreconditionFailed    it was changed meanwhile
    |   `-- PreconditionMissing   the client has to say what it has seen
    |-- NotAcceptable
    |-- TooManyStreams
    |-- DetectionError            nobody can say which language it is
    |   |-- DetectionFailed
    |   `-- DetectionTimedOut
    |-- UnsupportedOutput
    |-- TranscriptMissing         the job succeeded, yet its results cannot be found
    |-- StorageError
    |   |-- StorageUnavailable
    |   |   `-- StorageFull
    |   |-- ObjectNotFound
    |   |-- ObjectExists
    |   `-- ObjectTooLarge
    `-- ClusterError
        |-- ClusterUnavailable
        |   |-- JobChanged        it is not any more as it was read
        |   `-- RecordsFull
        |-- ClusterRefused
        |-- HistoryGone           the changes since then are not known any more
        |-- CreationUnknown       it may have been made or not
        `-- NameTaken

Adapters wrap what their libraries raise in this tree, so that nothing else knows the libraries.
Only answers.py, at the edge, knows what HTTP has for each.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field of a request."""

    field: str
    """As the client wrote it, nested ones with dots: `decoding.beamSize`."""

    detail: str
    """What would fit."""


class ApiError(Exception):
    """Anything that the api expects to go wrong; its text is a sentence for the client."""


class InvalidRequest(ApiError):
    """A parameter or the kind of body is not acceptable."""

    def __init__(self, message: str = "", *, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)
        """The fields that do not fit, where it is about fields."""


class UnknownWebhook(InvalidRequest):
    """The webhook id is not in the administrator's list."""


class UnknownModel(InvalidRequest):
    """The administrator's list has no such model."""


class UnknownLanguage(InvalidRequest):
    """Whisper knows no such language."""


class UnknownTask(InvalidRequest):
    """Whisper does no such thing."""


class EnglishOnly(InvalidRequest):
    """The model knows English alone, and more is asked of it."""


class NoRecording(InvalidRequest):
    """The body is empty."""


class FormSent(InvalidRequest):
    """The body is a form, which the service does not unpack."""


class NotARecording(InvalidRequest):
    """What was sent is plainly something else: a page, a document, a picture."""


class NotAForm(InvalidRequest):
    """The body is not the form that it has to be."""


class MalformedForm(InvalidRequest):
    """The body is no well-formed form, or breaks off."""


class InvalidField(InvalidRequest):
    """A field of a form holds what cannot be done."""

    def __init__(self, field: str, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.code = code
        """What programs know the mistake by, where it has a name."""


class RecordingUnreadable(InvalidRequest):
    """The body came whole, and there is no sound in it."""


class InvalidCursor(InvalidRequest):
    """No page of a list begins there, or not any more."""


class UploadError(ApiError):
    """The body did not arrive as it should."""


class UploadTooLarge(UploadError):
    """The body is longer than the administrator allows."""


class UploadStalled(UploadError):
    """The client sent nothing for too long, or took too long in all."""


class UploadCutOff(UploadError):
    """The connection ended, or had to be ended, before the body did."""


class TooManyUploads(UploadError):
    """No slot for another upload became free in time."""


class IdempotencyKeyReused(ApiError):
    """The Idempotency-Key was sent before, with a request for something else."""


class SourceError(ApiError):
    """The recording cannot be had from where the request says that it lies."""


class SourceForbidden(SourceError):
    """The service does not read from there, or not for this caller."""


class SourceUnreachable(SourceError):
    """Nobody answers there, or not with the recording."""


class SourceTooLarge(SourceError):
    """The recording there is longer than the administrator allows."""


class SourceNotAudio(SourceError):
    """What lies there is plainly no recording."""


class ResumableUploadError(ApiError):
    """A piece of an upload cannot be taken, or not so."""


class UploadNotFound(ResumableUploadError):
    """There is no such upload, or not of this caller's."""


class UploadExpired(ResumableUploadError):
    """The upload was not completed in time."""


class UploadLocked(ResumableUploadError):
    """Somebody sends a piece of the upload at this moment."""


class UploadComplete(ResumableUploadError):
    """The upload is a job by now."""


class WrongOffset(ResumableUploadError):
    """The piece does not begin where the upload ends."""

    def __init__(self, length: int) -> None:
        super().__init__(f"The upload has {length} bytes: go on from there.")
        self.length = length
        """Bytes that the upload has."""


class ProtocolMismatch(ResumableUploadError):
    """The client speaks no version of the protocol that the service knows."""


class UnsupportedPiece(ResumableUploadError):
    """The body is not marked as a piece of an upload."""


class AccessError(ApiError):
    """The caller is not let in, or not so far."""


class Unauthenticated(AccessError):
    """Nobody is known by the credentials that came, or none came."""


class Forbidden(AccessError):
    """The caller is known, and may not do that."""


class InvalidLink(Forbidden):
    """The link was not made here, or has expired."""


class LinksOff(Forbidden):
    """The administrator has set no secret by which links could be signed."""


class LimitReached(AccessError):
    """The caller, or the whole tenant, has as much as the administrator allows."""

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class AuthenticationUnavailable(AccessError):
    """Whoever knows the callers cannot be asked just now."""


class JobNotFound(ApiError):
    """There is no TranscriptionJob of that name."""


class ClientLeft(ApiError):
    """The client closed its connection, so that nobody reads the answer."""


class JobNotEnded(ApiError):
    """The job waits or runs, and what was asked for needs it to have ended."""


class JobEnded(ApiError):
    """The job has ended, and what was asked for needs it to wait or run."""


class AudioMissing(ApiError):
    """The recording is not in object storage, or no longer."""


class PreviewMissing(ApiError):
    """There is nothing for a page to play or draw: not yet, or the recording cannot be encoded."""


class PreconditionError(ApiError):
    """A change is not made, for it may undo another's."""


class PreconditionFailed(PreconditionError):
    """What the client has seen is not what is there."""


class PreconditionMissing(PreconditionError):
    """The client does not say what it has seen."""


class NotAcceptable(ApiError):
    """None of the media types that the client accepts is there."""


class TooManyStreams(ApiError):
    """So many clients listen to events that no other can."""


class TranscriptNotReady(ApiError):
    """The job is there, its transcript is not."""


class JobFailed(TranscriptNotReady):
    """The job ended without a transcript."""


class BadRecording(JobFailed):
    """Nothing could be heard in the recording, whoever tries."""


class JobCancelled(TranscriptNotReady):
    """Somebody cancelled the job."""


class JobNotDone(TranscriptNotReady):
    """The job is waiting or running."""


class WaitIsOver(JobNotDone):
    """The job goes on, but its client has waited for as long as it may."""

    def __init__(self, job_name: str, message: str) -> None:
        super().__init__(message)
        self.job_name = job_name


class DetectionError(ApiError):
    """Nobody can say which language it is."""


class DetectionFailed(DetectionError):
    """The job ended without a language."""


class DetectionTimedOut(DetectionError):
    """The job had no language in the time that the client may wait."""


class UnsupportedOutput(ApiError):
    """Nobody renders that format."""


class TranscriptMissing(ApiError):
    """The job succeeded, yet its results cannot be found."""


class StorageError(ApiError):
    """Object storage did not do what was asked."""


class StorageUnavailable(StorageError):
    """Object storage cannot be reached or does not work just now."""


class StorageFull(StorageUnavailable):
    """There is no room for another object until somebody makes some."""


class ObjectNotFound(StorageError):
    """There is no object under that key."""


class ObjectExists(StorageError):
    """There is an object under that key already."""


class ObjectTooLarge(StorageError):
    """The object is larger than what the api is willing to hold in memory."""


class ClusterError(ApiError):
    """The API server did not do what was asked."""


class ClusterUnavailable(ClusterError):
    """The API server cannot be reached or does not work just now."""

    def __init__(self, message: str, *, may_have_happened: bool = False) -> None:
        super().__init__(message)
        self.may_have_happened = may_have_happened
        """Whether the request could have been carried out all the same."""


class JobChanged(ClusterUnavailable):
    """A TranscriptionJob is not any more as it was read."""


class RecordsFull(ClusterUnavailable):
    """There is no room for another record until somebody makes some."""


class ClusterRefused(ClusterError):
    """The API server said no, for good."""

    def __init__(self, message: str, *, is_request_invalid: bool) -> None:
        super().__init__(message)
        self.is_request_invalid = is_request_invalid
        """Whether the client can mend it; if not, an administrator has to."""


class HistoryGone(ClusterError):
    """What has changed since a resourceVersion cannot be told: list anew."""


class CreationUnknown(ClusterError):
    """A TranscriptionJob may have been made or not, and nobody could say."""


class NameTaken(ClusterError):
    """There is a TranscriptionJob of that name already."""
