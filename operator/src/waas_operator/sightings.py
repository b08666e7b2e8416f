"""What was just seen or written of TranscriptionJobs, so that nobody asks for it once more.

A sighting is taken once and is gone: whatever is looked at again without news is read from the API
server. One that is out of date does no harm either: a status is written only over the version that
it was derived from, and the conflict has everything read anew. Of Jobs only those count that have
ended, for they stay so. Of other Jobs and of pods no more is kept than tells whether a later event
shows anything else of them.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import TypeVar

from waas_contract.reading import read_transcription_job
from waas_contract.transcription_job import TranscriptionJob
from waas_operator.seams import Resource

_MOST_SIGHTINGS = 10_000
"""More than this are read from the API server, rather than kept in memory: 2 KB each."""

_Place = tuple[str, str]
_Seen = TypeVar("_Seen")


class Sightings:
    """The freshest state of each TranscriptionJob that nobody has looked at yet."""

    def __init__(self) -> None:
        """Have seen nothing."""
        # As JSON, which takes a fifth of a model's memory, and a hundredth of a request's time.
        self._latest: OrderedDict[_Place, bytes] = OrderedDict()
        self._finished_jobs: OrderedDict[_Place, Resource] = OrderedDict()
        self._live: dict[_Place, int | None] = {}
        """All that nobody has seen the end of, with the version that we wrote last."""

        self._children: dict[_Place, dict[str, int]] = {}
        """Of each of those, by the name of a Job or pod, the hash of what was seen of it last."""

    def see(self, transcription_job: TranscriptionJob) -> bool:
        """Note what an event shows of one that has not ended; tells whether it is news.

        The operator's own write comes back as an event, and an event may come after a write that
        knew of it. Versions are compared as numbers (KEP-5504: an API server's are).
        """
        place = _place_of(transcription_job)
        written = self._live.setdefault(place, None)
        version = _number(transcription_job)
        if written is not None and version is not None and version <= written:
            return False
        _keep(self._latest, place, _to_json(transcription_job))
        return True

    def see_listed(self, namespace: str, name: str) -> None:
        """Note one that has not ended, and have the next look read the resource itself."""
        self._live.setdefault((namespace, name), None)
        self._latest.pop((namespace, name), None)

    def see_finished_job(self, namespace: str, name: str, job: Resource) -> None:
        """Note a Job that has ended."""
        _keep(self._finished_jobs, (namespace, name), job)

    def see_child(self, owner: tuple[str, str], child: str, state: Hashable) -> bool:
        """Note what decisions hang on of a live one's Job or pod; tells whether it is news.

        Whatever is news is looked at until that succeeds, so that the same once more is none.
        """
        children = self._children.setdefault(owner, {})
        seen = hash(state)
        if children.get(child) == seen:
            return False
        children[child] = seen
        return True

    def forget_child(self, owner: tuple[str, str], child: str) -> None:
        """Drop a Job or pod that is gone."""
        self._children.get(owner, {}).pop(child, None)

    def forget_job(self, namespace: str, name: str) -> None:
        """Drop a Job that is gone."""
        self._finished_jobs.pop((namespace, name), None)

    def note_written(self, transcription_job: TranscriptionJob) -> None:
        """Note what the operator has just written, with the version that it got."""
        place = _place_of(transcription_job)
        version = _number(transcription_job)
        self._live[place] = version
        if version is None or transcription_job.phase.is_final:
            self._latest.pop(place, None)
        else:
            _keep(self._latest, place, _to_json(transcription_job))

    def is_live(self, namespace: str, name: str) -> bool:
        """Tell whether it is known and nobody has seen its end: only then do its children count."""
        return (namespace, name) in self._live

    def take(self, namespace: str, name: str) -> TranscriptionJob | None:
        """Return what was seen last, once."""
        seen = self._latest.pop((namespace, name), None)
        return read_transcription_job(seen) if seen else None

    def take_finished_job(self, namespace: str, name: str) -> Resource | None:
        """Return a Job of this name that was seen to have ended, once."""
        return self._finished_jobs.pop((namespace, name), None)

    def forget(self, namespace: str, name: str) -> None:
        """Drop all that is known of a resource that has ended or is gone."""
        self._latest.pop((namespace, name), None)
        self._live.pop((namespace, name), None)
        self._children.pop((namespace, name), None)


def _keep(sightings: OrderedDict[_Place, _Seen], place: _Place, seen: _Seen) -> None:
    sightings[place] = seen
    sightings.move_to_end(place)
    if len(sightings) > _MOST_SIGHTINGS:
        sightings.popitem(last=False)


def _to_json(transcription_job: TranscriptionJob) -> bytes:
    return transcription_job.model_dump_json(by_alias=True, exclude_none=True).encode()


def _place_of(transcription_job: TranscriptionJob) -> _Place:
    metadata = transcription_job.metadata
    return metadata.namespace, metadata.name


def _number(transcription_job: TranscriptionJob) -> int | None:
    version = transcription_job.metadata.resource_version
    return int(version) if version.isdecimal() else None
