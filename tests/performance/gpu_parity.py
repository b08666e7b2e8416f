"""Compares the engine, in a device's own precision, with openai-whisper in single precision."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import whisper
from whisper.audio import log_mel_spectrogram, pad_or_trim

from support.checkpoints import checkpoint_directory
from support.heard_words import Interval, measure_words
from support.media import SAMPLE_RATE, Samples
from support.spoken_mix import REPORT_SEED, Mix, make_mix
from waas_job.engine.protocol import EngineSettings, TranscriptionOptions
from waas_job.engine.transcriber import Transcriber
from waas_job.engine.window_decoder import load_window_decoder
from waas_job.engine.windows import WINDOW_SAMPLES, Window, WindowDecoder, WindowOptions


@dataclass(frozen=True)
class Parity:
    """How one model came out."""

    model: str
    windows: int
    equal_windows: int
    """Those whose greedy tokens are those of openai-whisper's `decode`, one for one."""

    error_rate: Interval | None
    """Of the whole engine on the mix."""

    real_time: float
    """Seconds of sound for each second, voice activity and all, the first time."""


def measure_parity(model: str, device: torch.device, *, seconds: float, threads: int) -> Parity:
    """Decode a mix window by window by both, then as a whole by ours."""
    mix = make_mix(seed=REPORT_SEED, seconds=seconds)
    decoder = load_window_decoder(
        EngineSettings(model, checkpoint_directory(), device=device.type, threads=threads)
    )
    windows = [
        mix.samples[at : at + WINDOW_SAMPLES] for at in range(0, len(mix.samples), WINDOW_SAMPLES)
    ]
    ours = [
        each.tokens for each in decoder.decode([Window(each) for each in windows], WindowOptions())
    ]
    reference = _decode_by_openai(model, device, windows)
    began = time.perf_counter()
    text = _transcribe(decoder, mix)
    return Parity(
        model=model,
        windows=len(windows),
        equal_windows=sum(a == b for a, b in zip(ours, reference, strict=True)),
        error_rate=measure_words(mix, text).error_rate,
        real_time=mix.seconds / (time.perf_counter() - began),
    )


def _decode_by_openai(
    model: str, device: torch.device, windows: Sequence[Samples]
) -> list[tuple[int, ...]]:
    reference = whisper.load_model(str(checkpoint_directory() / f"{model}.pt"), device)
    options = whisper.DecodingOptions(language="en", fp16=False)
    decoded = []
    for samples in windows:
        sound = pad_or_trim(torch.from_numpy(samples), 30 * SAMPLE_RATE)
        mel = log_mel_spectrogram(sound, reference.dims.n_mels, device=device)
        decoded.append(tuple(reference.decode(mel, options).tokens))
    return decoded


def _transcribe(decoder: WindowDecoder, mix: Mix) -> str:
    heard = Transcriber(decoder).transcribe(
        [mix.samples], TranscriptionOptions(language="en"), lambda _: None
    )
    return heard.transcript.text
