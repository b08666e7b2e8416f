"""What can go wrong between a client and the service.

    WaasError
    |-- InputError                what was to be sent cannot be sent
    |   |-- FileUnreadable
    |   |-- FileEmpty
    |   `-- FileChanged
    |-- InvalidAddress            that is no address of a server
    |-- InvalidKey                that is no API key
    |-- ConnectionFailed
    |   |-- ServerUnreachable
    |   |-- ServerBusy            it asks to be left alone for a while
    |   |-- UploadInterrupted     it went away before the recording was its own
    |   `-- NotAWaasServer
    |-- Refused                   it said no to this very request
    |   |-- Unauthenticated       it asks who sends the request
    |   |-- Forbidden
    |   |-- UnknownModel
    |   |-- UploadTooLarge
    |   |-- NotARecording
    |   |-- JobNotFound
    |   |-- JobNotEnded
    |   `-- ResultNotReady
    |-- ServerFailed
    |-- JobEnded                  there will be no transcript
    |   |-- JobFailed
    |   `-- JobCancelled
    `-- WaitedTooLong

The text of each is a sentence for the person who waits.
"""

from waas_client.answers import Job


class WaasError(Exception):
    """Anything that the client expects to go wrong."""


class InputError(WaasError):
    """What was to be sent cannot be sent."""


class FileUnreadable(InputError):
    """There is no such file, or it may not be read."""


class FileEmpty(InputError):
    """There is nothing in the file."""


class FileChanged(InputError):
    """The file became shorter while it was sent."""


class InvalidAddress(WaasError):
    """That is no address of a server."""


class InvalidKey(WaasError):
    """That is no API key."""


class ConnectionFailed(WaasError):
    """No conversation with a server of the service came about."""


class ServerUnreachable(ConnectionFailed):
    """Nobody answers at that address, or not in time."""


class ServerBusy(ConnectionFailed):
    """The server, or what it depends on, asks to be tried again later."""

    def __init__(
        self, message: str, *, problem: str = "", retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message)
        self.problem = problem
        """The name of the problem, for example `too-many-uploads`; empty if it gave none."""

        self.retry_after_seconds = retry_after_seconds
        """How long it asks to wait; None if it did not say."""


class UploadInterrupted(ConnectionFailed):
    """The server went away before it had said that the recording is its own."""


class NotAWaasServer(ConnectionFailed):
    """Somebody else answers there, to whom no recording is sent."""


class Refused(WaasError):
    """The server said no to this very request."""

    def __init__(self, message: str, *, status: int, problem: str = "") -> None:
        super().__init__(message)
        self.status = status
        """The HTTP status."""

        self.problem = problem
        """The name of the problem, for example `unknown-model`; empty if it gave none."""


class Unauthenticated(Refused):
    """The server knows nobody by the key that came, or none came."""


class Forbidden(Refused):
    """The server knows who asks, and that they may not do this."""


class UnknownModel(Refused):
    """The server has no such model."""


class UploadTooLarge(Refused):
    """The recording is longer than the server allows."""


class NotARecording(Refused):
    """What was sent is plainly something else than sound or video."""


class JobNotFound(Refused):
    """The server has no such job."""


class JobNotEnded(Refused):
    """The job waits or runs, and what was asked for needs it to have ended."""


class ResultNotReady(Refused):
    """There is no transcript, or not yet."""


class ServerFailed(WaasError):
    """The server made a mistake."""


class JobEnded(WaasError):
    """The job ended without a transcript."""

    def __init__(self, message: str, job: Job) -> None:
        super().__init__(message)
        self.job = job


class JobFailed(JobEnded):
    """The job failed; its reason and message say why."""


class JobCancelled(JobEnded):
    """Somebody cancelled the job."""


class WaitedTooLong(WaasError):
    """The job had not ended when the time that was given for it was over."""

    def __init__(self, message: str, job: Job) -> None:
        super().__init__(message)
        self.job = job
