"""This project's engine, by the seam that the job program runs it through.

Whatever it writes, it decodes with timestamps: they say where cues begin.
"""

from collections.abc import Iterable

import torch

from performance.engine.case import Case, Mode, Transcribe
from support.checkpoints import checkpoint_directory
from support.media import Samples
from waas_contract.transcript import Segment
from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.protocol import EngineSettings, TranscriptionOptions
from waas_job.engine.transcriber import load_engine


def version() -> str:
    return f"waas, torch {torch.__version__}"


def load(case: Case) -> Transcribe:
    engine = load_engine(
        EngineSettings(
            model=case.model,
            model_directory=checkpoint_directory(),
            device="cpu",
            threads=case.threads,
            precision=str(case.settings.get("precision", "auto")),
        )
    )
    options = TranscriptionOptions(
        language="en",
        word_timestamps=case.mode is Mode.WORDS,
        decoding=DecodingOptions(beam_size=case.beam_size if case.beam_size > 1 else None),
    )

    def transcribe(samples: Samples) -> Iterable[Segment]:
        return engine.transcribe([samples], options, lambda _: None).transcript.segments

    return transcribe
