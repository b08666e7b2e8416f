from pathlib import Path

import pytest

from waas_contract.job_environment import ItemOutcome, TerminationMessage
from waas_standalone import job_process
from waas_standalone.job_process import RunFolder


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "run")


def test_a_program_finds_its_files_and_only_its_owner_does(run: RunFolder) -> None:
    run.lay_out({"a.json": b"{}"}, [])
    assert (run.urls / "a.json").read_bytes() == b"{}"
    assert run.path.stat().st_mode & 0o777 == 0o700


def test_a_log_stays_under_its_pods_names(run: RunFolder, tmp_path: Path) -> None:
    links = [tmp_path / "logs" / job / "pod.log" for job in ("a", "b")]
    for _ in range(2):
        run.lay_out({}, links)
        run.log.write_text("done")
        run.remove()
    assert [link.read_text() for link in links] == ["done", "done"]


def test_a_log_does_not_fill_the_disk(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_process, "LARGEST_LOG_BYTES", 10)
    run.lay_out({}, [])
    with run.log.open("ab", buffering=0) as log:
        log.write(b"0123456789")
        run.bound_log()
        log.write(b"A")
        run.bound_log()
        log.write(b"B")
    assert run.log.read_bytes() == b"6789AB"


def test_last_words_that_are_being_written_are_read_later(run: RunFolder) -> None:
    run.lay_out({}, [])
    assert run.read_outcomes() == {}
    outcome = ItemOutcome(name="a")
    text = TerminationMessage(outcomes=(outcome,)).to_text()
    run.last_words.write_text(text[:10])
    assert run.read_outcomes() == {}
    run.last_words.write_text(text)
    assert run.read_outcomes() == {"a": outcome}
