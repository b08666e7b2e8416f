from __future__ import annotations

from pathlib import Path

import pytest

from cluster.binaries.builds import build
from cluster.binaries.pins import BINARIES
from cluster.errors import BinaryUnavailable, BuildFailed

GO_THAT_FAILS = """\
#!/bin/sh
test "$1" = version && echo go version go1.26.6 linux/amd64
"""


def test_a_build_that_fails_is_not_taken_for_one_that_can_not_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = tmp_path / "go"
    go.write_text(GO_THAT_FAILS)
    go.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildFailed, match=f"`go build` of {BINARIES[0].name} failed"):
        build(BINARIES[0], tmp_path / "binary")


def test_a_build_without_go_can_not_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BinaryUnavailable, match="no Go to build"):
        build(BINARIES[0], tmp_path / "binary")
