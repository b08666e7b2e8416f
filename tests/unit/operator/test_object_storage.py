"""The S3 adapter, as far as it needs no store; tests/integration/test_retention.py has the rest."""

import pytest

from support.builders import make_settings
from waas_operator.errors import LeadershipLost
from waas_operator.object_storage import MinioObjectStorage


@pytest.mark.parametrize("prefix", ["", "/", "newsroom", "newsroom/interview"])
async def test_a_prefix_that_could_be_others_is_refused(prefix: str) -> None:
    storage = MinioObjectStorage.connect(make_settings())

    with pytest.raises(ValueError, match="part of others' keys"):
        await storage.discard_all(prefix)


async def test_one_that_may_not_act_deletes_nothing() -> None:
    storage = MinioObjectStorage.connect(make_settings())

    def refuse() -> None:
        raise LeadershipLost("over")

    storage.guard = refuse
    with pytest.raises(LeadershipLost):
        await storage.discard_all("newsroom/interview/")
