import logging
from pathlib import Path

import numpy as np
import pytest

from support.media import (
    cut_short,
    make_silence,
    make_tone,
    write_audio,
    write_silent_film,
    write_wav,
)
from waas_job.audio import MOST_CHANNELS, Samples, decode_audio, open_recording
from waas_job.errors import BadAudio

NOT_MEDIA = "not an audio or video file"
NO_SOUND = "no sound in it"


def loudest_hertz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples))
    return float(np.argmax(spectrum) * 16_000 / len(samples))


@pytest.mark.parametrize(
    ("file_name", "codec", "rate", "layout"),
    [
        ("tone.mp4", "aac", 44_100, "stereo"),
        ("tone.m4a", "aac", 16_000, "mono"),
        ("tone.mp3", "libmp3lame", 44_100, "stereo"),
        ("tone.ogg", "libopus", 48_000, "mono"),
        ("tone.webm", "libopus", 48_000, "stereo"),
        ("tone.flac", "flac", 16_000, "mono"),
        ("tone.wav", "pcm_s16le", 8_000, "stereo"),
        ("tone.wav", "pcm_f32le", 96_000, "5.1"),
        ("tone.mkv", "aac", 48_000, "mono"),
        ("tone.aac", "aac", 16_000, "mono"),
    ],
)
def test_any_container_becomes_16_khz_mono(
    tmp_path: Path, file_name: str, codec: str, rate: int, layout: str
) -> None:
    path = write_audio(tmp_path / file_name, make_tone(2), codec=codec, rate=rate, layout=layout)
    audio = decode_audio(path)
    assert audio.samples.dtype == np.float32
    assert audio.samples.ndim == 1
    assert audio.duration_seconds == pytest.approx(2, abs=0.15)
    assert loudest_hertz(audio.samples) == pytest.approx(440, abs=2)
    assert not audio.is_damaged


def decode_channels(path: Path) -> Samples:
    with open_recording(path, by_channel=True) as recording:
        return np.concatenate(list(recording.blocks()), axis=1)


@pytest.mark.parametrize(
    ("file_name", "codec", "rate", "layout", "hertz"),
    [
        ("call.mp3", "libmp3lame", 44_100, "stereo", (440, 880)),
        ("call.m4a", "aac", 48_000, "stereo", (440, 880)),
        ("call.opus", "libopus", 48_000, "stereo", (440, 880)),
        ("call.wav", "pcm_s16le", 8_000, "stereo", (440, 880)),
        ("call.flac", "flac", 16_000, "quad", (440, 550, 660, 770)),
        ("call.flac", "flac", 16_000, "mono", (440,)),
    ],
)
def test_each_channel_is_decoded_by_itself(
    tmp_path: Path, file_name: str, codec: str, rate: int, layout: str, hertz: tuple[float, ...]
) -> None:
    tones = np.stack([make_tone(2, hertz=each) for each in hertz])
    path = write_audio(tmp_path / file_name, tones, codec=codec, rate=rate, layout=layout)

    channels = decode_channels(path)

    assert channels.dtype == np.float32
    assert channels.shape[1] / 16_000 == pytest.approx(2, abs=0.15)
    assert [loudest_hertz(each) for each in channels] == pytest.approx(hertz, abs=2)


def test_channels_come_in_blocks_and_the_length_is_theirs(tmp_path: Path) -> None:
    tones = np.stack([make_tone(65), make_tone(65, hertz=880)])
    with open_recording(write_wav(tmp_path / "call.wav", tones), by_channel=True) as recording:
        shapes = [block.shape for block in recording.blocks()]
        assert recording.duration_seconds == 65
    assert shapes == [(2, 30 * 16_000), (2, 30 * 16_000), (2, 5 * 16_000)]


def test_channels_that_have_no_places_in_a_room_are_decoded(tmp_path: Path) -> None:
    tones = np.stack([make_tone(1, hertz=200 * number) for number in range(1, 6)])
    channels = decode_channels(write_wav(tmp_path / "meeting.wav", tones))
    assert [loudest_hertz(each) for each in channels] == pytest.approx(range(200, 1001, 200))


def test_more_channels_than_can_be_heard_are_told(tmp_path: Path) -> None:
    tones = np.stack([make_tone(1)] * (MOST_CHANNELS + 1))
    with pytest.raises(BadAudio, match="on 8 channels at most; the recording has 9"):
        decode_channels(write_wav(tmp_path / "concert.wav", tones))


def test_mp4_with_its_index_at_the_end_is_read(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "tone.mp4", make_tone(1), codec="aac")
    content = path.read_bytes()
    assert content.index(b"moov") > content.index(b"mdat")
    assert decode_audio(path).duration_seconds == pytest.approx(1, abs=0.1)


def test_samples_are_those_of_the_file_when_nothing_has_to_change(tmp_path: Path) -> None:
    tone = make_tone(1)
    audio = decode_audio(write_audio(tmp_path / "tone.wav", tone, codec="pcm_f32le"))
    np.testing.assert_array_equal(audio.samples, tone)


def test_samples_that_are_no_numbers_are_made_silent(tmp_path: Path) -> None:
    tone = make_tone(1)
    tone[100], tone[200] = np.nan, np.inf
    audio = decode_audio(write_audio(tmp_path / "tone.wav", tone, codec="pcm_f32le"))
    assert np.isfinite(audio.samples).all()
    assert audio.samples[100] == 0


def test_silence_is_sound(tmp_path: Path) -> None:
    assert decode_audio(write_wav(tmp_path / "a.wav", make_silence(1))).duration_seconds == 1


def test_film_without_sound_is_bad_audio(tmp_path: Path) -> None:
    with pytest.raises(BadAudio, match=NO_SOUND):
        decode_audio(write_silent_film(tmp_path / "film.mp4"))


def test_file_without_samples_is_bad_audio(tmp_path: Path) -> None:
    with pytest.raises(BadAudio, match=NO_SOUND):
        decode_audio(write_wav(tmp_path / "empty.wav", make_silence(0)))


def test_text_that_is_named_like_audio_is_bad_audio(tmp_path: Path) -> None:
    path = tmp_path / "notes.mp3"
    path.write_text("Minutes of the morning conference.\n" * 500)
    with pytest.raises(BadAudio, match=NOT_MEDIA):
        decode_audio(path)


def test_empty_file_is_bad_audio(tmp_path: Path) -> None:
    path = tmp_path / "interview.mp3"
    path.touch()
    with pytest.raises(BadAudio, match=NOT_MEDIA):
        decode_audio(path)


def test_noise_that_is_named_like_audio_is_bad_audio(tmp_path: Path) -> None:
    path = tmp_path / "interview.mp3"
    path.write_bytes(np.random.default_rng(1).bytes(50_000))
    with pytest.raises(BadAudio):
        decode_audio(path)


def test_mp4_that_lost_its_index_is_bad_audio(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "tone.mp4", make_tone(5), codec="aac")
    with pytest.raises(BadAudio, match="a part of it is missing"):
        decode_audio(cut_short(path, keep=0.5))


@pytest.mark.parametrize(
    ("file_name", "codec"),
    [("tone.mkv", "aac"), ("tone.flac", "flac")],
)
def test_what_is_left_of_a_cut_recording_is_kept_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, file_name: str, codec: str
) -> None:
    path = write_audio(tmp_path / file_name, make_tone(8), codec=codec)
    with caplog.at_level(logging.WARNING):
        audio = decode_audio(cut_short(path, keep=0.5))
    assert 3 < audio.duration_seconds < 4.5
    assert "ends before the length that it states" in caplog.text
    assert audio.is_damaged


def test_what_is_left_of_a_cut_wav_is_kept(tmp_path: Path) -> None:
    path = cut_short(write_wav(tmp_path / "tone.wav", make_tone(8)), keep=0.5)
    assert decode_audio(path).duration_seconds == pytest.approx(4, abs=0.1)


@pytest.mark.parametrize(
    ("file_name", "codec"),
    [
        ("tone.mp4", "aac"),
        ("tone.flac", "flac"),
        ("tone.ogg", "libopus"),
        ("tone.mp3", "libmp3lame"),
    ],
)
def test_beginning_of_a_recording_is_decoded_and_its_length_is_told(
    tmp_path: Path, file_name: str, codec: str
) -> None:
    path = write_audio(tmp_path / file_name, make_tone(20), codec=codec)
    audio = decode_audio(path, longest_seconds=3)
    assert len(audio.samples) == 3 * 16_000
    assert audio.duration_seconds == pytest.approx(20, abs=0.15)
    assert not audio.is_damaged
    np.testing.assert_array_equal(audio.samples, decode_audio(path).samples[: 3 * 16_000])


def test_recording_that_is_shorter_than_what_is_wanted_is_whole(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "tone.wav", make_tone(2))
    np.testing.assert_array_equal(
        decode_audio(path, longest_seconds=3).samples, decode_audio(path).samples
    )


HLS_PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    ("file_name", "playlist"),
    [
        ("list.m3u8", HLS_PLAYLIST.format("{path}")),
        (
            "list.m3u8",
            HLS_PLAYLIST.format("file:{path}"),
        ),
        ("list.ffconcat", "ffconcat version 1.0\nfile '{name}'\n"),
    ],
)
def test_playlist_cannot_reach_other_files(tmp_path: Path, file_name: str, playlist: str) -> None:
    path = write_audio(tmp_path / "other.ts", make_tone(2), codec="aac")
    trap = tmp_path / file_name
    trap.write_text(playlist.format(path=path, name=path.name))
    with pytest.raises(BadAudio):
        decode_audio(trap)
