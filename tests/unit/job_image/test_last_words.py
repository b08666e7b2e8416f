import logging
from pathlib import Path

import pytest

from waas_contract.exit_codes import FailureReason
from waas_contract.job_environment import ItemOutcome, TerminationMessage
from waas_job.last_words import LastWords


def read(path: Path) -> TerminationMessage:
    return TerminationMessage.model_validate_json(path.read_text())


def test_message_tells_every_items_end_in_order(tmp_path: Path) -> None:
    path = tmp_path / "termination-log"
    last_words = LastWords(path, ["one", "two"])
    bad = ItemOutcome(name="two", reason=FailureReason.BAD_AUDIO, message="There is no sound.")
    last_words.record(bad)
    last_words.record(ItemOutcome(name="one"))
    last_words.write()
    assert read(path).outcomes == (ItemOutcome(name="one"), bad)


def test_items_that_have_not_ended_end_alike(tmp_path: Path) -> None:
    path = tmp_path / "termination-log"
    last_words = LastWords(path, ["one", "two"])
    last_words.record(ItemOutcome(name="one"))
    last_words.record_rest(FailureReason.INTERNAL_ERROR, "Stopped.")
    last_words.write()
    assert [outcome.reason for outcome in read(path).outcomes] == [
        None,
        FailureReason.INTERNAL_ERROR,
    ]


def test_end_without_items_has_an_empty_name(tmp_path: Path) -> None:
    path = tmp_path / "termination-log"
    last_words = LastWords(path, [])
    last_words.record_rest(FailureReason.BAD_CONFIGURATION, "WAAS_ITEMS is missing.")
    last_words.write()
    assert [outcome.name for outcome in read(path).outcomes] == [""]


def test_message_holds_no_url(tmp_path: Path) -> None:
    path = tmp_path / "termination-log"
    last_words = LastWords(path, ["one"])
    last_words.record_rest(
        FailureReason.INTERNAL_ERROR, "Failed at https://store.test/key?X-Amz-Signature=secret."
    )
    last_words.write()
    assert "secret" not in path.read_text()
    assert "store.test" not in path.read_text()


def test_unwritable_place_is_only_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        LastWords(tmp_path / "no/such/folder", ["one"]).write()
    assert "could not be written" in caplog.text
