"""openai-whisper's `transcribe`, with its temperatures to fall back on.

It has no mode for text alone: whatever it writes, it decodes with timestamps.
"""

from collections.abc import Iterable

import torch
import whisper
from whisper import Whisper

from performance.engine.case import Case, Mode, TellText, Transcribe
from support.media import Samples
from waas_contract.transcript import Segment


def version() -> str:
    return f"openai-whisper {whisper.__version__}, torch {torch.__version__}"


def load(case: Case) -> Transcribe:
    torch.set_num_threads(case.threads)
    model: Whisper = whisper.load_model(str(case.weights), "cpu")

    def transcribe(samples: Samples, _: TellText) -> Iterable[Segment]:
        result = model.transcribe(
            samples,
            language="en",
            fp16=False,
            beam_size=case.beam_size if case.beam_size > 1 else None,
            word_timestamps=case.mode is Mode.WORDS,
        )
        return [Segment.model_validate(each) for each in result["segments"]]

    return transcribe
