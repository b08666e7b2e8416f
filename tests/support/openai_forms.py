"""An app on fakes, asked in the way of OpenAI's clients."""

from dataclasses import dataclass
from typing import Any

import httpx

from support.quick_api import QuickApi
from waas_contract.transcription_job import TranscriptionJob

SOUND = b"sound"
TRANSCRIPTIONS = "/v1/audio/transcriptions"


@dataclass
class OpenAIApi(QuickApi):
    """Jobs come to their end by themselves, unless `moving_jobs.stays_running`."""

    async def ask(
        self, path: str = TRANSCRIPTIONS, *, sound: bytes = SOUND, **fields: Any
    ) -> httpx.Response:
        """Send a form, with the file last as OpenAI's clients do."""
        async with self.client() as client:
            return await client.post(path, data=fields, files={"file": ("a.mp3", sound)})

    def only_job(self) -> TranscriptionJob:
        """Return the one job that there is."""
        (job,) = self.jobs.jobs.values()
        return job

    def audio_keys(self) -> list[str]:
        """Return where recordings lie."""
        return sorted(key for key in self.storage.objects if "/audio/" in key)
