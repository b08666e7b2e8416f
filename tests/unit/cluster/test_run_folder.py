from __future__ import annotations

import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cluster.run_folder import Launched, RunFolder
from cluster.servers import Server

ETCD = Server("etcd", ("/bin/etcd", "--data-dir=/run/etcd"), "http://127.0.0.1:1/health")
MINIO = Server("minio", ("/bin/minio", "server"), "http://127.0.0.1:2/", {"SECRET": "abc"})
ENTERED = Server("kubelet", ("/bin/kubelet",), "http://127.0.0.1:3/", launcher=("/bin/enter", "a"))


def run_in(folder: Path) -> RunFolder:
    run = RunFolder(folder / "run")
    run.create()
    return run


def test_names_and_checkouts_have_folders_of_their_own() -> None:
    cache = Path("/cache")
    folders = {
        RunFolder.named(name, cache, Path(checkout)).path
        for name in ("default", "two")
        for checkout in ("/a", "/b")
    }
    assert len(folders) == 4
    assert {folder.parent for folder in folders} == {Path("/cache/run")}


def test_nothing_is_recorded_where_nothing_was_run(tmp_path: Path) -> None:
    assert RunFolder(tmp_path / "run").servers() == {}


def test_what_is_recorded_can_be_read_back(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    run.record(Launched(ETCD))
    run.record(Launched(MINIO, pid=8, started=2.5))
    run.record(Launched(ENTERED))
    run.record(Launched(ETCD, pid=7, started=1.5))
    assert list(run.servers().items()) == [
        ("etcd", Launched(ETCD, pid=7, started=1.5)),
        ("minio", Launched(MINIO, pid=8, started=2.5)),
        ("kubelet", Launched(ENTERED)),
    ]


def test_nobody_else_can_read_the_record(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    run.record(Launched(MINIO))
    assert stat.S_IMODE(run.path.stat().st_mode) == 0o700
    assert stat.S_IMODE((run.path / "state.json").stat().st_mode) == 0o600


def test_removing_may_keep_the_logs(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    run.record(Launched(ETCD))
    run.log("etcd").write_text("hello")
    run.remove(keep_logs=True)
    assert [path.name for path in run.path.rglob("*")] == ["logs", "etcd"]
    run.remove()
    assert not run.path.exists()
    run.remove()


def test_one_at_a_time_is_alone_with_a_run_and_leaves_no_lock_behind(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    inside: list[int] = []

    def enter(number: int) -> None:
        with run.alone():
            inside.append(number)
            assert inside == [number]
            time.sleep(0.001)
            inside.remove(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, range(64)))
    assert list(tmp_path.iterdir()) == []
