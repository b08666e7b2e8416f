"""Our way through Silero's network against the package's own."""

import numpy as np
import pytest
import torch

from support.media import make_silence, make_tone, read_samples
from support.speech import librivox_clip
from waas_contract.transcription_options import VoiceActivityOptions
from waas_job.engine.silero import SileroNetwork, SpeechDetector, load_silero
from waas_job.speech.cutting import WindowCutter
from waas_job.speech.timeline import SAMPLE_RATE
from waas_job.speech.voices import FRAME

CLIP = read_samples(librivox_clip("0930").path)


@pytest.fixture(scope="module")
def network() -> SileroNetwork:
    return load_silero()


def whole_frames(samples: np.ndarray) -> np.ndarray:
    return samples[: len(samples) // FRAME * FRAME]


@pytest.mark.filterwarnings("ignore:.*torch.jit.load:FutureWarning")
def test_every_frame_is_heard_as_the_package_hears_it(network: SileroNetwork) -> None:
    threads = torch.get_num_threads()
    from silero_vad import load_silero_vad  # It sets the number of threads.

    torch.set_num_threads(threads)
    reference = load_silero_vad()
    sound = whole_frames(CLIP)[: 60 * FRAME].copy()
    sound[0] = 1.0  # So loud that nothing after it is made louder.
    with torch.inference_mode():
        expected = [
            reference(torch.from_numpy(sound[at : at + FRAME].copy()), SAMPLE_RATE).item()
            for at in range(0, len(sound), FRAME)
        ]
    detect = SpeechDetector(network)
    heard = np.concatenate([detect(sound[: 7 * FRAME]), detect(sound[7 * FRAME :])])
    np.testing.assert_allclose(heard, expected, atol=1e-4)


def test_voice_is_heard_as_well_where_it_is_quiet(network: SileroNetwork) -> None:
    sound = whole_frames(CLIP)
    quiet = (np.round(sound * 327.68) / 32768).astype(np.float32)
    loud, heard = (SpeechDetector(network)(each) >= 0.5 for each in (sound, quiet))
    assert np.count_nonzero(loud & heard) >= 0.97 * np.count_nonzero(loud)


def test_blocks_may_be_cut_anywhere(network: SileroNetwork) -> None:
    sound = whole_frames(CLIP * 0.05)
    detect = SpeechDetector(network)
    pieces = [detect(each) for each in np.split(sound, [3 * FRAME, 40 * FRAME])]
    np.testing.assert_allclose(np.concatenate(pieces), SpeechDetector(network)(sound), atol=1e-4)


@pytest.mark.parametrize(
    ("samples", "is_speech"),
    [
        (CLIP, True),
        (make_silence(5), False),
        (make_tone(5), False),
        (np.random.default_rng(1).normal(0, 0.05, 80_000).astype(np.float32), False),
        (np.random.default_rng(1).normal(0, 0.001, 80_000).astype(np.float32), False),
    ],
    ids=["speech", "silence", "a tone", "noise", "faint noise"],
)
def test_only_speech_is_speech(
    network: SileroNetwork, samples: np.ndarray, is_speech: bool
) -> None:
    cutter = WindowCutter(VoiceActivityOptions(), SpeechDetector(network))
    assert bool(list(cutter.cut([samples]))) == is_speech
