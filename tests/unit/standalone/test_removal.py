"""What the records say to a removal: whose turn it is, and whether the clock may be right."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from support.api_builders import make_spec
from support.builders import NOW
from waas_operator.errors import Conflict
from waas_standalone.cluster import LocalCluster
from waas_standalone.database import Database
from waas_standalone.records import Records
from waas_standalone.transcription_jobs import LocalTranscriptionJobs

YEARS = timedelta(days=1000)


class Shelf:
    """Records with a clock that anybody may set."""

    def __init__(self, database: Database) -> None:
        self.now: datetime = NOW
        self.records = Records(database, lambda: self.now)
        self.jobs = LocalTranscriptionJobs("default", self.records)
        self.cluster = LocalCluster(self.records)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    database = Database(tmp_path / "waas.sqlite")
    yield Shelf(database)
    database.close()


async def test_a_mark_is_for_the_record_that_was_read(shelf: Shelf) -> None:
    await shelf.jobs.create("a", make_spec())
    read = await shelf.cluster.get_transcription_job("default", "a")
    assert read
    await shelf.cluster.annotate(read, {"waas.dev/removal": "me"})
    assert (await shelf.jobs.get("a")).metadata.annotations == {"waas.dev/removal": "me"}

    with pytest.raises(Conflict):
        await shelf.cluster.annotate(read, {"waas.dev/removal": "another"})
    await shelf.jobs.delete("a", read.metadata.uid)
    with pytest.raises(Conflict):
        await shelf.cluster.annotate(read, {"waas.dev/removal": "another"})
    await shelf.jobs.create("a", make_spec())
    with pytest.raises(Conflict):
        await shelf.cluster.annotate(read, {"waas.dev/removal": "another"})


async def test_a_clock_far_past_the_records_is_not_trusted_before_the_next_start(
    shelf: Shelf,
) -> None:
    await shelf.jobs.create("a", make_spec())
    assert await shelf.cluster.check_clock(NOW) is None
    assert await shelf.cluster.explain_distrust(NOW + YEARS), "it was set while we worked"
    assert await shelf.cluster.explain_distrust(NOW) is None

    shelf.now += YEARS
    assert await shelf.cluster.check_clock(shelf.now)
    await shelf.jobs.create("b", make_spec())
    assert await shelf.cluster.explain_distrust(shelf.now), "made by the same clock"
    assert await shelf.cluster.check_clock(shelf.now) is None


async def test_a_new_server_has_no_reason_for_a_doubt_later(shelf: Shelf) -> None:
    assert await shelf.cluster.check_clock(NOW), "what lies there is older than all records"
    await shelf.jobs.create("a", make_spec())
    assert await shelf.cluster.explain_distrust(NOW) is None
