"""The benchmark's own arithmetic, on contenders that only pretend to run."""

from pathlib import Path

import pytest
import torch

from performance.engine.case import Answer, Case, Mode, Transcribed
from performance.engine.contenders import CONTENDERS, OURS, Contender, find_contenders
from performance.engine.limit import Machine, derive_limit, derive_work, measure_machine
from performance.engine.report import derive_rows, render_table
from performance.engine.rounds import Plan, run_rounds
from performance.engine.running import Run
from performance.engine.windows import count_window_tokens
from performance.model_shapes import SHAPES
from support.spoken_mix import make_mix
from waas_contract.transcript import Segment

QUICK = Contender(OURS, "waas")
PEER = Contender("peer", "peer", modes=(Mode.SEGMENTS, Mode.WORDS))
SLOW = Contender("tortoise", "tortoise", beam_sizes=(1,), is_slow=True)
SECONDS = {"waas": 2.0, "peer": 4.0, "tortoise": 40.0}
MIX = make_mix(seconds=10)


def make_plan(*contenders: Contender, modes: tuple[Mode, ...] = tuple(Mode)) -> Plan:
    return Plan(
        contenders=contenders,
        modes=modes,
        beam_sizes=(1, 5),
        rounds=3,
        model="base",
        threads=2,
        sound=Path("mix.npy"),
        warm_up=Path("warm-up.npy"),
    )


class PretendedRuns:
    """Answers each case at once, and keeps what was asked."""

    def __init__(self) -> None:
        self.cases: list[Case] = []

    def run(self, case: Case) -> Run:
        self.cases.append(case)
        text = " ".join(sentence.text for sentence in MIX.sentences)
        segment = Segment(id=0, start=0, end=1, text=text, tokens=(1, 2, 3))
        transcribed = Transcribed(SECONDS[case.adapter], 3.0, (segment,))
        answer = Answer("1.0", 1, 1.5, 4, resident_bytes=500_000_000, transcribed=(transcribed,))
        return Run(answer, cgroup_bytes=None)


def test_contenders_take_turns_and_every_other_round_goes_backwards() -> None:
    runs = PretendedRuns()

    run_rounds(make_plan(QUICK, SLOW, modes=(Mode.TEXT,)), print, run_case=runs.run)

    asked = [(case.adapter, case.beam_size, case.warm_up is None) for case in runs.cases]
    cold = [("waas", 1, True), ("tortoise", 1, True), ("waas", 5, True)]
    warm = [(adapter, beam_size, False) for adapter, beam_size, _ in cold]
    without_slow = [each for each in warm if each[0] != "tortoise"]
    assert asked == [*cold, *warm[::-1], *without_slow, *without_slow[::-1]]


def test_a_mode_that_a_contender_does_not_have_is_run_once_and_shown_twice() -> None:
    runs = PretendedRuns()
    plan = make_plan(PEER, modes=(Mode.TEXT, Mode.SEGMENTS))

    rows = derive_rows(plan, MIX, run_rounds(plan, print, run_case=runs.run), limit_seconds=None)

    assert {case.mode for case in runs.cases} == {Mode.SEGMENTS}
    assert len(runs.cases) == 2 * (1 + plan.rounds)
    assert [(row.mode, row.beam_size) for row in rows] == [
        (Mode.TEXT, 1),
        (Mode.TEXT, 5),
        (Mode.SEGMENTS, 1),
        (Mode.SEGMENTS, 5),
    ]


def test_rows_compare_with_the_fastest_peer_and_with_the_limit() -> None:
    plan = make_plan(QUICK, PEER, SLOW, modes=(Mode.WORDS,))

    rows = derive_rows(
        plan, MIX, run_rounds(plan, print, run_case=PretendedRuns().run), limit_seconds=1.5
    )

    greedy = {row.contender: row for row in rows if row.beam_size == 1}
    assert list(greedy) == [OURS, "peer", "tortoise"]
    assert greedy[OURS].ratio_to_fastest_peer == pytest.approx(2)
    assert greedy["peer"].ratio_to_fastest_peer == pytest.approx(10)
    assert greedy["tortoise"].ratio_to_fastest_peer == pytest.approx(0.1)
    assert greedy[OURS].speed == pytest.approx(MIX.seconds / 2)
    assert greedy[OURS].share_of_limit == pytest.approx(0.75)
    assert (greedy[OURS].rounds, greedy["tortoise"].rounds) == (3, 1)
    assert (greedy[OURS].import_seconds, greedy[OURS].load_seconds) == (1, 0.5)
    assert greedy[OURS].words.dropped == 0
    assert len(render_table(rows).splitlines()) == 2 + len(rows)


def test_contenders_are_found_by_the_beginnings_of_their_names() -> None:
    found = find_contenders("waas, faster-whisper batched 8")

    assert [each.name for each in found] == [
        OURS,
        f"{OURS} float32",
        "faster-whisper batched 8 float32",
        "faster-whisper batched 8 int8",
    ]
    assert find_contenders(None) == CONTENDERS
    with pytest.raises(LookupError, match="no contender is called 'tortoise'; there are waas"):
        find_contenders("waas,tortoise")


def test_the_limit_is_what_multiplying_and_reading_take() -> None:
    machine = Machine({"small": 60, "large": 130}, stream_gigabytes=28, precision="float32")

    work = derive_work(SHAPES["base"], bytes_per_value=4)

    limit = derive_limit(machine, work, [75] * 9)

    # The figures of section 4: an encoder of 87 GF and 9 GF of cross-attention's keys and values
    # for a window; 37 MB to read for a token and 194 MB for a step.
    assert limit.encoder_seconds == pytest.approx(9 * (87.4 + 9.4) / 130, rel=0.01)
    assert limit.decoder_seconds == pytest.approx((720 * 0.0369 + 80 * 0.194) / 28, rel=0.01)
    assert limit.tokens == 9 * 80
    assert derive_limit(machine, work, []).seconds == 0


def test_a_machine_is_measured_on_the_models_own_products() -> None:
    machine = measure_machine(
        SHAPES["tiny.en"],
        device=torch.device("cpu"),
        dtype=torch.float32,
        windows=1,
        stream_bytes=1 << 20,
        tries=1,
    )

    assert list(machine.gigaflops) == [
        "queries, keys and values: 1500 x 384 by 384 x 1152",
        "widening: 1500 x 384 by 384 x 1536",
        "narrowing: 1500 x 1536 by 1536 x 384",
    ]
    assert min(machine.gigaflops.values()) > 0
    assert machine.stream_gigabytes > 0


def test_tokens_are_counted_by_windows() -> None:
    segments = [
        Segment(id=number, seek=seek, start=0, end=1, text="", tokens=(1,) * count)
        for number, (seek, count) in enumerate([(0, 3), (0, 4), (2800, 5)])
    ]

    assert count_window_tokens(segments) == [11, 7]
