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

from waas_api.errors.access import (
    AccessError,
    AuthenticationUnavailable,
    ClientLeft,
    Forbidden,
    InvalidLink,
    LimitReached,
    LinksOff,
    TooManyStreams,
    Unauthenticated,
)
from waas_api.errors.base import (
    ApiError,
    Fault,
)
from waas_api.errors.cluster import (
    ClusterError,
    ClusterRefused,
    ClusterUnavailable,
    CreationUnknown,
    HistoryGone,
    JobChanged,
    NameTaken,
    RecordsFull,
)
from waas_api.errors.jobs import (
    BadRecording,
    DetectionError,
    DetectionFailed,
    DetectionTimedOut,
    JobCancelled,
    JobEnded,
    JobFailed,
    JobNotDone,
    JobNotEnded,
    JobNotFound,
    PreviewMissing,
    TranscriptMissing,
    TranscriptNotReady,
    WaitIsOver,
)
from waas_api.errors.requests import (
    EnglishOnly,
    FormSent,
    IdempotencyKeyReused,
    InvalidCursor,
    InvalidField,
    InvalidRequest,
    MalformedForm,
    NoRecording,
    NotAcceptable,
    NotAForm,
    NotARecording,
    PreconditionError,
    PreconditionFailed,
    PreconditionMissing,
    RecordingUnreadable,
    UnknownLanguage,
    UnknownModel,
    UnknownTask,
    UnknownWebhook,
    UnsupportedOutput,
)
from waas_api.errors.storage import (
    ObjectExists,
    ObjectNotFound,
    ObjectTooLarge,
    StorageError,
    StorageFull,
    StorageUnavailable,
)
from waas_api.errors.uploads import (
    AudioMissing,
    ProtocolMismatch,
    ResumableUploadError,
    SourceError,
    SourceForbidden,
    SourceNotAudio,
    SourceTooLarge,
    SourceUnreachable,
    TooManyUploads,
    UnsupportedPiece,
    UploadComplete,
    UploadCutOff,
    UploadError,
    UploadExpired,
    UploadLocked,
    UploadNotFound,
    UploadStalled,
    UploadTooLarge,
    WrongOffset,
)

__all__ = [
    "AccessError",
    "ApiError",
    "AudioMissing",
    "AuthenticationUnavailable",
    "BadRecording",
    "ClientLeft",
    "ClusterError",
    "ClusterRefused",
    "ClusterUnavailable",
    "CreationUnknown",
    "DetectionError",
    "DetectionFailed",
    "DetectionTimedOut",
    "EnglishOnly",
    "Fault",
    "Forbidden",
    "FormSent",
    "HistoryGone",
    "IdempotencyKeyReused",
    "InvalidCursor",
    "InvalidField",
    "InvalidLink",
    "InvalidRequest",
    "JobCancelled",
    "JobChanged",
    "JobEnded",
    "JobFailed",
    "JobNotDone",
    "JobNotEnded",
    "JobNotFound",
    "LimitReached",
    "LinksOff",
    "MalformedForm",
    "NameTaken",
    "NoRecording",
    "NotAForm",
    "NotARecording",
    "NotAcceptable",
    "ObjectExists",
    "ObjectNotFound",
    "ObjectTooLarge",
    "PreconditionError",
    "PreconditionFailed",
    "PreconditionMissing",
    "PreviewMissing",
    "ProtocolMismatch",
    "RecordingUnreadable",
    "RecordsFull",
    "ResumableUploadError",
    "SourceError",
    "SourceForbidden",
    "SourceNotAudio",
    "SourceTooLarge",
    "SourceUnreachable",
    "StorageError",
    "StorageFull",
    "StorageUnavailable",
    "TooManyStreams",
    "TooManyUploads",
    "TranscriptMissing",
    "TranscriptNotReady",
    "Unauthenticated",
    "UnknownLanguage",
    "UnknownModel",
    "UnknownTask",
    "UnknownWebhook",
    "UnsupportedOutput",
    "UnsupportedPiece",
    "UploadComplete",
    "UploadCutOff",
    "UploadError",
    "UploadExpired",
    "UploadLocked",
    "UploadNotFound",
    "UploadStalled",
    "UploadTooLarge",
    "WaitIsOver",
    "WrongOffset",
]
