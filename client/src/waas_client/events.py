"""Reads the server-sent events of a job (https://html.spec.whatwg.org/#server-sent-events)."""

import json

from pydantic import ValidationError

from waas_client.answers import Job

_WHOLE = ("status", "end")
_PART = "progress"


class EventReader:
    """Puts the bytes of a stream together to what they tell of a job."""

    def __init__(self) -> None:
        self.last_event_id = ""
        """By which a stream is taken up again."""

        self._rest = b""

    def begin(self) -> None:
        """Forget what a stream that broke has left unfinished."""
        self._rest = b""

    def read(self, content: bytes, job: Job) -> Job:
        """Return the job as it is by the events that these bytes complete."""
        *blocks, self._rest = (self._rest + content).split(b"\n\n")
        for block in blocks:
            job = self._read_event(block, job)
        return job

    def _read_event(self, block: bytes, job: Job) -> Job:
        fields: dict[str, str] = {}
        # Not by `splitlines`: a file's name may hold what Unicode takes for the end of a line.
        for line in block.decode("utf-8", errors="replace").split("\n"):
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        self.last_event_id = fields.get("id", self.last_event_id)
        return _apply(fields.get("event", ""), fields.get("data", ""), job)


def _apply(event: str, data: str, job: Job) -> Job:
    """Return a job as an event tells it; one that says nothing that we know changes nothing."""
    try:
        if event in _WHOLE:
            return Job.model_validate_json(data)
        if event == _PART:
            return Job.model_validate({**job.model_dump(by_alias=True), **json.loads(data)})
    except (ValidationError, ValueError, TypeError):
        # Whatever it was, the next look at the job tells as well.
        return job
    return job
