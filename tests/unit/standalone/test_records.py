import asyncio
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support.api_builders import make_spec
from waas_api.errors import RecordsFull
from waas_contract.names import TRANSCRIPTION_JOB_LABEL
from waas_contract.transcription_job import Source
from waas_operator.reconcile import Key
from waas_operator.seams import Resource
from waas_standalone.database import Database
from waas_standalone.errors import DatabaseFailed, DatabaseFull, NameExists, VersionChanged
from waas_standalone.records import Kind, Records, Transaction
from waas_standalone.transcription_jobs import LocalTranscriptionJobs

NOW = datetime(2026, 11, 22, 12, 0, 0, 500, tzinfo=UTC)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    database = Database(tmp_path / "waas.sqlite")
    yield Records(database, lambda: NOW)
    database.close()


def make_job(name: str = "a", **spec: Any) -> Resource:
    return {"metadata": {"name": name, "namespace": "default"}, "spec": spec}


def make_pod(name: str, owner: str) -> Resource:
    metadata = {
        "name": name,
        "namespace": "default",
        "labels": {TRANSCRIPTION_JOB_LABEL: owner},
    }
    return {"metadata": metadata, "spec": {}, "status": {"phase": "Pending"}}


def create(at: Transaction, name: str = "a") -> Resource:
    return at.create(Kind.TRANSCRIPTION_JOB, make_job(name))


async def test_a_new_object_gets_what_an_api_server_gives(records: Records) -> None:
    kept = await records.run(create)

    metadata = kept["metadata"]
    assert (metadata["generation"], metadata["resourceVersion"]) == (1, "1")
    assert metadata["creationTimestamp"] == NOW.isoformat()
    assert len(metadata["uid"]) == 36
    assert await records.run(lambda at: at.get(Kind.TRANSCRIPTION_JOB, "default", "a")) == kept


async def test_a_name_is_taken_once_for_each_kind(records: Records) -> None:
    await records.run(create)

    with pytest.raises(NameExists):
        await records.run(create)
    await records.run(lambda at: at.create(Kind.POD, make_pod("a", "a")))


async def test_only_a_change_of_the_spec_counts_the_generation(records: Records) -> None:
    kept = await records.run(create)

    with_status = await records.run(
        lambda at: at.replace(Kind.TRANSCRIPTION_JOB, {**kept, "status": {"phase": "Queued"}})
    )
    with_spec = await records.run(
        lambda at: at.replace(Kind.TRANSCRIPTION_JOB, {**with_status, "spec": {"cancelled": True}})
    )

    versions = [
        (each["metadata"]["generation"], each["metadata"]["resourceVersion"])
        for each in (with_status, with_spec)
    ]
    assert versions == [(1, "2"), (2, "3")]


async def test_writing_what_is_there_changes_nothing(records: Records) -> None:
    kept = await records.run(create)

    same = await records.run(lambda at: at.replace(Kind.TRANSCRIPTION_JOB, kept))

    assert same["metadata"]["resourceVersion"] == kept["metadata"]["resourceVersion"]


async def test_of_two_writers_at_once_one_has_to_look_again(records: Records) -> None:
    kept = await records.run(create)

    async def write(phase: str) -> None:
        changed = {**kept, "status": {"phase": phase}}
        await records.run(lambda at: at.replace(Kind.TRANSCRIPTION_JOB, changed))

    results = await asyncio.gather(write("Queued"), write("Running"), return_exceptions=True)

    assert [type(result) for result in results] == [type(None), VersionChanged]


async def test_a_namesake_made_later_is_another_object(records: Records) -> None:
    kept = await records.run(create)
    await records.run(lambda at: at.delete(Kind.TRANSCRIPTION_JOB, "default", "a"))
    await records.run(create)

    with pytest.raises(VersionChanged):
        await records.run(lambda at: at.replace(Kind.TRANSCRIPTION_JOB, kept))


async def test_a_transaction_happens_as_a_whole(records: Records) -> None:
    def fail(at: Transaction) -> None:
        create(at, "b")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await records.run(fail)

    assert await records.run(lambda at: at.get(Kind.TRANSCRIPTION_JOB, "default", "b")) is None


async def test_listeners_hear_of_the_owner_of_what_was_written(records: Records) -> None:
    heard: list[Key] = []
    records.listen(heard.append)

    await records.run(lambda at: at.create(Kind.POD, make_pod("a-1", "a")))
    await records.run(lambda at: at.get(Kind.POD, "default", "a-1"))
    await asyncio.sleep(0)

    assert heard == [Key("default", "a")]


async def test_lists_are_of_one_namespace(records: Records) -> None:
    def fill(at: Transaction) -> None:
        made = [
            (Kind.TRANSCRIPTION_JOB, make_job(), "default"),
            (Kind.POD, make_pod("p", "a"), "default"),
            (Kind.TRANSCRIPTION_JOB, make_job(), "other"),
            (Kind.POD, make_pod("p", "gone"), "other"),
        ]
        for kind, each, namespace in made:
            at.create(kind, {**each, "metadata": {**each["metadata"], "namespace": namespace}})

    await records.run(fill)

    def look(at: Transaction) -> tuple[int, ...]:
        jobs = Kind.TRANSCRIPTION_JOB
        return (
            len(at.list_in_phases(jobs, "default", ("",))),
            len(at.list_page(jobs, "default", limit=9, before=None)),
            len(at.list_names(jobs, "default")),
        )

    assert await records.run(look) == (1, 1, 1)
    assert await records.run(lambda at: at.list_owners("default")) == {"a"}
    assert await records.run(lambda at: at.list_owners("other")) == {"gone"}


async def test_what_was_committed_is_there_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "waas.sqlite"
    crashed = Database(path)
    await Records(crashed, lambda: NOW).run(create)

    # Not closed: its write-ahead log is all that there is.
    later = Database(path)
    kept = await Records(later, lambda: NOW).run(
        lambda at: at.get(Kind.TRANSCRIPTION_JOB, "default", "a")
    )

    assert kept is not None
    later.close()
    crashed.close()


def test_the_disk_has_it_before_anybody_is_told(tmp_path: Path) -> None:
    database = Database(tmp_path / "waas.sqlite")

    def look(connection: sqlite3.Connection) -> tuple[str, int]:
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
        return mode, synchronous

    assert asyncio.run(database.run(look, after=lambda: None)) == ("wal", 2)
    database.close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "waas.sqlite"
    path.write_bytes(b"not a database" * 100)

    with pytest.raises(DatabaseFailed, match=r"waas\.sqlite cannot be used"):
        Database(path)


def test_a_database_of_a_later_release_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "waas.sqlite"
    Database(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=99")
    connection.close()

    with pytest.raises(DatabaseFailed, match="newer release"):
        Database(path)


async def test_a_full_disk_is_told_and_changes_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "waas.sqlite")
    records = Records(database, lambda: NOW)
    await records.run(create)
    await database.run(
        lambda connection: connection.execute("PRAGMA max_page_count=20"), after=lambda: None
    )

    def fill(at: Transaction) -> None:
        at.create(Kind.TRANSCRIPTION_JOB, make_job("b", text="x" * 200_000))

    with pytest.raises(DatabaseFull, match="full"):
        await records.run(fill)
    spec = make_spec(source=Source(key="default/c/audio/a.mp3"), initial_prompt="x" * 2000)
    jobs = LocalTranscriptionJobs("default", records)

    async def create_many() -> None:
        for number in range(100):
            await jobs.create(f"c-{number}", spec)

    with pytest.raises(RecordsFull):
        await create_many()
    await records.run(lambda at: at.delete(Kind.TRANSCRIPTION_JOB, "default", "a"))
    assert await records.run(lambda at: at.get(Kind.TRANSCRIPTION_JOB, "default", "b")) is None
    database.close()
