"""`waas-models`, in this process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.model_builders import CONTENT, MODEL, lay_out_file, make_entry
from waas_contract.model_catalogue import render_catalogue
from waas_job.model_cache.__main__ import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The cache; not made yet."""
    return tmp_path / "models"


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """Names one model that is there, one whose file is missing and one whose file is another."""
    path = tmp_path / "models.json"
    entry = lay_out_file(tmp_path)
    missing = make_entry(name="cockatoo", address=(tmp_path / "none.pt").as_uri())
    wrong = make_entry(b"other", name="budgie", address=entry.files[0].address)
    path.write_text(render_catalogue([entry, missing, wrong]))
    return path


def ask(folder: Path, catalogue: Path, *arguments: str) -> int:
    return run(["--folder", str(folder), "--catalogue", str(catalogue), *arguments])


def test_pulls_verifies_and_shows_the_path(
    folder: Path, catalogue: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(folder, catalogue, "pull", MODEL) == 0
    out, err = capsys.readouterr()
    assert out == f"parrot: pulled and verified, {folder}/parrot.pt\n"
    assert err.splitlines()[-1] == "parrot.pt: 0.0 of 0.0 MiB"
    assert ask(folder, catalogue, "verify", MODEL) == 0
    assert capsys.readouterr().out == f"parrot: verified, {folder}/parrot.pt\n"
    assert ask(folder, catalogue, "path", MODEL) == 0
    assert capsys.readouterr().out == f"{folder}/parrot.pt\n"


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("pull", "budgie"), 65),
        (("path", MODEL), 66),
        (("pull", "cockatoo"), 69),
        (("pull", "heron"), 78),
        (("--catalogue", "/none.toml", "list"), 78),
        (("--mirror", "none", "list"), 78),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_exit_code_says_what_is_worth_another_try(
    folder: Path,
    catalogue: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    exit_code: int,
) -> None:
    assert ask(folder, catalogue, *arguments) == exit_code
    out, err = capsys.readouterr()
    assert out == ""
    complaints = [line for line in err.splitlines() if not line.endswith("MiB")]
    assert len(complaints) == 1


def test_what_can_be_done_is_done(
    folder: Path, catalogue: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(folder, catalogue, "pull", "cockatoo", MODEL, "heron") == 69
    assert capsys.readouterr().out == f"parrot: pulled and verified, {folder}/parrot.pt\n"


def test_list_tells_what_is_there(
    folder: Path, catalogue: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(folder, catalogue, "pull", MODEL)
    capsys.readouterr()
    assert ask(folder, catalogue, "list", "--json") == 0
    states = {
        state["name"]: state for state in map(json.loads, capsys.readouterr().out.splitlines())
    }
    assert states[MODEL] == {
        "name": MODEL,
        "otherNames": [],
        "layout": "openai",
        "bytes": len(CONTENT),
        "isCached": True,
        "isVerified": True,
        "path": f"{folder}/parrot.pt",
    }
    assert states["large-v3"]["otherNames"] == ["large"]
    assert states["large-v3"]["isCached"] is False
    assert ask(folder, catalogue, "list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"{'base':28}{'139 MiB':>14}  not in the cache" in lines
    assert any(line.startswith("large-v3-turbo = turbo") for line in lines)


def test_starts_without_torch() -> None:
    look = "import sys, waas_job.model_cache.__main__; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True)
    assert found.stdout == "False\n"
