"""One lane: what it takes, gives, tries again and tells its decoder."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from threading import Event
from typing import Any

import pytest
import torch

from support.engine_builders import NEVER_GOOD_ENOUGH, TwinModels, make_decoder
from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.batch import DecodingBatch
from waas_job.engine.lane import Give, Lane, NumberedWindow, Take
from waas_job.engine.lanes import Lanes
from waas_job.engine.sizing import BatchSize
from waas_job.engine.windows import DecodedWindow, Window, WindowOptions

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


def test_window_that_failed_does_not_wait_for_more_that_fail(
    twins: TwinModels, windows: list[Window]
) -> None:
    # One alone fails, and there is room to try again four at once.
    improbable, *others = sorted(windows[:4], key=lambda each: probability(twins, each))
    threshold = (probability(twins, improbable) + probability(twins, others[0])) / 2
    options = DecodingOptions(
        logprob_threshold=threshold, compression_ratio_threshold=100, no_speech_threshold=1
    )
    left = [NumberedWindow(*each) for each in enumerate([improbable, *others * 5])]
    given: list[int] = []

    def take(most: int, _: bool) -> list[NumberedWindow]:
        taken, left[:] = left[:most], left[most:]
        return taken

    lane = Lane(twins.ours, WindowOptions(options), BatchSize(2, 1, 1, 1, 2))
    lane.run(take, lambda index, _: given.append(index))

    assert given.index(0) <= 4
    assert sorted(given) == list(range(16))


def probability(twins: TwinModels, window: Window) -> float:
    options = WindowOptions(DecodingOptions(**ONE_TRY))
    (decoded,) = make_decoder(twins.ours).decode([window], options)
    return decoded.avg_logprob


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


class GreedyLane:
    """In a lane's place: takes four at once, as soon as so many are at hand."""

    def __init__(self, are_at_hand: Event) -> None:
        self._are_at_hand = are_at_hand
        self.taken: list[int] = []

    def run(self, take: Take, give: Give) -> None:
        self._are_at_hand.wait(5)
        while taken := take(4, True):
            self.taken.append(len(taken))
            for each in taken:
                give(each.index, decoded_as(str(each.index)))


def decoded_as(text: str) -> DecodedWindow:
    return DecodedWindow((), text, 0, 0, 0, 0, is_silence=False)


def test_as_many_windows_are_at_hand_as_a_lane_takes_at_once(windows: list[Window]) -> None:
    are_at_hand = Event()
    lane = GreedyLane(are_at_hand)

    def make_windows() -> Iterator[NumberedWindow]:
        for index in range(4):
            yield NumberedWindow(index, windows[0])
        are_at_hand.set()

    lanes = Lanes([lane], taken_at_once=5, most_under_way=8)  # type: ignore[list-item]
    with lanes as running:
        decoded = list(running.decode([], make_windows()))

    assert [each.text for each in decoded] == ["0", "1", "2", "3"]
    assert lane.taken == [4]
