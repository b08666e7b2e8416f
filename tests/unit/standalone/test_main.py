from pathlib import Path

import httpx
import pytest

from waas_standalone.data_folder import open_data_folder
from waas_standalone.errors import BadSettings, DatabaseFailed, Died, ModelMissing, UnsafeAddress
from waas_standalone.main import create_standalone_app
from waas_standalone.runner import Runner
from waas_standalone.settings import Settings


def make_settings(folder: Path, **changes: object) -> Settings:
    models = folder / "models"
    models.mkdir(exist_ok=True)
    (models / "tiny.pt").touch()
    given: dict[str, object] = {"data": folder / "data", "model_directory": models, "port": 0}
    return Settings.model_validate(given | changes)


async def test_the_app_is_the_api_with_everything_behind_it(tmp_path: Path) -> None:
    app = create_standalone_app(make_settings(tmp_path))
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        assert (await client.get("/readyz")).status_code == 200
        assert (await client.get("/v2/jobs")).json()["jobs"] == []
        assert (await client.get("/v2/jobs", headers={"Host": "evil.example"})).status_code == 421

    open_data_folder(tmp_path / "data").close()


async def test_a_part_that_fails_is_not_outlived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: Runner) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(Runner, "run_forever", fail)
    app = create_standalone_app(make_settings(tmp_path))

    async with app.router.lifespan_context(app):
        with pytest.raises(Died, match="runner"):
            await app.state.service.wait_for_death()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"host": "0.0.0.0"}, UnsafeAddress),
        ({"model": "large"}, ModelMissing),
        ({"models": ("base",)}, BadSettings),
    ],
)
def test_what_cannot_work_leaves_no_trace(
    tmp_path: Path, changes: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        create_standalone_app(make_settings(tmp_path, **changes))
    assert not (tmp_path / "data").exists()


def test_a_broken_database_lets_go_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "waas.sqlite").write_bytes(b"not a database" * 100)

    with pytest.raises(DatabaseFailed):
        create_standalone_app(make_settings(tmp_path))

    open_data_folder(tmp_path / "data").close()
