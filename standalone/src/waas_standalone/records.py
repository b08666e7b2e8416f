"""Objects of Kubernetes as rows, under the rules that an API server keeps.

A name is taken once; each write gets a new `resourceVersion`; a change of the spec counts
`generation` up; a status is written only over the version that was read.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from uuid import uuid4

from waas_contract.names import TRANSCRIPTION_JOB_LABEL
from waas_contract.transcription_job import Priority
from waas_operator.reconcile import Key
from waas_operator.seams import Resource
from waas_standalone.batching import RANKS
from waas_standalone.database import Database
from waas_standalone.errors import NameExists, VersionChanged

Result = TypeVar("Result")

_RANK = (
    "CASE owners.resource ->> '$.spec.priority' "
    + " ".join(f"WHEN '{priority}' THEN {rank}" for priority, rank in RANKS.items())
    + f" ELSE {RANKS[Priority.NORMAL]} END"
)


class Kind(StrEnum):
    """What is kept."""

    TRANSCRIPTION_JOB = "TranscriptionJob"
    JOB = "Job"
    POD = "Pod"
    SECRET = "Secret"


@dataclass(frozen=True)
class Row:
    """An object with its place in the order in which objects were made."""

    sequence: int
    resource: Resource


@dataclass(frozen=True)
class WaitingRow:
    """A pod that nobody runs, with what there is to know before it is run."""

    place: int
    rank: int
    """The one of the priority that its TranscriptionJob has now."""

    audio_key: str | None
    """None where the TranscriptionJob is not in a form that this release knows."""

    job: Resource
    pod: Resource
    has_failed_before: bool


def owner_of(kind: Kind, resource: Resource) -> str:
    """Return the name of the TranscriptionJob that an object belongs to."""
    metadata = resource["metadata"]
    if kind is Kind.TRANSCRIPTION_JOB:
        return str(metadata["name"])
    return str(metadata["labels"][TRANSCRIPTION_JOB_LABEL])


@dataclass
class Transaction:
    """Reads and writes that happen together or not at all."""

    connection: sqlite3.Connection
    now: datetime
    touched: set[Key] = field(default_factory=set)
    """The TranscriptionJobs of which something was written."""

    def get(self, kind: Kind, namespace: str, name: str) -> Resource | None:
        """Return an object, or None where there is none."""
        rows = self._select("kind = ? AND namespace = ? AND name = ?", (kind, namespace, name))
        return rows[0].resource if rows else None

    def list_of_owner(self, kind: Kind, namespace: str, owner: str) -> list[Resource]:
        """Return what belongs to a TranscriptionJob, oldest first."""
        where = "kind = ? AND namespace = ? AND owner = ? ORDER BY sequence"
        return [row.resource for row in self._select(where, (kind, namespace, owner))]

    def list_in_phases(self, kind: Kind, namespace: str, phases: Iterable[str]) -> list[Row]:
        """Return what is in one of some phases, oldest first; `""` is for no phase at all."""
        wanted = tuple(phases)
        marks = ", ".join("?" * len(wanted))
        where = f"kind = ? AND namespace = ? AND phase IN ({marks}) ORDER BY sequence"
        return self._select(where, (kind, namespace, *wanted))

    def list_names(self, kind: Kind, namespace: str) -> set[str]:
        """Return the names of all objects of a kind."""
        rows = self.connection.execute(
            "SELECT name FROM objects WHERE kind = ? AND namespace = ?", (kind, namespace)
        )
        return {name for (name,) in rows}

    def list_owners(self, namespace: str) -> set[str]:
        """Return the names of the TranscriptionJobs that anything belongs to, known or gone."""
        rows = self.connection.execute(
            "SELECT DISTINCT owner FROM objects WHERE namespace = ? AND kind != ?",
            (namespace, Kind.TRANSCRIPTION_JOB),
        )
        return {owner for (owner,) in rows}

    def newest_time(self, kind: Kind) -> datetime | None:
        """Return when the newest object of a kind was made, or ended; None where there is none."""
        row = self.connection.execute(
            "SELECT resource ->> '$.metadata.creationTimestamp',"
            "  resource ->> '$.status.completionTime'"
            " FROM objects WHERE kind = ? ORDER BY sequence DESC LIMIT 1",
            (kind,),
        ).fetchone()
        return max((datetime.fromisoformat(each) for each in row or () if each), default=None)

    def list_page(self, kind: Kind, namespace: str, *, limit: int, before: int | None) -> list[Row]:
        """Return some objects, newest first, older than a place in their order."""
        place = 2**63 - 1 if before is None else before
        where = "kind = ? AND namespace = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?"
        return self._select(where, (kind, namespace, place, limit))

    def list_waiting_pods(self, namespace: str, limit: int) -> list[WaitingRow]:
        """Return pods that nobody runs, by their TranscriptionJobs' ranks, then by their places."""
        rows = self.connection.execute(
            f"SELECT owners.sequence, {_RANK} AS rank, owners.resource ->> '$.spec.source.key',"
            "  jobs.resource, pods.resource, EXISTS ("
            "   SELECT * FROM objects AS failed WHERE failed.kind = pods.kind"
            "    AND failed.namespace = pods.namespace AND failed.owner = pods.owner"
            "    AND failed.phase = 'Failed')"
            " FROM objects AS pods"
            " JOIN objects AS owners ON owners.kind = ? AND owners.namespace = pods.namespace"
            "  AND owners.name = pods.owner"
            " JOIN objects AS jobs ON jobs.kind = ? AND jobs.namespace = pods.namespace"
            "  AND jobs.name = pods.resource ->> '$.metadata.ownerReferences[0].name'"
            " WHERE pods.kind = ? AND pods.namespace = ? AND pods.phase = 'Pending'"
            "  AND pods.resource ->> '$.spec.nodeName' IS NULL"
            " ORDER BY rank DESC, owners.sequence LIMIT ?",
            (Kind.TRANSCRIPTION_JOB, Kind.JOB, Kind.POD, namespace, limit),
        )
        return [
            WaitingRow(place, rank, key, json.loads(job), json.loads(pod), bool(has_failed))
            for place, rank, key, job, pod, has_failed in rows
        ]

    def create(self, kind: Kind, resource: Resource) -> Resource:
        """Keep a new object and return it as it is kept; raises NameExists."""
        metadata = {
            **resource["metadata"],
            "uid": str(uuid4()),
            "generation": 1,
            "resourceVersion": self._next_version(),
            "creationTimestamp": self.now.isoformat(),
        }
        kept = {**resource, "metadata": metadata}
        try:
            self.connection.execute(
                "INSERT INTO objects (kind, namespace, name, owner, phase, resource)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    kind,
                    metadata["namespace"],
                    metadata["name"],
                    owner_of(kind, kept),
                    _phase_of(kept),
                    json.dumps(kept),
                ),
            )
        except sqlite3.IntegrityError:
            raise NameExists(f"{kind} {metadata['name']} already exists") from None
        self._touch(kind, kept)
        return kept

    def replace(self, kind: Kind, resource: Resource) -> Resource:
        """Write an object over the version that it was read at; raises VersionChanged."""
        metadata = resource["metadata"]
        known = self.get(kind, metadata["namespace"], metadata["name"])
        if known is None or any(
            known["metadata"][field] != metadata[field] for field in ("uid", "resourceVersion")
        ):
            raise VersionChanged(f"{kind} {metadata['name']} was changed in between")
        if resource == known:
            return known
        kept = {**resource, "metadata": {**metadata, "resourceVersion": self._next_version()}}
        if kept.get("spec") != known.get("spec"):
            kept["metadata"]["generation"] = known["metadata"]["generation"] + 1
        self.connection.execute(
            "UPDATE objects SET phase = ?, resource = ?"
            " WHERE kind = ? AND namespace = ? AND name = ?",
            (_phase_of(kept), json.dumps(kept), kind, metadata["namespace"], metadata["name"]),
        )
        self._touch(kind, kept)
        return kept

    def delete(self, kind: Kind, namespace: str, name: str) -> Resource | None:
        """Remove an object and return it, or None where there was none."""
        known = self.get(kind, namespace, name)
        if known is not None:
            self.connection.execute(
                "DELETE FROM objects WHERE kind = ? AND namespace = ? AND name = ?",
                (kind, namespace, name),
            )
            # As an API server counts, so that it can be told what came before.
            self._next_version()
            self._touch(kind, known)
        return known

    def latest_version(self) -> int:
        """Return the resourceVersion of the last write."""
        (version,) = self.connection.execute("SELECT latest FROM resource_version").fetchone()
        return int(version)

    def list_all(self, kind: Kind, namespace: str) -> list[Resource]:
        """Return all objects of a kind, oldest first."""
        where = "kind = ? AND namespace = ? ORDER BY sequence"
        return [row.resource for row in self._select(where, (kind, namespace))]

    def _select(self, where: str, values: tuple[object, ...]) -> list[Row]:
        rows = self.connection.execute(
            f"SELECT sequence, resource FROM objects WHERE {where}", values
        )
        return [Row(sequence, json.loads(text)) for sequence, text in rows]

    def _next_version(self) -> str:
        (version,) = self.connection.execute(
            "UPDATE resource_version SET latest = latest + 1 RETURNING latest"
        ).fetchone()
        return str(version)

    def _touch(self, kind: Kind, resource: Resource) -> None:
        self.touched.add(Key(resource["metadata"]["namespace"], owner_of(kind, resource)))


def _phase_of(resource: Resource) -> str:
    return str(resource.get("status", {}).get("phase", ""))


class Records:
    """All objects of the service; tells whoever listens which TranscriptionJobs were touched."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._listeners: list[Callable[[Key], None]] = []

    def listen(self, listener: Callable[[Key], None]) -> None:
        """Call back, in the event loop, after each write."""
        self._listeners.append(listener)

    async def run(self, work: Callable[[Transaction], Result]) -> Result:
        """Do work in one transaction; raises DatabaseFailed, after which nothing is changed."""
        touched: set[Key] = set()

        def run(connection: sqlite3.Connection) -> Result:
            transaction = Transaction(connection, self._clock(), touched)
            return work(transaction)

        def tell() -> None:
            for key in touched:
                for listener in self._listeners:
                    listener(key)

        return await self._database.run(run, after=tell)
