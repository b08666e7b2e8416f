"""A call recorded in stereo: two speakers, a channel each."""

from pathlib import Path

import numpy as np

from support.media import make_silence, read_samples, write_audio
from support.speech import librivox_clips

SPEAKERS = ("Speaker 1", "Speaker 2")
TURNS = [SPEAKERS[number % 2] for number in range(len(librivox_clips()))]
"""Who says the sentences, one after the other."""


def said_by(speaker: str) -> str:
    """Return all that one of them says."""
    return " ".join(
        clip.text for clip, each in zip(librivox_clips(), TURNS, strict=True) if each == speaker
    )


def write_call(path: Path) -> Path:
    """Write the sentences in turns, the first one on the left."""
    rows = {speaker: [make_silence(0)] for speaker in SPEAKERS}
    for clip, turn in zip(librivox_clips(), TURNS, strict=True):
        said = np.concatenate([read_samples(clip.path), make_silence(0.5)])
        for speaker, row in rows.items():
            row.append(said if speaker == turn else np.zeros_like(said))
    call = np.stack([np.concatenate(row) for row in rows.values()])
    return write_audio(path, call, codec="libmp3lame", rate=44_100, layout="stereo")
