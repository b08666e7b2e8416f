"""The app with its OpenAPI document, served at /openapi.json."""

import warnings
from typing import Any

from fastapi import FastAPI

_DESCRIPTION = """\
Recordings in, transcripts out. Routes under /v2 are the service's own; errors there are problem
details (RFC 9457), whose `type` programs go by and whose `detail` says what to do.
"""


class DocumentedApp(FastAPI):
    """A FastAPI whose document names each operation once."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(description=_DESCRIPTION, **settings)

    def openapi(self) -> dict[str, Any]:
        """Return the document, without HEAD: it is GET without the content."""
        if self.openapi_schema is None:
            with warnings.catch_warnings():
                # A route for GET and HEAD has one operation id for both.
                warnings.filterwarnings("ignore", "Duplicate Operation ID", UserWarning)
                document = super().openapi()
            for operations in document["paths"].values():
                operations.pop("head", None)
        return super().openapi()
