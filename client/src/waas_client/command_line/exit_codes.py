"""The exit codes of `waas`, for scripts; from 64 on they are those of BSD's sysexits.h."""

from collections.abc import Collection
from enum import IntEnum

from waas_client.errors import (
    ConnectionFailed,
    Forbidden,
    InputError,
    InvalidAddress,
    InvalidKey,
    JobFailed,
    JobNotEnded,
    JobNotFound,
    NotARecording,
    Refused,
    ResultNotReady,
    ServerBusy,
    Unauthenticated,
    UploadTooLarge,
    WaasError,
    WaitedTooLong,
)
from waas_contract.exit_codes import FailureReason


class ExitCode(IntEnum):
    """What the command says to whoever called it."""

    OK = 0
    SOME_FAILED = 1
    USAGE = 2
    BAD_INPUT = 65
    NOT_FOUND = 66
    UNAVAILABLE = 69
    FAILED = 70
    CANNOT_WRITE = 73
    TRY_LATER = 75
    NO_PERMISSION = 77
    BAD_SETTINGS = 78
    INTERRUPTED = 130


MEANINGS: dict[ExitCode, str] = {
    ExitCode.OK: "all went well",
    ExitCode.SOME_FAILED: "some files failed, or for different reasons",
    ExitCode.USAGE: "the command line or the server's options do not allow it",
    ExitCode.BAD_INPUT: "a file cannot be read or holds no speech that can be heard",
    ExitCode.NOT_FOUND: "there is no such job, or the model is not on this machine",
    ExitCode.UNAVAILABLE: "no server answers, it went away, or it is not one of this service",
    ExitCode.FAILED: "the transcription or the server failed",
    ExitCode.CANNOT_WRITE: "an output cannot be written or is there already",
    ExitCode.TRY_LATER: "not yet: the server is busy, or the job has not ended",
    ExitCode.NO_PERMISSION: "the server does not know WAAS_API_KEY, or does not allow it this",
    ExitCode.BAD_SETTINGS: "`waas serve` or `waas models`: no such model, or a setting is wrong",
    ExitCode.INTERRUPTED: "stopped by Ctrl-C or a signal",
}

_CODES: tuple[tuple[type[WaasError], ExitCode], ...] = (
    (ServerBusy, ExitCode.TRY_LATER),
    (ConnectionFailed, ExitCode.UNAVAILABLE),
    (InputError, ExitCode.BAD_INPUT),
    (UploadTooLarge, ExitCode.BAD_INPUT),
    (NotARecording, ExitCode.BAD_INPUT),
    (JobNotFound, ExitCode.NOT_FOUND),
    (JobNotEnded, ExitCode.TRY_LATER),
    (ResultNotReady, ExitCode.TRY_LATER),
    (WaitedTooLong, ExitCode.TRY_LATER),
    (Unauthenticated, ExitCode.NO_PERMISSION),
    (Forbidden, ExitCode.NO_PERMISSION),
    (Refused, ExitCode.USAGE),
    (InvalidKey, ExitCode.USAGE),
    (InvalidAddress, ExitCode.USAGE),
)
_BAD_INPUT_REASONS = (FailureReason.BAD_AUDIO, FailureReason.SOURCE_NOT_FOUND)


class CommandError(WaasError):
    """What the command itself, and no server, cannot do."""

    def __init__(self, message: str, exit_code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def exit_code_of(error: WaasError) -> ExitCode:
    """Return the exit code that stands for an error."""
    if isinstance(error, CommandError):
        return error.exit_code
    if isinstance(error, JobFailed) and error.job.reason in _BAD_INPUT_REASONS:
        return ExitCode.BAD_INPUT
    return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.FAILED)


def combine(codes: Collection[ExitCode]) -> ExitCode:
    """Return the exit code of many files: the one that all of them have, else SOME_FAILED."""
    different = set(codes) or {ExitCode.OK}
    return different.pop() if len(different) == 1 else ExitCode.SOME_FAILED
