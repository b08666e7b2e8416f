from pathlib import Path

import av
import pytest

from support.in_memory_objects import InMemoryObjects
from support.media import make_tone, write_audio, write_silent_film, write_wav
from waas_contract.preview import Peaks
from waas_job.errors import StorageUnavailable
from waas_job.preview import preparing_preview
from waas_job.preview_sound import Abandoned, NoPreview, encode_preview


def encode(recording: Path) -> tuple[Peaks, Path]:
    target = recording.with_name("target.webm")
    return encode_preview(recording, target, is_abandoned=lambda: False), target


def test_a_preview_is_opus_that_can_be_sought_in(tmp_path: Path) -> None:
    recording = write_audio(tmp_path / "talk.m4a", make_tone(12), codec="aac")

    peaks, target = encode(recording)

    with av.open(str(target)) as container:
        [stream] = container.streams
        assert stream.codec_context.name == "opus"
        assert container.duration is not None
        assert container.duration / av.time_base == pytest.approx(12, abs=0.2)
        container.seek(10 * av.time_base)
        packet = next(iter(container.demux(stream)))
        assert packet.pts is not None
        assert packet.time_base is not None
        assert packet.pts * packet.time_base > 5
    assert peaks.duration_seconds == pytest.approx(12, abs=0.2)
    assert 25 <= max(peaks.peaks) <= 35


@pytest.mark.parametrize("case", ["no sound track", "no media", "a playlist"])
def test_of_what_cannot_be_heard_there_is_none(tmp_path: Path, case: str) -> None:
    recording = tmp_path / "recording.mp4"
    if case == "no sound track":
        write_silent_film(recording)
    else:
        recording.write_bytes(b"#EXTM3U\n/etc/passwd\n" if case == "a playlist" else b"noise")

    with pytest.raises(NoPreview):
        encode(recording)


def test_one_that_nobody_waits_for_is_given_up(tmp_path: Path) -> None:
    recording = write_wav(tmp_path / "tone.wav", make_tone(5))

    with pytest.raises(Abandoned):
        encode_preview(recording, tmp_path / "target.webm", is_abandoned=lambda: True)


def test_it_is_stored_beside_its_peaks_and_leaves_nothing_behind(tmp_path: Path) -> None:
    recording = write_wav(tmp_path / "tone.wav", make_tone(2))
    objects = InMemoryObjects(has_listeners=True)

    with preparing_preview(objects, recording) as preview:
        preview.store()

    assert objects.preview is not None
    sound, peaks = objects.preview
    assert sound.startswith(b"\x1aE\xdf\xa3")
    assert Peaks.model_validate_json(peaks).duration_seconds == pytest.approx(2, abs=0.1)
    assert list(tmp_path.iterdir()) == [recording]


def test_where_nobody_listens_there_is_none(tmp_path: Path) -> None:
    recording = write_wav(tmp_path / "tone.wav", make_tone(1))
    objects = InMemoryObjects()

    with preparing_preview(objects, recording) as preview:
        preview.store()

    assert objects.preview is None


@pytest.mark.parametrize("case", ["the store is away", "no media"])
def test_whatever_goes_wrong_costs_nothing_else(tmp_path: Path, case: str) -> None:
    recording = write_wav(tmp_path / "tone.wav", make_tone(1))
    objects = InMemoryObjects(has_listeners=True)
    if case == "no media":
        recording.write_bytes(b"noise")
    else:
        objects.failure = StorageUnavailable("away")

    with preparing_preview(objects, recording) as preview:
        preview.store()

    assert objects.preview is None
    assert list(tmp_path.iterdir()) == [recording]


def test_work_that_fails_ends_its_preview(tmp_path: Path) -> None:
    recording = write_wav(tmp_path / "tone.wav", make_tone(5))

    with (
        pytest.raises(MemoryError),
        preparing_preview(InMemoryObjects(has_listeners=True), recording),
    ):
        raise MemoryError

    assert list(tmp_path.iterdir()) == [recording]
