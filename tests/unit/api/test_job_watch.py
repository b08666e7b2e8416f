"""A list, then a stream of changes, and what happens when either breaks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from support.api_builders import wait_for
from support.index_builders import make_resource, names_of
from waas_api.errors import ClusterError, ClusterRefused, ClusterUnavailable, HistoryGone
from waas_api.jobs.index import JobIndex, Resource
from waas_api.jobs.watch import ChangeType, JobWatch, ResourcePage

Event = tuple[ChangeType, Resource]


@dataclass
class FakeFeed:
    """Gives pages and streams as a test has laid them out; then streams that stay silent."""

    pages: list[ResourcePage | ClusterError] = field(default_factory=list)
    streams: list[list[Event | Exception] | ClusterError] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def list_page(self, cursor: str | None) -> ResourcePage:
        self.asked.append(f"list {cursor}")
        page = self.pages.pop(0)
        if isinstance(page, ClusterError):
            raise page
        return page

    @asynccontextmanager
    async def watch(self, version: str) -> AsyncIterator[AsyncIterator[Event]]:
        self.asked.append(f"watch {version}")
        stream = self.streams.pop(0) if self.streams else None
        if isinstance(stream, ClusterError):
            raise stream
        yield self._tell(stream)

    async def _tell(self, stream: list[Event | Exception] | None) -> AsyncIterator[Event]:
        if stream is None:
            await asyncio.Event().wait()
        for event in stream or ():
            if isinstance(event, Exception):
                raise event
            yield event


def page(version: int, *names: str, cursor: str | None = None) -> ResourcePage:
    return ResourcePage([make_resource(name, 1) for name in names], str(version), cursor)


def change(kind: ChangeType, name: str, version: int) -> Event:
    return kind, make_resource(name, version)


def bookmark(version: int) -> Event:
    return ChangeType.BOOKMARK, {"metadata": {"resourceVersion": str(version)}}


async def do_not_sleep(_: float) -> None:
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("sentence", "feed", "asked", "names"),
    [
        ("a list of several pages is followed from its version",
         FakeFeed([page(10, "a", cursor="next"), page(10, "b")]),
         ["list None", "list next", "watch 10"], {"a", "b"}),
        ("a stream that ends is taken up where it ended",
         FakeFeed([page(10, "a")], [[change(ChangeType.ADDED, "b", 11)]]),
         ["list None", "watch 10", "watch 11"], {"a", "b"}),
        ("a bookmark says where that is, too",
         FakeFeed([page(10, "a")], [[bookmark(99)]]),
         ["list None", "watch 10", "watch 99"], {"a"}),
        ("a deletion is taken in",
         FakeFeed([page(10, "a", "b")], [[change(ChangeType.DELETED, "b", 12)]]),
         ["list None", "watch 10", "watch 12"], {"a"}),
        ("a connection that breaks loses nothing",
         FakeFeed([page(10)], [[change(ChangeType.ADDED, "a", 11), ClusterUnavailable("reset")]]),
         ["list None", "watch 10", "watch 11"], {"a"}),
        ("a server that is away is asked until it is back",
         FakeFeed([ClusterUnavailable("away"), page(10, "a")], [ClusterUnavailable("away")]),
         ["list None", "list None", "watch 10", "watch 10"], {"a"}),
        ("a version that is too old is listed anew",
         FakeFeed([page(10, "a"), page(20, "b")], [HistoryGone("410")]),
         ["list None", "watch 10", "list None", "watch 20"], {"b"}),
        ("also where the stream itself says so",
         FakeFeed([page(10, "a"), page(20, "b")], [[HistoryGone("410")]]),
         ["list None", "watch 10", "list None", "watch 20"], {"b"}),
        ("a list that grew too old half way begins anew",
         FakeFeed([page(10, "a", cursor="next"), HistoryGone("410"), page(20, "b")]),
         ["list None", "list next", "list None", "watch 20"], {"b"}),
        ("what cannot be understood is listed anew",
         FakeFeed([page(10, "a"), page(20, "b")], [[ValueError("no JSON")]]),
         ["list None", "watch 10", "list None", "watch 20"], {"b"}),
    ],
)  # fmt: skip
async def test_the_index_becomes_true_again(
    sentence: str, feed: FakeFeed, asked: list[str], names: set[str]
) -> None:
    index = JobIndex()
    watch = JobWatch(feed, index, sleep=do_not_sleep)

    watch.start()
    await wait_for(lambda: len(feed.asked) >= len(asked), sentence)
    await watch.close()

    assert feed.asked == asked
    assert set(names_of(index)) == names


async def test_it_is_current_while_it_watches_and_a_few_seconds_longer() -> None:
    moments = [0.0]
    streams: list[Any] = [[], *[ClusterUnavailable("away")] * 100_000]
    feed = FakeFeed([page(10, "a")], streams)
    watch = JobWatch(feed, JobIndex(), sleep=do_not_sleep, monotonic=lambda: moments[0])
    assert not watch.is_current

    await watch.wait_until_current(5)
    await wait_for(lambda: feed.asked.count("watch 10") > 3, "it tries again")
    assert watch.is_current
    moments[0] = 6.0

    assert not watch.is_current
    with pytest.raises(ClusterUnavailable, match="watched"):
        await watch.wait_until_current(5)
    await watch.close()


async def test_whoever_waits_for_a_list_that_does_not_come_is_told() -> None:
    feed = FakeFeed([ClusterRefused("no", is_request_invalid=False)] * 100_000)
    watch = JobWatch(feed, JobIndex(), sleep=do_not_sleep)

    with pytest.raises(ClusterUnavailable, match="listed"):
        await watch.wait_until_current(0.01)

    await watch.close()


async def test_the_first_look_needs_no_start() -> None:
    feed: Any = FakeFeed([page(10, "a")])
    watch = JobWatch(feed, JobIndex(), sleep=do_not_sleep)

    await watch.wait_until_current(5)
    watch.start()

    assert feed.asked == ["list None", "watch 10"]
    await watch.close()
