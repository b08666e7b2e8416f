"""Runs the api: `waas-api`."""

import os
import sys
from contextlib import suppress

import uvicorn
from pydantic import ValidationError
from pydantic_settings import SettingsError

from waas_api.app import create_app
from waas_api.logs import configure_logging
from waas_api.serving import Server
from waas_api.settings import Settings
from waas_api.tracing import RequestSpans

_EX_CONFIG = 78  # sysexits.h
_NOT_STARTED = 3  # uvicorn's own


def explain_settings(error: Exception) -> str:
    """Return which variables do not fit and why, without what they hold."""
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(
        f"{_name_variable('.'.join(map(str, each['loc'])))}: {each['msg']}".removeprefix(": ")
        for each in error.errors(include_input=False)
    )


def _name_variable(location: str) -> str:
    name = location.upper()
    if name.startswith("WAAS_"):
        # One that has the old service's name beside ours.
        return f"{name} or {name.removeprefix('WAAS_')}"
    return name and f"WAAS_{name}"


def main() -> int:
    """Serve until told to stop; returns the exit code."""
    try:
        settings = Settings()
        spans = RequestSpans.connect(os.environ)
        app = create_app(settings, span_of_request=spans.span_of_request if spans else None)
    except (ValueError, SettingsError) as error:
        sys.stderr.write(f"waas-api: the settings do not fit: {explain_settings(error)}\n")
        return _EX_CONFIG
    configure_logging()
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        # Otherwise a request could tell from which address it came, which decides who is believed.
        proxy_headers=False,
        timeout_graceful_shutdown=settings.longest_shutdown_seconds,
    )
    server = Server(
        config, app.state.services.live_streams, at_the_end=spans.close if spans else None
    )
    with suppress(KeyboardInterrupt):
        server.run()
    return 0 if server.started else _NOT_STARTED
