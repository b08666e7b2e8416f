"""What goes wrong with an item is told, and keeps no other from being done."""

from pathlib import Path

import pytest

from support.in_memory_objects import AUDIO
from support.job_items import make_item
from support.media import write_silent_film
from support.pipeline_runs import FakeEngine, Run
from waas_contract.exit_codes import FailureReason
from waas_contract.job_environment import ItemOutcome
from waas_job.errors import StorageUnavailable


def test_one_bad_item_does_not_stop_the_others(run: Run, tmp_path: Path) -> None:
    film = write_silent_film(tmp_path / "film.mp4").read_bytes()
    run.objects["second"].stored[AUDIO] = film
    outcomes = run.take([make_item("interview"), make_item("second"), make_item("third")])
    assert [outcome.reason for outcome in outcomes] == [None, FailureReason.BAD_AUDIO, None]
    assert run.engines_loaded == 1


def test_bad_audio_is_told_before_the_engine_is_loaded(run: Run) -> None:
    run.objects["interview"].stored[AUDIO] = b"no audio"
    (outcome,) = run.take([make_item()])
    assert outcome.reason is FailureReason.BAD_AUDIO
    assert run.engines_loaded == 0
    assert run.objects["interview"].written == []


def test_missing_audio_is_source_not_found(run: Run) -> None:
    del run.objects["interview"].stored[AUDIO]
    (outcome,) = run.take([make_item()])
    assert outcome.reason is FailureReason.SOURCE_NOT_FOUND


def test_missing_model_is_told_before_anything_is_fetched(run: Run) -> None:
    run.has_checkpoint = False
    del run.objects["interview"].stored[AUDIO]
    (outcome,) = run.take([make_item()])
    assert outcome == ItemOutcome(
        name="interview",
        reason=FailureReason.MODEL_NOT_FOUND,
        message="There is no base.pt in /models.",
    )


def test_unavailable_store_is_told(run: Run) -> None:
    run.objects["interview"].failure = StorageUnavailable("Not available (HTTP 503).")
    (outcome,) = run.take([make_item()])
    assert outcome.reason is FailureReason.STORAGE_UNAVAILABLE
    assert outcome.message == "Not available (HTTP 503)."


@pytest.mark.parametrize(
    ("failure", "reason", "message"),
    [
        (
            RuntimeError("cannot read https://store.test/key?X-Amz-Signature=1\nmore"),
            FailureReason.INTERNAL_ERROR,
            "RuntimeError: cannot read [url]",
        ),
        (KeyError(), FailureReason.INTERNAL_ERROR, "KeyError"),
        (
            MemoryError(),
            FailureReason.OUT_OF_MEMORY,
            "There is not enough memory for this recording.",
        ),
    ],
)
def test_unforeseen_failure_is_told_in_one_line_without_urls(
    run: Run, failure: BaseException, reason: FailureReason, message: str
) -> None:
    run.engine = FakeEngine(failure=failure)
    outcomes = run.take([make_item(), make_item("second")])
    assert outcomes == [
        ItemOutcome(name=name, reason=reason, message=message) for name in ("interview", "second")
    ]
    assert run.objects["interview"].written == []
