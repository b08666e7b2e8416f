"""The table of words and times, from a contender that only pretends to hear."""

from collections.abc import Iterator
from pathlib import Path

from performance.engine.case import Answer, Case, Transcribed
from performance.engine.contenders import CONTENDERS
from performance.engine.running import Run
from performance.quality import Plan, Recording, measure_quality, render_table, store_variants
from support.spoken_mix import Mix
from waas_contract.transcript import Segment, Word

VARIANTS = ("clean", "stereo", "8 kHz", "music")


def hear(mix: Mix) -> Iterator[Segment]:
    """Hear all that is said in time, and a word of thanks before it."""
    yield Segment(id=0, start=0, end=0.1, text="Thanks!", words=())
    for sentence in mix.sentences:
        start = sentence.onset + 0.05
        word = Word(word=sentence.text, start=start, end=sentence.end, probability=1)
        yield Segment(id=0, start=start, end=sentence.end, text=sentence.text, words=(word,))


class PretendedHearing:
    """Knows the recordings by their place."""

    def __init__(self, recordings: list[Recording]) -> None:
        self._recordings = recordings

    def run(self, case: Case) -> Run:
        assert case.sounds == tuple(each.samples for each in self._recordings)
        transcribed = tuple(
            Transcribed(1.0, 1.0, 0.5, tuple(hear(each.mix))) for each in self._recordings
        )
        return Run(Answer("1.0", 1, 2, 3, 1, transcribed), cgroup_bytes=None)


def test_every_variant_has_a_row_for_each_way_to_decode(tmp_path: Path) -> None:
    recordings = store_variants(tmp_path, VARIANTS, seed=1, seconds=5)
    plan = Plan(CONTENDERS[:1], beam_sizes=(1, 5), model="base", threads=2)

    rows = measure_quality(plan, recordings, print, run_case=PretendedHearing(recordings).run)

    assert [row.variant for row in rows] == [name for name in VARIANTS for _ in range(2)]
    for row in rows:
        assert row.words.dropped == 0
        assert row.words.inserted_without_speech == 1
        if row.variant != "music":
            assert row.cue_starts.median is not None
            assert round(row.cue_starts.median, 3) == 0.05
            assert row.word_starts == row.cue_starts
    assert len(render_table(rows).splitlines()) == 2 + len(rows)


def test_variants_are_stored_as_recordings_are(tmp_path: Path) -> None:
    recordings = store_variants(tmp_path, VARIANTS, seed=1, seconds=5)

    assert [each.mix.samples.ndim for each in recordings] == [1, 2, 1, 1]
    assert [each.mix.rate for each in recordings] == [16_000, 16_000, 8_000, 16_000]
