"""faster-whisper, one window after the other or batched.

Batched it cuts at silence by Silero VAD, tries no second temperature, and by default decodes
without timestamps: so in text mode here. Segments are asked for with them.
"""

from collections.abc import Iterable

import ctranslate2
import faster_whisper
from faster_whisper import BatchedInferencePipeline, WhisperModel

from performance.engine.case import Case, Mode, Transcribe
from performance.engine.peer_weights import ctranslate2_directory
from support.media import Samples
from waas_contract.transcript import Segment, Word


def version() -> str:
    return f"faster-whisper {faster_whisper.__version__}, ctranslate2 {ctranslate2.__version__}"


def load(case: Case) -> Transcribe:
    model = WhisperModel(
        str(ctranslate2_directory(case.model)),
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

    def transcribe(samples: Samples) -> Iterable[Segment]:
        segments, _ = pipeline.transcribe(samples, **options)
        return [
            Segment(
                id=number,
                start=each.start,
                end=each.end,
                text=each.text,
                tokens=each.tokens,
                words=None
                if each.words is None
                else tuple(
                    Word(word=w.word, start=w.start, end=w.end, probability=w.probability)
                    for w in each.words
                ),
            )
            for number, each in enumerate(segments)
        ]

    return transcribe
