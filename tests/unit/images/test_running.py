from __future__ import annotations

import sys
from pathlib import Path

import pytest

from images.errors import CommandFailed
from images.running import run, run_logged, succeeds


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_a_command_that_succeeds_gives_what_it_printed() -> None:
    assert run(python("print('it')")) == "it\n"


def test_a_command_that_fails_gives_its_last_lines() -> None:
    code = "import sys; [print('line', i) for i in range(40)]; sys.exit('out of luck')"
    with pytest.raises(CommandFailed) as failure:
        run(python(code))
    message = str(failure.value)
    assert message.endswith("line 39\nout of luck")
    assert "line 5\n" not in message


def test_a_long_command_leaves_a_log_which_its_failure_names(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "build.log"
    run_logged(python("print('step 1')"), log)
    assert log.read_text() == "step 1\n"
    with pytest.raises(CommandFailed, match=r"no luck\nAll: .*build\.log$"):
        run_logged(python("import sys; sys.exit('no luck')"), log)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (python("pass"), True),
        (python("raise SystemExit(1)"), False),
        (("/no/such/program",), False),
    ],
)
def test_an_engine_that_fails_or_is_not_there_does_not_succeed(
    words: tuple[str, ...], answer: bool
) -> None:
    assert succeeds(words, within_seconds=60) is answer


def test_an_engine_that_hangs_does_not_succeed() -> None:
    assert not succeeds(python("import time; time.sleep(60)"), within_seconds=0.1)
