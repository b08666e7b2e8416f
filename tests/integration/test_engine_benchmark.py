"""The benchmark runs: our engine in a process of its own, on a short clip."""

from pathlib import Path

import numpy as np
import pytest

from performance.engine.case import Case, Mode
from performance.engine.running import ContenderFailed, run
from support.media import read_samples
from support.speech import librivox_clip
from support.spoken_words import count_word_errors

pytestmark = pytest.mark.integration

CLIP = librivox_clip("0880")


def make_case(folder: Path, *, adapter: str = "waas") -> Case:
    sound = folder / "clip.npy"
    np.save(sound, read_samples(CLIP.path))
    return Case(
        adapter=adapter,
        foundation="torch",
        settings={"precision": "float32"},
        model="tiny.en",
        mode=Mode.WORDS,
        beam_size=1,
        threads=1,
        warm_up=None,
        sounds=(sound,),
    )


def test_our_engine_answers_the_benchmark(tmp_path: Path) -> None:
    done = run(make_case(tmp_path))

    transcribed = done.answer.transcribed[0]
    assert count_word_errors(transcribed.text, CLIP.text) <= 2
    assert all(segment.words for segment in transcribed.segments)
    assert 0 < transcribed.seconds_to_text <= transcribed.seconds
    assert transcribed.cpu_seconds > 0
    assert 0 < done.answer.founded < done.answer.loaded < done.answer.finished
    assert done.answer.resident_bytes > 100_000_000
    assert done.cgroup_bytes is None or done.cgroup_bytes > 50_000_000


def test_a_contender_that_is_not_there_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(ContenderFailed, match="No module named"):
        run(make_case(tmp_path, adapter="none"))
