"""Who waits for a transcription, by priority and then in the order in which they came."""

from collections.abc import Sequence

from waas_api.jobs.transcription_jobs import TranscriptionJobs


class WaitingLine:
    """The names of the waiting TranscriptionJobs, those first who are next."""

    def __init__(self, jobs: TranscriptionJobs) -> None:
        self._jobs = jobs

    async def names(self, *, including: str | None = None) -> Sequence[str]:
        """Return the names as they are now; one that was just read may be asked to be there."""
        index = await self._jobs.index()
        if including is not None and including not in index:
            # Another replica made it a moment ago; reading it puts it in the index.
            await self._jobs.get(including)
        return index.waiting
