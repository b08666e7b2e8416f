"""What can end an item without a result.

    JobError
    ├── BadAudio            no other attempt can hear more in it
    ├── SourceNotFound      the recording is not in the bucket
    ├── ModelNotFound       the model cache lacks the checkpoint, or holds a broken one
    ├── BadConfiguration    the environment makes no sense; an administrator has to act
    ├── StorageUnavailable  the store was out of reach for longer than our patience
    ├── OutOfMemory         this machine, or its GPU, is too small for the recording
    └── InternalError       anything else; another attempt may do better

Every message is a sentence for a person who sent a recording, and never holds a URL: a presigned
one is a key to the bucket.
"""

from typing import ClassVar

from waas_contract.exit_codes import FailureReason


class JobError(Exception):
    """An item cannot be finished, for a reason that a person can read."""

    reason: ClassVar[FailureReason]

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadAudio(JobError):
    """The recording holds nothing that can be heard."""

    reason = FailureReason.BAD_AUDIO


class SourceNotFound(JobError):
    """The store answered that the recording does not exist."""

    reason = FailureReason.SOURCE_NOT_FOUND


class ModelNotFound(JobError):
    """The model's checkpoint cannot be loaded from the cache."""

    reason = FailureReason.MODEL_NOT_FOUND


class BadConfiguration(JobError):
    """What the program was told cannot work."""

    reason = FailureReason.BAD_CONFIGURATION


class StorageUnavailable(JobError):
    """The store did not do what it was asked for, often enough."""

    reason = FailureReason.STORAGE_UNAVAILABLE


class OutOfMemory(JobError):
    """Memory ran out, on the host or on the GPU."""

    reason = FailureReason.OUT_OF_MEMORY


class InternalError(JobError):
    """Something that should not have happened."""

    reason = FailureReason.INTERNAL_ERROR
