"""One lane: what it takes, gives, tries again and tells its decoder."""

from dataclasses import replace
from itertools import count
from typing import Any

import pytest
import torch

from support.engine_builders import NEVER_GOOD_ENOUGH, TwinModels
from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.batch import DecodingBatch
from waas_job.engine.lane import Lane, NumberedWindow
from waas_job.engine.sizing import BatchSize
from waas_job.engine.windows import Window, WindowOptions

ONE_TRY: dict[str, Any] = {"temperature_increment_on_fallback": 0}


def test_lane_takes_no_window_until_those_that_failed_are_tried_again(
    twins: TwinModels, windows: list[Window]
) -> None:
    left = [NumberedWindow(*each) for each in enumerate(windows)]
    lefts: list[int] = []

    def take(most: int, _: bool) -> list[NumberedWindow]:
        taken, left[:] = left[:most], left[most:]
        return taken

    lane = Lane(twins.ours, WindowOptions(NEVER_GOOD_ENOUGH), BatchSize(2, 1, 1, 1, 1))
    lane.run(take, lambda _, __: lefts.append(len(left)))

    # The two that run beside each other fail, and are done before the next ones are taken.
    assert lefts == [3, 3, 1, 1, 0]


def test_lane_that_tries_again_stops_where_nobody_wants_the_rest(
    twins: TwinModels, windows: list[Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []
    tried: list[float] = []

    def take(most: int, _: bool) -> list[NumberedWindow]:
        if sum(tried) > 0:
            raise LookupError
        return [NumberedWindow(0, windows[0])][:most]

    lane = Lane(twins.ours, WindowOptions(NEVER_GOOD_ENOUGH), BatchSize(1, 1, 1, 1, 1))
    build = lane._build_batch

    def note(temperature: float, *rest: Any) -> DecodingBatch:
        tried.append(temperature)
        return build(temperature, *rest)

    monkeypatch.setattr(lane, "_build_batch", note)
    with pytest.raises(LookupError):
        lane.run(take, lambda index, _: given.append(index))

    assert given == []


class Expectations:
    """In a decoder's place: what lanes tell it before they run. The longest text has 28 tokens."""

    def __init__(self) -> None:
        self.rows: list[int] = []

    def expect(self, rows: int) -> None:
        self.rows.append(rows)


@pytest.mark.parametrize(
    ("sentence", "options", "rows"),
    [
        ("a step has a row for each window", WindowOptions(), 6),
        ("and for each beam", WindowOptions(DecodingOptions(beam_size=5)), 30),
        ("words are aligned in a whole text", WindowOptions(word_timestamps=True), 28),
    ],
)
def test_decoder_is_told_how_much_it_reads_at_once(
    twins: TwinModels, sentence: str, options: WindowOptions, rows: int
) -> None:
    decoder = Expectations()
    Lane(replace(twins.ours, decoder=decoder), options, BatchSize(6, 1, 1, 1, 1))  # type: ignore[arg-type]
    assert decoder.rows == [rows], sentence


def test_each_window_is_given_once_where_memory_runs_out_twice(
    twins: TwinModels, windows: list[Window]
) -> None:
    calls, left = count(1), [NumberedWindow(*each) for each in enumerate(windows)]
    given: list[int] = []

    def encode(mel: torch.Tensor) -> torch.Tensor:
        # With four windows under way, and once more when the first of them begins anew.
        if next(calls) in (4, 5):
            raise torch.OutOfMemoryError
        return twins.ours.encoder(mel)

    def take(most: int, _: bool) -> list[NumberedWindow]:
        taken, left[:] = left[:most], left[most:]
        return taken

    model = replace(twins.ours, encoder=encode)  # type: ignore[arg-type] # it is called, no more
    lane = Lane(model, WindowOptions(DecodingOptions(**ONE_TRY)), BatchSize(4, 1, 1, 1, 1))
    lane.run(take, lambda index, _: given.append(index))

    assert sorted(given) == list(range(len(windows)))
