from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waas_contract.formats import OutputFormat
from waas_contract.object_keys import (
    audio_key,
    checkpoint_key,
    held_key,
    held_prefix,
    manifest_key,
    parse_held_key,
    progress_key,
    result_key,
)

FILE_NAMES = [
    ("a plain name stays", "clip.mp3", "clip.mp3"),
    ("spaces and letters beyond ASCII become one underscore", "Blåbær (1).wav", "Bl_b_r_1_.wav"),
    ("a path gives no folders", "../../etc/passwd", "etc_passwd"),
    ("a name without a safe character", "интервью", "audio"),
    ("no name", "", "audio"),
    ("dots alone", "..", "audio"),
    ("a long name keeps its ending", "x" * 200 + ".flac", "x" * 95 + ".flac"),
]


@pytest.mark.parametrize(
    ("file_name", "safe_name"), [pytest.param(*case[1:], id=case[0]) for case in FILE_NAMES]
)
def test_audio_key_is_safe(file_name: str, safe_name: str) -> None:
    assert audio_key("newsroom", "a1", file_name) == f"newsroom/a1/audio/{safe_name}"


@given(st.text(max_size=300))
def test_audio_key_never_leaves_its_folder(file_name: str) -> None:
    folder, name = audio_key("newsroom", "a1", file_name).rsplit("/", 1)

    assert folder == "newsroom/a1/audio"
    assert name not in ("", ".", "..")
    assert name.isascii()


def test_a_held_recording_says_since_when_and_is_no_jobs() -> None:
    time = datetime(2026, 11, 22, 18, 0, 0, tzinfo=UTC)
    key = held_key("newsroom", "a1", time)

    assert key.startswith(held_prefix("newsroom"))
    assert parse_held_key(key) == time
    for other in ("newsroom/_held/a1", "newsroom/a1/audio/1-a", "newsroom/_held/1-a/b"):
        assert parse_held_key(other) is None


def test_keys_of_results_and_state() -> None:
    assert result_key("n", "a", 2, OutputFormat.SRT) == "n/a/results/2/transcript.srt"
    assert manifest_key("n", "a") == "n/a/manifest.json"
    assert checkpoint_key("n", "a") == "n/a/state/checkpoint.json"
    assert progress_key("n", "a") == "n/a/state/progress.json"
