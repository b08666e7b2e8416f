"""whisper.cpp, through pywhispercpp, on weights in ggml's form.

A word is a segment of its own there: `max_len` 1, split at words.
"""

from collections.abc import Iterable
from importlib.metadata import version as version_of
from typing import Any

from pywhispercpp.model import Model

from performance.engine.case import Case, Mode, TellText, Transcribe
from support.media import Samples
from waas_contract.transcript import Segment, Word


def version() -> str:
    return f"pywhispercpp {version_of('pywhispercpp')}"


def load(case: Case) -> Transcribe:
    model = Model(
        str(case.weights),
        params_sampling_strategy=0 if case.beam_size == 1 else 1,
        redirect_whispercpp_logs_to=None,
        n_threads=case.threads,
        language="en",
        print_progress=False,
        **_search(case.beam_size),
        **_cutting(case.mode),
    )

    def transcribe(samples: Samples, tell_text: TellText) -> Iterable[Segment]:
        return [
            _build_segment(number, each.text, each.t0 / 100, each.t1 / 100, case.mode)
            for number, each in enumerate(
                model.transcribe(samples, new_segment_callback=lambda _: tell_text())
            )
        ]

    return transcribe


def _search(beam_size: int) -> dict[str, Any]:
    if beam_size == 1:
        return {"greedy": {"best_of": 5}}
    return {"beam_search": {"beam_size": beam_size, "patience": -1.0}}


def _cutting(mode: Mode) -> dict[str, Any]:
    if mode is Mode.WORDS:
        return {"token_timestamps": True, "max_len": 1, "split_on_word": True}
    return {}


def _build_segment(number: int, text: str, start: float, end: float, mode: Mode) -> Segment:
    words = None
    if mode is Mode.WORDS:
        words = (Word(word=text, start=start, end=end, probability=0),)
    return Segment(id=number, start=start, end=end, text=text, words=words)
