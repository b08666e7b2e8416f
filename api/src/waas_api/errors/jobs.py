"""What a job is in no state for."""

from waas_api.errors.base import ApiError


class JobNotFound(ApiError):
    """There is no TranscriptionJob of that name."""


class JobNotEnded(ApiError):
    """The job waits or runs, and what was asked for needs it to have ended."""


class JobEnded(ApiError):
    """The job has ended, and what was asked for needs it to wait or run."""


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


class TranscriptMissing(ApiError):
    """The job succeeded, yet its results cannot be found."""


class PreviewMissing(ApiError):
    """There is nothing for a page to play or draw: not yet, or the recording cannot be encoded."""
