from pathlib import Path

from waas_standalone.unclaimed import remove_unclaimed


def make_objects(folder: Path, *keys: str) -> None:
    for key in keys:
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_only_uploads_without_a_job_go(tmp_path: Path) -> None:
    make_objects(
        tmp_path,
        "accepted/audio/clip.flac",
        "never-accepted/audio/clip.flac",
        "imported/audio/clip.flac",
        "imported/manifest.json",
        "half-done/audio/clip.flac",
        "half-done/results/1/transcript.json",
    )

    assert remove_unclaimed(tmp_path, {"accepted"}) == ["never-accepted"]

    assert {path.name for path in tmp_path.iterdir()} == {"accepted", "imported", "half-done"}


def test_a_new_server_has_nothing_to_remove(tmp_path: Path) -> None:
    assert remove_unclaimed(tmp_path / "default", set()) == []
