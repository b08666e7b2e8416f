"""Sends speech to the api of a release, and waits for its transcript: `helm test`."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FINAL = ("Succeeded", "Failed", "Cancelled")
PAUSE_SECONDS = 10
LONGEST_SILENCE_SECONDS = 60


class TestFailed(Exception):
    """What went wrong, in a sentence."""


def ask(method: str, path: str, body: bytes | None = None, *, timeout: float = 60) -> bytes:
    """Return the api's answer, or say what it refused and why."""
    headers = {"Content-Type": "audio/ogg"} if body else {}
    if token := read_token():
        headers["Authorization"] = f"Bearer {token}"
    address = os.environ["WAAS_SERVER"] + path
    request = urllib.request.Request(address, data=body, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            content: bytes = answer.read()
            return content
    except urllib.error.HTTPError as error:
        detail = error.read().decode(errors="replace")
        raise TestFailed(f"{method} {path}: {error.code}: {detail}") from error
    except OSError as error:
        raise TestFailed(f"{method} {path}: the api does not answer: {error}") from error


def read_token() -> str:
    """Return how this pod logs in: its own token, an API key, or not at all."""
    if file := os.environ.get("WAAS_TOKEN_FILE"):
        return Path(file).read_text().strip()
    return os.environ.get("WAAS_API_KEY", "")


def reach() -> None:
    """Wait until the api answers: a network with policies lets a new pod through a little later."""
    until = time.monotonic() + LONGEST_SILENCE_SECONDS
    while True:
        try:
            ask("GET", "/healthz", timeout=5)
            return
        except TestFailed:
            if time.monotonic() >= until:
                raise
        time.sleep(1)


def wait(job_id: str, until: float) -> dict[str, Any]:
    """Return the job once it has ended, telling of each change meanwhile."""
    told = ""
    while True:
        job: dict[str, Any] = json.loads(ask("GET", f"/v2/jobs/{job_id}"))
        line = ": ".join(str(job[each]) for each in ("phase", "reason", "message") if job[each])
        if line != told:
            say(line)
            told = line
        if job["phase"] in FINAL:
            return job
        if time.monotonic() >= until:
            raise TestFailed("nothing came of it in time")
        time.sleep(1)


def transcribe(model: str, until: float) -> str:
    """Send the speech and return what was heard; what was made for it goes in any case."""
    path = f"/v2/jobs?file_name=speech.ogg&language=english&model={model}"
    while True:
        job_id = json.loads(ask("POST", path, (HERE / "speech.ogg").read_bytes()))["id"]
        try:
            job = wait(job_id, until)
            if job["phase"] == "Succeeded":
                return ask("GET", f"/v2/jobs/{job_id}/results/txt").decode().strip()
        finally:
            ask("DELETE", f"/v2/jobs/{job_id}?force=true")
        # Somebody may be just bringing it.
        if job["reason"] != "ModelNotFound" or time.monotonic() >= until:
            raise TestFailed(f"{job['reason']}: {job['message']}")
        time.sleep(PAUSE_SECONDS)


def say(line: str) -> None:
    """Write a line to the pod's log."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Return 0 where words came back."""
    until = time.monotonic() + float(os.environ["WAAS_TEST_PATIENCE_SECONDS"])
    try:
        reach()
        text = transcribe(os.environ["WAAS_TEST_MODEL"], until)
    except TestFailed as error:
        say(str(error))
        return 1
    say(f"heard: {text}")
    # Of any model, for the smallest may take one word for another.
    return 0 if len(text.split()) >= 4 else 1


if __name__ == "__main__":
    sys.exit(main())
