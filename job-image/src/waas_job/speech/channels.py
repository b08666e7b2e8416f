"""Several channels of a recording, each of them a speaker, cut into windows side by side."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from waas_contract.transcription_options import VoiceActivityOptions
from waas_job.speech.cutting import CutWindow, DetectSpeech, WindowCutter
from waas_job.speech.sound_buffer import Samples
from waas_job.speech.timeline import SAMPLE_RATE

# Who says little fills no window for long, and what others say is in order only once that is heard.
LONGEST_WAIT = 120 * SAMPLE_RATE

_MOMENT = SAMPLE_RATE // 4
# What a channel has besides another one's sound is nothing where it is 30 dB fainter than that.
_LEAST_OF_ITS_OWN = 1e-3
# Share of a channel's power that is another one's sound; two who speak at once share far less.
_LEAST_IN_COMMON = 0.25
# Between channels that are about as loud, the first one counts as the source of what both have.
_MUCH_LOUDER = 2.0
# Mean square, 60 dB below the loudest: what is fainter tells no channels apart.
_AUDIBLE = 1e-6


def name_speaker(channel: int) -> str:
    """Return what the speaker of a channel is called until somebody gives them a name."""
    return f"Speaker {channel + 1}"


class Channels:
    """Takes the copies out of a recording's channels.

    Most recordings with two channels have the same sound on both, and in others a voice is heard
    faintly on the channel of whoever listens to it. It is to be written down once.
    """

    def __init__(self) -> None:
        self.differ = False
        """Whether some channel had a sound of its own so far, so that speakers are told apart."""

    def part(self, block: Samples) -> Samples:
        """Return channels x samples, silent wherever a channel repeats another one."""
        parted = block.copy()
        for start in range(0, block.shape[1], _MOMENT):
            moment = block[:, start : start + _MOMENT]
            products = moment @ moment.T
            is_copy = _find_copies(products)
            parted[is_copy, start : start + _MOMENT] = 0
            loudest = products.diagonal().max(initial=0) / moment.shape[1]
            if np.count_nonzero(~is_copy) > 1 and loudest > _AUDIBLE:
                self.differ = True
        return parted


def _find_copies(products: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Tell which channels repeat another one, given the products of each with each."""
    power = products.diagonal()
    other = power[np.newaxis, :]
    own = power[:, np.newaxis]
    common = np.divide(products**2, other, out=np.zeros_like(products), where=other > 0)
    has_same_sound = (common >= _LEAST_IN_COMMON * own) & (
        own - common <= _LEAST_OF_ITS_OWN * other
    )
    is_after = np.tri(len(power), k=-1, dtype=bool)
    is_source = (other > _MUCH_LOUDER * own) | (is_after & (own <= _MUCH_LOUDER * other))
    found: npt.NDArray[np.bool_] = np.logical_or.reduce(has_same_sound & is_source, axis=1)
    return found & (power > 0)


class ChannelCutter:
    """Cuts each channel by itself, and gives the windows of all in about the order of time."""

    def __init__(
        self, options: VoiceActivityOptions, make_detector: Callable[[], DetectSpeech]
    ) -> None:
        self._options = options
        self._make_detector = make_detector
        self._cutters: list[WindowCutter] = []
        self._channels = Channels()
        self._count = 0

    @property
    def tells_speakers_apart(self) -> bool:
        """Tell whether the channels that were seen so far differ at all."""
        return self._channels.differ

    def cut(self, blocks: Iterable[Samples]) -> Iterator[CutWindow]:
        """Give the windows of a recording that comes as blocks of channels x samples.

        The same blocks give the same windows.
        """
        for block in blocks:
            if not self._cutters:
                self._cutters = [
                    WindowCutter(self._options, self._make_detector()) for _ in range(len(block))
                ]
            rows = self._channels.part(block)
            yield from self._in_order(
                [
                    window
                    for channel, cutter in enumerate(self._cutters)
                    for window in self._take(channel, cutter, rows[channel])
                ]
            )
        yield from self._in_order(
            [
                self._name(channel, window)
                for channel, cutter in enumerate(self._cutters)
                for window in cutter.finish()
            ]
        )

    def _take(self, channel: int, cutter: WindowCutter, samples: Samples) -> Iterator[CutWindow]:
        for window in cutter.take(samples):
            yield self._name(channel, window)
        if old := cutter.give_up(LONGEST_WAIT):
            yield self._name(channel, old)

    def _name(self, channel: int, window: CutWindow) -> CutWindow:
        return replace(window, speaker=name_speaker(channel), tells_apart=self._channels.differ)

    def _in_order(self, windows: Sequence[CutWindow]) -> Iterator[CutWindow]:
        """Number windows that were cut at once, and say of each what cannot come after it."""
        ordered = sorted(windows, key=lambda window: window.timeline.start)
        starts = [window.timeline.start for window in ordered]
        later = min(cutter.settled for cutter in self._cutters)
        for place, window in enumerate(ordered):
            settled = min([later, *starts[place + 1 :]])
            yield replace(window, number=self._count, settled=settled)
            self._count += 1
