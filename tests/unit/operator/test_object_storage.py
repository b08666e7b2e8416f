"""The S3 adapter, as far as it needs no store; tests/integration/test_retention.py has the rest."""

import math
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta

import pytest
from minio import Minio
from minio.datatypes import Object
from minio.deleteobjects import DeleteError, DeleteObject

from support.builders import make_settings
from waas_operator.errors import LeadershipLost, StorageUnavailable
from waas_operator.object_storage import MinioObjectStorage


@pytest.mark.parametrize("prefix", ["", "/", "newsroom", "newsroom/interview"])
async def test_a_prefix_that_could_be_others_is_refused(prefix: str) -> None:
    storage = MinioObjectStorage.connect(make_settings())

    with pytest.raises(ValueError, match="part of others' keys"):
        await storage.discard_all(prefix, until=math.inf)


async def test_one_that_may_not_act_deletes_nothing() -> None:
    storage = MinioObjectStorage.connect(make_settings())

    def refuse() -> None:
        raise LeadershipLost("over")

    storage.guard = refuse
    with pytest.raises(LeadershipLost):
        await storage.discard_all("newsroom/interview/", until=math.inf)


async def test_who_is_too_late_removes_nothing() -> None:
    requests: list[str] = []

    class Store(Minio):
        def list_objects(self, *_: object, **__: object) -> Iterator[Object]:
            yield Object("waas", "newsroom/interview/audio/clip.flac")

        def remove_objects(
            self,
            bucket_name: str,  # noqa: ARG002
            delete_object_list: Iterable[DeleteObject],
            bypass_governance_mode: bool = False,  # noqa: ARG002
        ) -> Iterator[DeleteError]:
            requests.extend(str(key) for key in delete_object_list)
            return iter(())

    client = Store(endpoint="store.example")
    storage = MinioObjectStorage(client, client, "waas", timedelta(hours=1))

    with pytest.raises(StorageUnavailable, match="too long"):
        await storage.discard_all("newsroom/interview/", until=time.monotonic())
    assert requests == []
    await storage.discard_all("newsroom/interview/", until=math.inf)
    assert len(requests) == 1
