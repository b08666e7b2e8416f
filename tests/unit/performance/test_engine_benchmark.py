"""The benchmark's own arithmetic, on contenders that only pretend to run."""

from pathlib import Path

import pytest
import torch

from performance.engine.case import Answer, Case, Mode, Transcribed
from performance.engine.contenders import CONTENDERS, OURS, Contender, find_contenders
from performance.engine.limit import Limit, Machine, derive_limit, derive_work, measure_machine
from performance.engine.limits import derive_limits
from performance.engine.report import derive_rows, render_table
from performance.engine.rounds import Entry, Plan, Series, run_rounds
from performance.engine.running import ContenderFailed, Run
from performance.engine.windows import count_window_tokens
from performance.model_shapes import SHAPES
from support.spoken_mix import make_mix
from waas_contract.transcript import Segment

QUICK = Contender(f"{OURS} bfloat16", "waas", precision="bfloat16")
PEER = Contender("peer", "peer", modes=(Mode.SEGMENTS, Mode.WORDS))
SLOW = Contender("tortoise", "tortoise", beam_sizes=(1,), is_slow=True)
SECONDS = {"waas": 2.0, "peer": 4.0, "tortoise": 40.0}
MIX = make_mix(seconds=10)
LIMIT = Limit(windows=1, tokens=9, encoder_seconds=1.0, decoder_seconds=0.5)


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

    def __init__(self, *, failing: str = "") -> None:
        self.cases: list[Case] = []
        self._failing = failing

    def run(self, case: Case) -> Run:
        self.cases.append(case)
        if case.adapter == self._failing:
            raise ContenderFailed("it ended")
        text = " ".join(sentence.text for sentence in MIX.sentences)
        segment = Segment(id=0, start=0, end=1, text=text, tokens=(1, 2, 3))
        transcribed = Transcribed(SECONDS[case.adapter], 3.0, 1.25, (segment,))
        answer = Answer("1.0", 1, 1.5, 4, resident_bytes=500_000_000, transcribed=(transcribed,))
        return Run(answer, cgroup_bytes=None)


def finish(plan: Plan, runs: PretendedRuns) -> dict[Entry, Series]:
    *_, whole = run_rounds(plan, print, run_case=runs.run)
    return whole


def test_contenders_take_turns_and_every_other_round_goes_backwards() -> None:
    runs = PretendedRuns()

    finish(make_plan(QUICK, SLOW, modes=(Mode.TEXT,)), runs)

    asked = [(case.adapter, case.beam_size, case.warm_up is None) for case in runs.cases]
    cold = [("waas", 1, True), ("tortoise", 1, True), ("waas", 5, True)]
    warm = [(adapter, beam_size, False) for adapter, beam_size, _ in cold]
    without_slow = [each for each in warm if each[0] != "tortoise"]
    assert asked == [*cold, *warm[::-1], *without_slow, *without_slow[::-1]]


def test_a_mode_that_a_contender_does_not_have_is_run_once_and_shown_twice() -> None:
    runs = PretendedRuns()
    plan = make_plan(PEER, modes=(Mode.TEXT, Mode.SEGMENTS))

    rows = derive_rows(plan, MIX, finish(plan, runs), {})

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

    rows = derive_rows(plan, MIX, finish(plan, PretendedRuns()), {("bfloat16", 1): LIMIT})

    greedy = {row.contender: row for row in rows if row.beam_size == 1}
    assert list(greedy) == [QUICK.name, "peer", "tortoise"]
    ours = greedy[QUICK.name]
    assert ours.ratio_to_fastest_peer == pytest.approx(2)
    assert greedy["peer"].ratio_to_fastest_peer == pytest.approx(10)
    assert greedy["tortoise"].ratio_to_fastest_peer == pytest.approx(0.1)
    assert ours.speed == pytest.approx(MIX.seconds / 2)
    assert ours.share_of_limit == pytest.approx(0.75)
    assert greedy["peer"].share_of_limit is None
    assert (ours.rounds, greedy["tortoise"].rounds) == (3, 1)
    assert (ours.library_seconds, ours.load_seconds) == (1, 0.5)
    assert (ours.cold_text_seconds, ours.cold_seconds) == (2.75, 4)
    assert ours.words.dropped == 0
    assert len(render_table(rows).splitlines()) == 2 + len(rows)


def test_every_round_gives_what_there_is_and_whoever_fails_is_left_out() -> None:
    plan, runs = make_plan(QUICK, PEER, SLOW, modes=(Mode.WORDS,)), PretendedRuns(failing="peer")

    rounds = [
        derive_rows(plan, MIX, series, {}) for series in run_rounds(plan, print, run_case=runs.run)
    ]

    assert [[row.rounds for row in rows if row.contender == QUICK.name] for rows in rounds] == [
        [number, number] for number in range(plan.rounds + 1)
    ]
    assert {row.contender for rows in rounds for row in rows} == {QUICK.name, SLOW.name}
    assert [case.adapter for case in runs.cases].count("peer") == len(plan.beam_sizes)


def test_limits_are_those_of_each_precision_and_number_of_beams() -> None:
    plan = make_plan(QUICK, PEER, modes=(Mode.WORDS,))
    slow, fast = (
        Machine({"product": rate}, stream_gigabytes=28, precision=name)
        for rate, name in ((100, "float32"), (400, "bfloat16"))
    )

    limits = derive_limits(plan, finish(plan, PretendedRuns()), {"float32": slow, "bfloat16": fast})

    assert set(limits) == {
        (name, beams) for name in ("float32", "bfloat16") for beams in plan.beam_sizes
    }
    whole, short = limits["float32", 1], limits["bfloat16", 1]
    assert whole.tokens == short.tokens == 3 + 2 + 5
    assert short.encoder_seconds == pytest.approx(whole.encoder_seconds / 4)
    assert short.decoder_seconds == pytest.approx(whole.decoder_seconds / 2)


def test_contenders_are_found_by_the_beginnings_of_their_names() -> None:
    found = find_contenders("waas, faster-whisper batched 8")

    assert [each.name for each in found] == [
        f"{OURS} bfloat16",
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
    # Each beam is multiplied for itself, and few of them are still done before all is read.
    assert derive_limit(machine, work, [75] * 9, beams=2).seconds == limit.seconds
    multiplied = derive_limit(machine, work, [75] * 9, beams=50).decoder_seconds
    assert multiplied == pytest.approx(50 * 720 * work.token_flops / 130e9)


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
