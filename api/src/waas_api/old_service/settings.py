"""The settings that the old service had, under its own names and under ours.

Those of mails are the operator's: `waas_contract.notification_settings`.
"""

from pydantic import Field
from pydantic_settings import BaseSettings

from waas_contract.notification_settings import AllowedWebhooksFile, under_both_names


class OldServiceSettings(BaseSettings):
    """A setting `x` is read from `WAAS_X`, else from `X`, as the old service read it."""

    disclaimer: str = Field(default="", validation_alias=under_both_names("DISCLAIMER"))
    """What the web page says to everybody who opens it."""

    allowed_webhooks_file: AllowedWebhooksFile = Field(
        default=None, validation_alias=under_both_names("ALLOWED_WEBHOOKS_FILE")
    )
    """JSON list of webhooks, of which the api reads only the ids. None allows no webhook."""

    callback_required: bool = True
    """Whether POST /v1/transcribe wants `email_callback` or `webhook_id`, as it always did."""

    longest_detection_seconds: int = Field(default=120, ge=1, le=3600)
    """Longest that POST /v1/detect waits for the language."""
