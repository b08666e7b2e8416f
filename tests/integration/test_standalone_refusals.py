"""What keeps the server from its work, each with a sentence and an exit code of its own."""

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.logins import bearer, make_entry
from support.speech import librivox_clip
from support.standalone import Standalone
from support.waiting import wait_until

pytestmark = pytest.mark.integration


@pytest.fixture
def server(tmp_path: Path, weights: Path) -> Iterator[Standalone]:
    standalone = Standalone(tmp_path, weights)
    yield standalone
    standalone.close()


def expect_refusal(server: Standalone, exit_code: int, sentence: str, **variables: str) -> None:
    program = server.launch(**variables)
    assert program.process.wait(180) == exit_code
    last_line = program.output().strip().splitlines()[-1]
    assert last_line.startswith("waas: ")
    assert sentence in last_line


def test_a_busy_port(server: Standalone) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", server.port))
        other.listen()
        expect_refusal(server, 69, f"Port {server.port} on 127.0.0.1 is not free")
    assert not server.data.exists()


def test_an_address_that_strangers_reach(server: Standalone) -> None:
    expect_refusal(server, 78, "Listening on 0.0.0.0 is refused", WAAS_HOST="0.0.0.0")


def test_with_keys_strangers_reach_it_and_get_nothing(server: Standalone, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps([make_entry("anna", namespace="default")]))

    server.start(WAAS_HOST="0.0.0.0", WAAS_API_KEYS_FILE=str(keys))

    assert server.get("/v2/jobs").status_code == 401
    assert server.get("/v2/jobs", **bearer("bo")).status_code == 401
    assert server.get("/v2/jobs", **bearer("anna")).status_code == 200
    keys.write_text("[]")
    wait_until(
        lambda: server.get("/v2/jobs", **bearer("anna")).status_code == 401, "the key is taken away"
    )


def test_keys_that_cannot_be_used(server: Standalone, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text('[{"id": "a"}]')

    expect_refusal(server, 78, "0.hash: Field required", WAAS_API_KEYS_FILE=str(keys))


def test_a_data_folder_that_cannot_be_written_to(server: Standalone) -> None:
    server.data.write_text("a file")
    expect_refusal(server, 73, "cannot be written to")


def test_a_second_server_on_the_same_data_folder(server: Standalone) -> None:
    first = server.start()
    expect_refusal(server, 69, f"process {first.process.pid}", WAAS_PORT="0")
    assert server.get("/readyz").status_code == 200


def test_a_model_that_is_not_there(server: Standalone) -> None:
    expect_refusal(server, 78, "waas models pull large", WAAS_MODEL="large")


def test_a_model_that_nobody_knows(server: Standalone) -> None:
    expect_refusal(server, 78, "enormous", WAAS_MODEL="enormous")


def test_a_setting_that_does_not_fit(server: Standalone) -> None:
    expect_refusal(server, 78, "WAAS_PORT", WAAS_PORT="many")


def test_a_page_of_another_site_gets_nothing(server: Standalone) -> None:
    server.start()
    assert server.get("/v2/jobs").status_code == 200
    assert server.get("/v2/jobs", Host="evil.example").status_code == 421
    assert server.get("/v2/jobs", Origin="https://evil.example").status_code == 403
    response = httpx.post(
        f"{server.url}/v2/jobs",
        content=librivox_clip("0870").path.read_bytes(),
        headers={"Origin": "https://evil.example"},
        trust_env=False,
    )
    assert response.status_code == 403
    assert server.get("/v2/jobs").json()["jobs"] == []


def test_a_full_disk_is_told_and_costs_nothing_else(server: Standalone) -> None:
    server.data.mkdir()
    command = [sys.executable, "-m", "waas_standalone"]
    mount = "mount -t tmpfs -o size=3m none '{}' && exec {}".format(server.data, " ".join(command))
    if shutil.which("unshare") is None or not _may_mount():
        pytest.skip("a small disk takes the right to mount one")
    server.command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount]
    server.start()

    response = httpx.post(
        f"{server.url}/v2/jobs",
        content=b"x" * 4_000_000,
        headers={"Content-Type": "application/octet-stream"},
        timeout=180,
        trust_env=False,
    )

    assert response.status_code == 507
    assert "no room" in response.json()["detail"]
    job_id = server.upload(librivox_clip("0870").path)
    assert server.wait_for_end(job_id)["phase"] == "Succeeded"


def _may_mount() -> bool:
    probe = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none"]
    return subprocess.run([*probe, "/mnt"], check=False, capture_output=True).returncode == 0


def test_a_job_program_that_was_killed_is_tried_again(server: Standalone) -> None:
    server.start()
    job_id = server.upload(librivox_clip("0870").path)
    (program,) = wait_until(server.job_processes, "a job program runs")

    program.kill()

    assert server.wait_for_end(job_id)["phase"] == "Succeeded"
    assert server.job(job_id)["attempts"] == 2
