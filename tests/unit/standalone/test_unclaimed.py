import os
import time
from pathlib import Path

from waas_standalone.unclaimed import KEPT, put_unclaimed_aside, remove_what_nobody_missed


def make_objects(folder: Path, *keys: str) -> None:
    for key in keys:
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(key)


def test_only_uploads_without_a_job_are_put_aside(tmp_path: Path) -> None:
    objects, aside = tmp_path / "objects", tmp_path / "aside"
    make_objects(
        objects,
        ".DS_Store",
        "accepted/audio/clip.flac",
        "never-accepted/audio/clip.flac",
        "imported/audio/clip.flac",
        "imported/manifest.json",
        "half-done/audio/clip.flac",
        "half-done/results/1/transcript.json",
    )

    assert put_unclaimed_aside(objects, {"accepted"}, aside) == [aside / "never-accepted"]

    left = {path.name for path in objects.iterdir()}
    assert left == {".DS_Store", "accepted", "imported", "half-done"}
    moved = aside / "never-accepted/audio/clip.flac"
    assert moved.read_text() == "never-accepted/audio/clip.flac"


def test_what_was_put_aside_before_stays(tmp_path: Path) -> None:
    objects, aside = tmp_path / "objects", tmp_path / "aside"
    for _ in range(2):
        make_objects(objects, "a/audio/clip.flac")
        put_unclaimed_aside(objects, set(), aside)
    assert {path.name for path in aside.iterdir()} == {"a", "a.2"}


def test_what_cannot_be_moved_stays_and_stops_nobody(tmp_path: Path) -> None:
    make_objects(tmp_path, "objects/a/audio/clip.flac", "aside")
    assert put_unclaimed_aside(tmp_path / "objects", set(), tmp_path / "aside") == []
    assert (tmp_path / "objects/a/audio/clip.flac").exists()


def test_a_new_server_has_nothing_to_put_aside(tmp_path: Path) -> None:
    assert put_unclaimed_aside(tmp_path / "default", set(), tmp_path / "aside") == []
    assert list(tmp_path.iterdir()) == []


def test_what_nobody_missed_for_a_month_goes(tmp_path: Path) -> None:
    objects, aside = tmp_path / "objects", tmp_path / "aside"
    now, month = time.time(), KEPT.total_seconds()
    make_objects(objects, "a/audio/clip.flac", "b/audio/clip.flac")
    # A month counts from when it was put there, however old the recording is.
    os.utime(objects / "a", (now - 2 * month, now - 2 * month))
    put_unclaimed_aside(objects, set(), aside)

    assert remove_what_nobody_missed(aside, now + month - 60) == []
    os.utime(aside / "a", (now - 60, now - 60))
    assert remove_what_nobody_missed(aside, now + month - 30) == [aside / "a"]
    assert {path.name for path in aside.iterdir()} == {"b"}


def test_what_cannot_be_removed_stops_nobody(tmp_path: Path) -> None:
    make_objects(tmp_path, "a")
    assert remove_what_nobody_missed(tmp_path, time.time() + 2 * KEPT.total_seconds()) == []
    assert remove_what_nobody_missed(tmp_path / "none", 0) == []
