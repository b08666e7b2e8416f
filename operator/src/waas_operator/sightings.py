"""What was just seen or written of TranscriptionJobs, so that nobody asks for it once more.

A sighting is taken once and is gone: whatever is looked at again without news is read from the API
server. One that is out of date does no harm either: a status is written only over the version that
it was derived from, and the conflict has everything read anew.
"""

from collections import OrderedDict

from waas_contract.transcription_job import TranscriptionJob

_MOST_SIGHTINGS = 1000
"""More than this are read from the API server, rather than kept in memory."""

_Place = tuple[str, str]


class Sightings:
    """The freshest state of each TranscriptionJob that nobody has looked at yet."""

    def __init__(self) -> None:
        """Have seen nothing."""
        self._latest: OrderedDict[_Place, TranscriptionJob] = OrderedDict()
        self._written: dict[_Place, int] = {}

    def see(self, transcription_job: TranscriptionJob) -> bool:
        """Note what an event shows; tells whether it is news.

        The operator's own write comes back as an event, and an event may come after a write that
        knew of it. Versions are compared as numbers (KEP-5504: an API server's are).
        """
        place = _place_of(transcription_job)
        written = self._written.get(place)
        version = _number(transcription_job)
        if written is not None and version is not None and version <= written:
            return False
        self._keep(place, transcription_job)
        return True

    def note_written(self, transcription_job: TranscriptionJob) -> None:
        """Note what the operator has just written, with the version that it got."""
        place = _place_of(transcription_job)
        if transcription_job.phase.is_final:
            self.forget(*place)
            return
        version = _number(transcription_job)
        if version is None:
            self.forget(*place)
            return
        self._written[place] = version
        self._keep(place, transcription_job)

    def take(self, namespace: str, name: str) -> TranscriptionJob | None:
        """Return what was seen last, once."""
        return self._latest.pop((namespace, name), None)

    def discard(self, namespace: str, name: str) -> None:
        """Have the next look read the resource itself."""
        self._latest.pop((namespace, name), None)

    def forget(self, namespace: str, name: str) -> None:
        """Drop all that is known of a resource that has ended or is gone."""
        self.discard(namespace, name)
        self._written.pop((namespace, name), None)

    def _keep(self, place: _Place, transcription_job: TranscriptionJob) -> None:
        self._latest[place] = transcription_job
        self._latest.move_to_end(place)
        if len(self._latest) > _MOST_SIGHTINGS:
            self._latest.popitem(last=False)


def _place_of(transcription_job: TranscriptionJob) -> _Place:
    metadata = transcription_job.metadata
    return metadata.namespace, metadata.name


def _number(transcription_job: TranscriptionJob) -> int | None:
    version = transcription_job.metadata.resource_version
    return int(version) if version.isdecimal() else None
