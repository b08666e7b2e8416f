"""What the api relies on wherever objects lie: real S3 servers, or a folder."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.api_builders import chunked
from support.kept_objects import PLACES, in_folder, in_s3, s3_server
from waas_api.errors import ObjectExists, ObjectNotFound
from waas_api.storage.object_storage import ObjectStorage

BIG = bytes(range(256)) * 4096
"""Several pieces."""


@pytest.fixture(params=PLACES)
def storage(
    request: pytest.FixtureRequest, tmp_path: Path, namespace: str
) -> Iterator[tuple[ObjectStorage, str]]:
    if request.param == "folder":
        yield in_folder(tmp_path), namespace
        return
    with in_s3(s3_server(request)) as store:
        yield store, namespace


@pytest.fixture
def namespace() -> str:
    return f"seam-{id(object()):x}"


Place = tuple[ObjectStorage, str]


async def test_of_two_who_store_at_once_one_is_first(storage: Place) -> None:
    store, prefix = storage
    key = f"{prefix}/edits/000001.json"

    outcomes = await asyncio.gather(
        *(store.store_new(key, content) for content in (b"one", b"two", b"three")),
        return_exceptions=True,
    )

    assert [type(each) for each in outcomes if each is not None] == [ObjectExists] * 2
    winner = (b"one", b"two", b"three")[outcomes.index(None)]
    assert await store.read(key, largest_bytes=9) == winner


async def test_a_copy_outlives_what_it_was_made_of(storage: Place) -> None:
    store, prefix = storage
    await store.store(f"{prefix}/a/audio/a", chunked(BIG))

    await store.copy(f"{prefix}/a/audio/a", f"{prefix}/b/audio/a")
    await store.discard_all(f"{prefix}/a/")

    assert await store.read(f"{prefix}/b/audio/a", largest_bytes=len(BIG)) == BIG


async def test_what_is_not_there_is_told(storage: Place) -> None:
    store, prefix = storage
    key = f"{prefix}/nothing"

    with pytest.raises(ObjectNotFound):
        await store.copy(key, f"{prefix}/b")
    with pytest.raises(ObjectNotFound):
        await store.look_at(key)
    with pytest.raises(ObjectNotFound):
        await anext(store.read_range(key, 0, 1))


@pytest.mark.parametrize(
    ("first", "length"), [(0, 10), (300_000, 600_000), (len(BIG) - 1, 1), (0, len(BIG))]
)
async def test_a_range_is_read_piece_by_piece(storage: Place, first: int, length: int) -> None:
    store, prefix = storage
    key = f"{prefix}/a"
    await store.store(key, chunked(BIG))

    pieces = [piece async for piece in store.read_range(key, first, length)]

    assert b"".join(pieces) == BIG[first : first + length]


async def test_a_reader_may_go_half_way(storage: Place) -> None:
    store, prefix = storage
    key = f"{prefix}/a"
    await store.store(key, chunked(BIG))

    for _ in range(20):
        stream = store.read_range(key, 0, len(BIG))
        await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined] # a generator in both

    assert (await store.look_at(key)).bytes == len(BIG)


async def test_what_is_known_of_an_object_differs_with_it(storage: Place) -> None:
    store, prefix = storage
    key = f"{prefix}/a"
    await store.store(key, chunked(b"one"))
    before = await store.look_at(key)
    await store.store(key, chunked(b"two"))

    after = await store.look_at(key)

    assert (before.bytes, after.bytes) == (3, 3)
    assert before.version != after.version


async def test_keys_are_listed_below_a_prefix_alone(storage: Place) -> None:
    store, prefix = storage
    for name in ("a/edits/000001.json", "a/edits/000002.json", "ab/edits/000001.json", "a/x"):
        await store.store(f"{prefix}/{name}", chunked(b"x"))

    assert sorted(await store.list_keys(f"{prefix}/a/edits/")) == [
        f"{prefix}/a/edits/000001.json",
        f"{prefix}/a/edits/000002.json",
    ]
    assert await store.list_keys(f"{prefix}/b/edits/") == []
