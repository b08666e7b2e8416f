import asyncio
import json
import os
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.logins import bearer, make_entry
from waas_contract.names import TRANSCRIPTION_JOB_LABEL
from waas_standalone import main
from waas_standalone.data_folder import open_data_folder
from waas_standalone.errors import (
    AddressTaken,
    BadSettings,
    DatabaseFailed,
    DataFolderUnusable,
    Died,
    ModelMissing,
    UnsafeAddress,
)
from waas_standalone.main import create_standalone_app, listen, serve
from waas_standalone.records import Kind, Transaction
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


async def test_what_is_not_ready_is_called_by_its_name(tmp_path: Path) -> None:
    app = create_standalone_app(make_settings(tmp_path))
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        shutil.rmtree(tmp_path / "data" / "objects")
        answer = await client.get("/readyz")

    assert (answer.status_code, answer.json()["notReady"]) == (503, ["objects' folder"])


@pytest.mark.parametrize(
    ("host", "named"), [("127.0.0.2", "127.0.0.2"), ("0:0:0:0:0:0:0:1", "[::1]"), ("::1", "[0::1]")]
)
async def test_the_address_it_listens_on_is_its_name(tmp_path: Path, host: str, named: str) -> None:
    app = create_standalone_app(make_settings(tmp_path, host=host))
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        headers = {"Host": f"{named}:3000"}
        assert (await client.get("/v2/jobs", headers=headers)).status_code == 200
        assert (await client.get("/v2/jobs", headers={"Host": "127.0.0.3"})).status_code == 421


async def test_with_keys_it_listens_for_strangers_and_shows_them_nothing(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps([make_entry("anna", namespace="default")]))
    app = create_standalone_app(make_settings(tmp_path, host="0.0.0.0", api_keys_file=keys))
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://transcripts.example") as client,
    ):
        assert (await client.get("/v2/jobs", headers=bearer("anna"))).status_code == 200
        assert (await client.get("/v2/jobs", headers=bearer("bo"))).status_code == 401
        cross_site = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        assert (await client.get("/v2/jobs", headers=cross_site)).status_code == 401


async def test_with_keys_on_loopback_other_sites_are_kept_away_all_the_same(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps([make_entry("anna", namespace="default")]))
    app = create_standalone_app(make_settings(tmp_path, api_keys_file=keys))
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        assert (await client.get("/v2/jobs", headers=bearer("anna"))).status_code == 200
        stranger = {**bearer("anna"), "Host": "evil.example"}
        assert (await client.get("/v2/jobs", headers=stranger)).status_code == 421


async def test_what_a_killed_server_left_of_jobs_that_are_gone_is_collected(
    tmp_path: Path,
) -> None:
    def leave(at: Transaction) -> None:
        labels = {TRANSCRIPTION_JOB_LABEL: "gone"}
        metadata = {"name": "gone-1", "namespace": "default", "labels": labels}
        at.create(Kind.SECRET, {"metadata": metadata, "data": {}})

    app = create_standalone_app(make_settings(tmp_path))
    await app.state.service._records.run(leave)
    app.state.service.close()

    app = create_standalone_app(make_settings(tmp_path))
    async with app.router.lifespan_context(app), asyncio.timeout(10):
        while await app.state.service._records.run(lambda at: at.list_owners("default")):
            await asyncio.sleep(0.01)


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


@pytest.fixture
def _signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_signals")
def test_the_end_of_its_input_stops_the_server_that_was_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, others = os.pipe()
    monkeypatch.setattr(main, "_STANDARD_INPUT", ours)
    told: list[str] = []

    def be_killed(address: str) -> None:
        told.append(address)
        os.write(others, b"not yet")
        os.close(others)

    serve(make_settings(tmp_path, stop_at_end_of_input=True), be_killed)

    os.close(ours)
    assert len(told) == 1
    open_data_folder(tmp_path / "data").close()


@pytest.mark.usefixtures("_signals")
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (DatabaseFailed("The disk is full."), DatabaseFailed),
        (PermissionError(13, "Permission denied"), DataFolderUnusable),
    ],
)
def test_what_keeps_it_from_starting_reaches_the_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception, error: type[Exception]
) -> None:
    async def fail(_: Runner) -> None:
        raise fault

    monkeypatch.setattr(Runner, "clean_up", fail)

    with pytest.raises(error, match=r"full|Permission denied"):
        serve(make_settings(tmp_path))

    open_data_folder(tmp_path / "data").close()


def test_an_address_is_taken_from_the_first_moment(tmp_path: Path) -> None:
    with listen(make_settings(tmp_path)) as first:
        port = first.getsockname()[1]
        with pytest.raises(AddressTaken, match=f"Port {port} on 127.0.0.1 is not free"):
            listen(make_settings(tmp_path, port=port))
    with socket.socket() as later:
        later.bind(("127.0.0.1", port))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"host": "0.0.0.0"}, UnsafeAddress),
        ({"model": "large"}, ModelMissing),
        ({"models": ("base",)}, BadSettings),
        ({"host": "0.0.0.0", "api_keys_file": Path("/no/such/file")}, BadSettings),
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
