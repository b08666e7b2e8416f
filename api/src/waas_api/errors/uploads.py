"""A recording does not arrive, or cannot be had."""

from waas_api.errors.base import ApiError


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


class AudioMissing(ApiError):
    """The recording is not in object storage, or no longer."""
