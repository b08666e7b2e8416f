"""faster-whisper, one window after the other or batched.

Batched it cuts at silence by Silero VAD, tries no second temperature, and by default decodes
without timestamps: so in text mode here. Segments are asked for with them.
"""

from collections.abc import Iterator
from typing import Any

import ctranslate2
import faster_whisper
from faster_whisper import BatchedInferencePipeline, WhisperModel

from performance.engine.case import Case, Mode, TellText, Transcribe
from support.media import Samples
from waas_contract.transcript import Segment, Word


def version() -> str:
    return f"faster-whisper {faster_whisper.__version__}, ctranslate2 {ctranslate2.__version__}"


def load(case: Case) -> Transcribe:
    model = WhisperModel(
        str(case.weights),
        device="cpu",
        compute_type=str(case.settings["compute_type"]),
        cpu_threads=case.threads,
        local_files_only=True,
    )
    options = {
        "language": "en",
        "beam_size": case.beam_size,
        "without_timestamps": case.mode is Mode.TEXT,
        "word_timestamps": case.mode is Mode.WORDS,
    }
    if batch_size := case.settings.get("batch_size"):
        pipeline = BatchedInferencePipeline(model)
        options["batch_size"] = batch_size
    else:
        pipeline = model
        # Without them it takes every window whole, and words are cut in two.
        options["without_timestamps"] = False

    def transcribe(samples: Samples, tell_text: TellText) -> Iterator[Segment]:
        segments, _ = pipeline.transcribe(samples, **options)
        for number, each in enumerate(segments):
            tell_text()
            yield _build_segment(number, each)

    return transcribe


def _build_segment(number: int, segment: Any) -> Segment:
    words = None
    if segment.words is not None:
        words = tuple(
            Word(word=each.word, start=each.start, end=each.end, probability=each.probability)
            for each in segment.words
        )
    return Segment(
        id=number,
        start=segment.start,
        end=segment.end,
        text=segment.text,
        tokens=segment.tokens,
        words=words,
    )
