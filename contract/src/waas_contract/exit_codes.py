"""The job's exit codes and the reason that each one stands for.

The numbers are those of BSD's sysexits.h; Kubernetes reserves the codes above 128 for signals.
"""

from enum import IntEnum, StrEnum


class FailureReason(StrEnum):
    """Why a transcription ended without a result; the `reason` of Succeeded=False."""

    BAD_AUDIO = "BadAudio"
    SOURCE_NOT_FOUND = "SourceNotFound"
    SOURCE_FORBIDDEN = "SourceForbidden"
    MODEL_NOT_FOUND = "ModelNotFound"
    BAD_CONFIGURATION = "BadConfiguration"
    PROFILE_NOT_FOUND = "ProfileNotFound"
    NAME_CONFLICT = "NameConflict"
    STORAGE_UNAVAILABLE = "StorageUnavailable"
    OUT_OF_MEMORY = "OutOfMemory"
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    QUEUE_DEADLINE_EXCEEDED = "QueueDeadlineExceeded"
    BACKOFF_LIMIT_EXCEEDED = "BackoffLimitExceeded"
    RESULTS_MISSING = "ResultsMissing"
    INTERRUPTED = "Interrupted"
    CANCELLED = "Cancelled"
    INTERNAL_ERROR = "InternalError"


class ExitCode(IntEnum):
    """What the job program says to Kubernetes when it ends."""

    SUCCESS = 0
    BAD_AUDIO = 65  # EX_DATAERR: no other attempt can hear more in it
    SOURCE_NOT_FOUND = 66  # EX_NOINPUT: the object is not there
    INTERNAL_ERROR = 70  # EX_SOFTWARE: ours; another attempt may do better
    STORAGE_UNAVAILABLE = 75  # EX_TEMPFAIL: not the job's fault, so it costs no attempt
    BAD_CONFIGURATION = 78  # EX_CONFIG: an administrator has to act
    INTERRUPTED = 143  # 128 + SIGTERM: its pod is going away


PERMANENT_EXIT_CODES = (
    ExitCode.BAD_AUDIO,
    ExitCode.SOURCE_NOT_FOUND,
    ExitCode.BAD_CONFIGURATION,
)
"""Codes that fail the Job at once."""

FREE_EXIT_CODES = (ExitCode.STORAGE_UNAVAILABLE,)
"""Codes that are tried again without counting against `backoffLimit`."""

_EXIT_CODES: dict[FailureReason, ExitCode] = {
    FailureReason.BAD_AUDIO: ExitCode.BAD_AUDIO,
    FailureReason.SOURCE_NOT_FOUND: ExitCode.SOURCE_NOT_FOUND,
    FailureReason.MODEL_NOT_FOUND: ExitCode.BAD_CONFIGURATION,
    FailureReason.BAD_CONFIGURATION: ExitCode.BAD_CONFIGURATION,
    FailureReason.STORAGE_UNAVAILABLE: ExitCode.STORAGE_UNAVAILABLE,
    FailureReason.INTERRUPTED: ExitCode.INTERRUPTED,
}

_REASONS: dict[int, FailureReason] = {
    ExitCode.BAD_AUDIO: FailureReason.BAD_AUDIO,
    ExitCode.SOURCE_NOT_FOUND: FailureReason.SOURCE_NOT_FOUND,
    ExitCode.STORAGE_UNAVAILABLE: FailureReason.STORAGE_UNAVAILABLE,
    ExitCode.BAD_CONFIGURATION: FailureReason.BAD_CONFIGURATION,
    ExitCode.INTERRUPTED: FailureReason.INTERRUPTED,
}


def exit_code_for(reason: FailureReason) -> ExitCode:
    """Return the code with which the job program reports a reason."""
    return _EXIT_CODES.get(reason, ExitCode.INTERNAL_ERROR)


def reason_for(exit_code: int) -> FailureReason:
    """Return the reason that a bare exit code stands for, when no message came with it."""
    return _REASONS.get(exit_code, FailureReason.INTERNAL_ERROR)
