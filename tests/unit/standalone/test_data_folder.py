import os
import subprocess
import sys
from pathlib import Path

import pytest

from waas_standalone.data_folder import LOGS_KEPT, open_data_folder, sweep
from waas_standalone.errors import DataFolderTaken, DataFolderUnusable


def test_a_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = open_data_folder(tmp_path / "share" / "waas")

    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert folder.objects.is_dir()
    folder.close()


def test_a_second_server_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    first = open_data_folder(tmp_path)

    with pytest.raises(DataFolderTaken, match=rf"process {os.getpid()}\)"):
        open_data_folder(tmp_path)

    first.close()
    open_data_folder(tmp_path).close()


def test_the_lock_of_a_server_that_was_killed_is_free(tmp_path: Path) -> None:
    program = (
        "import os, sys, pathlib; from waas_standalone.data_folder import open_data_folder; "
        "folder = open_data_folder(pathlib.Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)

    open_data_folder(tmp_path).close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DataFolderUnusable, match=r"cannot be written to: .*WAAS_DATA"):
        open_data_folder(tmp_path / "file" / "waas")


def test_sweeping_takes_what_is_unfinished_and_old_logs(tmp_path: Path) -> None:
    folder = open_data_folder(tmp_path)
    audio = folder.objects / "default" / "a" / "audio" / "clip.flac"
    unfinished = audio.with_name(".clip.flac.123.part")
    for path in (audio, unfinished, folder.unfinished / "1", folder.runs / "run" / "log"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for number in range(LOGS_KEPT + 2):
        log = folder.logs / f"job-{number}"
        log.mkdir()
        os.utime(log, (number, number))

    sweep(folder)

    assert audio.exists()
    assert not unfinished.exists()
    assert list(folder.unfinished.iterdir()) == list(folder.runs.iterdir()) == []
    assert len(list(folder.logs.iterdir())) == LOGS_KEPT
    assert not (folder.logs / "job-1").exists()
    folder.close()
