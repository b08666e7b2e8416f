"""This project's engine, by the seam that the job program runs it through.

Whatever it writes, it decodes with timestamps: they say where cues begin. It counts as ready once
it has made a spectrogram, too.
"""

import os
from collections.abc import Iterable

import numpy as np
import torch

from performance.engine.case import Case, Mode, TellText, Transcribe
from support.media import Samples
from waas_contract.transcript import Segment
from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.held_memory import limit_prepared_products
from waas_job.engine.log_mel import log_mel_spectrogram
from waas_job.engine.protocol import EngineSettings, Heard, TranscriptionOptions
from waas_job.engine.transcriber import load_engine
from waas_job.engine.windows import WINDOW_SAMPLES

_N_MELS = 80


def version() -> str:
    return f"waas, torch {torch.__version__}"


def load(case: Case) -> Transcribe:
    # As the job program does at its start.
    limit_prepared_products(os.environ)
    engine = load_engine(
        EngineSettings(
            model=case.model,
            model_directory=case.weights,
            device="cpu",
            threads=case.threads,
            precision=str(case.settings["precision"]),
        )
    )
    log_mel_spectrogram([np.zeros(WINDOW_SAMPLES, np.float32)], _N_MELS, torch.device("cpu"))
    options = TranscriptionOptions(
        language="en",
        word_timestamps=case.mode is Mode.WORDS,
        decoding=DecodingOptions(beam_size=case.beam_size if case.beam_size > 1 else None),
    )

    def transcribe(samples: Samples, tell_text: TellText) -> Iterable[Segment]:
        def tell(heard: Heard) -> None:
            if heard.segments:
                tell_text()

        return engine.transcribe([samples], options, tell).transcript.segments

    return transcribe
