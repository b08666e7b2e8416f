from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil
import pytest

from cluster import processes
from cluster.processes import find, is_ours
from cluster.run_folder import Launched, RunFolder
from cluster.servers import Server

ETCD = Server("etcd", ("/bin/etcd", "--data-dir=/run/etcd"), "http://127.0.0.1:1/health")
LAUNCHED = Launched(ETCD, pid=7, started=1000.0)


ENTER = ("/bin/enter", "a", "/bin/sh", "-c", "set up")
ENTERED = Launched(Server(ETCD.name, ETCD.command, ETCD.ready_address, launcher=ENTER), 7, 1000.0)


@pytest.mark.parametrize(
    ("launched", "command", "started", "ours"),
    [
        pytest.param(LAUNCHED, ETCD.command, 1000.0, True, id="the very process"),
        pytest.param(LAUNCHED, ETCD.command, 1001.2, True, id="clocks wander by a second"),
        pytest.param(LAUNCHED, (), 1000.0, True, id="about to end"),
        pytest.param(LAUNCHED, (), 1060.0, False, id="another that is about to end"),
        pytest.param(LAUNCHED, ETCD.command, 1060.0, False, id="started at another time"),
        pytest.param(LAUNCHED, ("vim", "notes"), 1000.0, False, id="the pid went to another"),
        pytest.param(
            LAUNCHED, ("/bin/etcd", "--data-dir=/other/etcd"), 1000.0, False, id="another run's"
        ),
        pytest.param(ENTERED, ETCD.command, 1000.0, True, id="what its launcher made itself into"),
        pytest.param(ENTERED, ENTER + ETCD.command, 1000.0, True, id="its launcher still"),
        pytest.param(
            ENTERED, ENTER[2:] + ETCD.command, 1000.0, True, id="what the launcher went on with"
        ),
        pytest.param(ENTERED, ENTER, 1000.0, False, id="its launcher, for something else"),
        pytest.param(Launched(ETCD), ETCD.command, 1000.0, False, id="never launched"),
    ],
)
def test_a_process_is_ours_by_command_line_and_start_time(
    launched: Launched, command: tuple[str, ...], started: float, ours: bool
) -> None:
    assert is_ours(launched, command, started) is ours


def sleeper(folder: Path) -> Server:
    code = "import time; time.sleep(600)"
    return Server("sleeper", (sys.executable, "-c", code, str(folder)), "http://127.0.0.1:1/")


def test_a_process_that_its_launcher_made_itself_into_is_found_and_stopped(run: RunFolder) -> None:
    plain = sleeper(run.path)
    shell = ("/bin/sh", "-c", 'exec "$@"', "sh")
    processes.launch(run, Server(plain.name, plain.command, plain.ready_address, launcher=shell))
    launched = run.servers()["sleeper"]
    assert launched.pid is not None
    assert find(launched) == psutil.Process(launched.pid)
    processes.stop_all(run)
    assert find(launched) is None


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    run = RunFolder(tmp_path / "run")
    run.create()
    return run


def test_a_launched_process_is_found_until_it_is_stopped(run: RunFolder) -> None:
    processes.launch(run, sleeper(run.path))
    launched = run.servers()["sleeper"]
    assert launched.pid is not None
    assert find(launched) == psutil.Process(launched.pid)
    processes.stop_all(run)
    assert find(launched) is None
    assert run.servers()["sleeper"] == Launched(launched.server)


def test_a_process_whose_pid_was_never_written_down_is_stopped_too(run: RunFolder) -> None:
    processes.launch(run, sleeper(run.path))
    launched = run.servers()["sleeper"]
    run.record(Launched(launched.server))
    processes.stop_all(run)
    assert find(launched) is None


def test_a_stranger_that_got_the_pid_is_left_alone(run: RunFolder) -> None:
    ourselves = psutil.Process(os.getpid())
    run.record(Launched(sleeper(run.path), ourselves.pid, ourselves.create_time()))
    processes.stop_all(run)
    assert run.servers()["sleeper"].pid is None


def test_a_child_that_died_is_not_alive(run: RunFolder) -> None:
    processes.launch(run, sleeper(run.path))
    launched = run.servers()["sleeper"]
    assert launched.pid is not None
    psutil.Process(launched.pid).kill()
    processes.stop_all(run)
    assert not psutil.pid_exists(launched.pid)
