"""What a request asks for cannot be done, or not as things are."""

from collections.abc import Sequence

from waas_api.errors.base import ApiError, Fault


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


class IdempotencyKeyReused(ApiError):
    """The Idempotency-Key was sent before, with a request for something else."""


class PreconditionError(ApiError):
    """A change is not made, for it may undo another's."""


class PreconditionFailed(PreconditionError):
    """What the client has seen is not what is there."""


class PreconditionMissing(PreconditionError):
    """The client does not say what it has seen."""


class NotAcceptable(ApiError):
    """None of the media types that the client accepts is there."""


class UnsupportedOutput(ApiError):
    """Nobody renders that format."""
