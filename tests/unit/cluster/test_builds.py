from __future__ import annotations

from pathlib import Path

import pytest

from cluster.binaries.builds import build
from cluster.binaries.pins import BINARIES
from cluster.errors import BinaryUnavailable, BuildFailed

# It fails as often as it is told, and then writes what it is asked for.
GO = """\
#!/bin/sh
test "$1" = version && { echo go version go1.26.6 linux/amd64; exit; }
echo try >> "$TRIES"
test $(/usr/bin/wc -l < "$TRIES") -gt "$FAILURES" || exit 1
while test "$1" != -o; do shift; done
echo built > "$2"
"""


@pytest.fixture
def tries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Go on PATH, and the file in which it counts its builds."""
    go = tmp_path / "go"
    go.write_text(GO)
    go.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TRIES", str(tmp_path / "tries"))
    return tmp_path / "tries"


def test_a_build_that_fails_is_not_taken_for_one_that_can_not_be_had(
    tries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILURES", "9")
    with pytest.raises(BuildFailed, match=f"`go build` of {BINARIES[0].name} failed 3 times"):
        build(BINARIES[0], tmp_path / "binary")
    assert len(tries.read_text().splitlines()) == 3


def test_a_build_whose_modules_came_at_the_second_try_is_done(
    tries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILURES", "1")
    build(BINARIES[0], tmp_path / "binary")
    assert (tmp_path / "binary").read_text() == "built\n"
    assert len(tries.read_text().splitlines()) == 2


def test_a_build_without_go_can_not_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BinaryUnavailable, match="no Go to build"):
        build(BINARIES[0], tmp_path / "binary")
