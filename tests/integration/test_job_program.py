"""The job program as a process, with real speech and real weights."""

import hashlib
import itertools
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.calls import SPEAKERS, TURNS, said_by, write_call
from support.job_items import NAMESPACE, make_item
from support.job_program import JobProgram
from support.media import (
    make_silence,
    make_tone,
    read_samples,
    write_audio,
    write_silent_film,
    write_wav,
)
from support.object_server import ObjectServer
from support.reading import make_reading
from support.speech import Clip, librivox_clip, librivox_clips
from support.spoken_words import count_word_errors, words_of, words_of_captions
from support.waiting import wait_until
from waas_contract.exit_codes import FailureReason
from waas_contract.formats import OutputFormat
from waas_contract.job_environment import (
    ItemOutcome,
    JobItem,
)
from waas_contract.manifest import Outcome, ProgressNote
from waas_contract.object_keys import checkpoint_key, manifest_key, progress_key, result_key
from waas_contract.transcript import PartialTranscript, Transcript
from waas_contract.transcription_options import DecodingOptions

pytestmark = pytest.mark.integration

CLIP = librivox_clip("0930")

GRACE_SECONDS = 30
"""What a pod gets to end."""


def make_clip_item(clip: Clip, *, word_timestamps: bool = False) -> JobItem:
    return make_item(
        clip.name.replace("_", "-"), file_name=clip.path.name, word_timestamps=word_timestamps
    )


def test_real_speech_is_heard_word_for_word(program: JobProgram) -> None:
    clips = librivox_clips()
    items = [program.add(clip.path, make_clip_item(clip)) for clip in clips]
    assert {outcome.reason for outcome in program.run(*items, model="base")} == {None}
    assert program.exit_code == 0
    for clip, item in zip(clips, items, strict=True):
        transcript = program.transcript(item)
        assert words_of(transcript.text) == words_of(clip.text)
        assert transcript.language == "en"


def test_smallest_model_hears_nearly_every_word(program: JobProgram) -> None:
    clips = librivox_clips()
    items = [program.add(clip.path, make_clip_item(clip)) for clip in clips]
    program.run(*items)
    errors = [
        count_word_errors(program.transcript(item).text, clip.text)
        for clip, item in zip(clips, items, strict=True)
    ]
    # Of 70 words; tiny.en hears "an old-sposed young man" for "an ill disposed young man".
    assert sum(errors) <= 3


def test_results_manifest_and_progress_are_whole(program: JobProgram) -> None:
    item = program.add(CLIP.path)
    assert program.run(item) == (ItemOutcome(name=item.name),)
    assert program.exit_code == 0

    manifest = program.manifest(item)
    assert manifest.answers(item.namespace, item.name, item.spec_digest)
    assert (manifest.outcome, manifest.attempt) == (Outcome.COMPLETE, 1)
    assert [file.format for file in manifest.files] == list(OutputFormat)
    for file in manifest.files:
        content = program.path(file.key).read_bytes()
        assert len(content) == file.bytes
        assert hashlib.sha256(content).hexdigest() == file.sha256
    assert manifest.audio.duration_seconds == pytest.approx(CLIP.duration_seconds)
    assert manifest.audio.sha256 == hashlib.sha256(CLIP.path.read_bytes()).hexdigest()
    assert manifest.audio.bytes == CLIP.path.stat().st_size
    checkpoint = (program.model_directory / "tiny.en.pt").read_bytes()
    assert manifest.engine.checkpoint_sha256 == hashlib.sha256(checkpoint).hexdigest()
    assert manifest.timing.transcribe_seconds > 0

    note = ProgressNote.model_validate_json(
        program.path(progress_key(item.namespace, item.name)).read_bytes()
    )
    assert note.duration_seconds == pytest.approx(CLIP.duration_seconds)
    assert note.processed_seconds == note.duration_seconds
    srt = program.path(result_key(item.namespace, item.name, 1, OutputFormat.SRT)).read_text()
    assert srt.startswith("1\n00:00:00,")


def test_words_have_times(program: JobProgram) -> None:
    item = program.add(CLIP.path, make_clip_item(CLIP, word_timestamps=True))
    program.run(item)
    words = [word for segment in program.transcript(item).segments for word in segment.words or ()]
    assert len(words) == len(words_of(CLIP.text))
    for word, next_word in itertools.pairwise(words):
        assert 0 <= word.start <= word.end <= next_word.end <= CLIP.duration_seconds + 0.1


def test_mp4_with_its_index_at_the_end_is_heard(program: JobProgram, tmp_path: Path) -> None:
    path = write_audio(tmp_path / "clip.mp4", read_samples(CLIP.path), codec="aac", rate=44_100)
    item = program.add(path)
    program.run(item)
    assert words_of(program.transcript(item).text) == words_of(CLIP.text)


def test_one_bad_item_does_not_stop_the_other(program: JobProgram, tmp_path: Path) -> None:
    film = program.add(write_silent_film(tmp_path / "film.mp4"), make_item("film"))
    clip = program.add(CLIP.path, make_item("clip"))
    bad, good = program.run(film, clip)
    assert program.exit_code == 65
    assert bad.reason is FailureReason.BAD_AUDIO
    assert "no sound in it" in bad.message
    assert good == ItemOutcome(name="clip")
    assert program.manifest(clip).outcome is Outcome.COMPLETE
    assert not program.path(manifest_key(NAMESPACE, "film")).exists()


def test_missing_recording_is_source_not_found(program: JobProgram, tmp_path: Path) -> None:
    (outcome,) = program.run(program.add(tmp_path / "none.wav"))
    assert (program.exit_code, outcome.reason) == (66, FailureReason.SOURCE_NOT_FOUND)


def test_missing_model_is_named(program: JobProgram) -> None:
    (outcome,) = program.run(program.add(CLIP.path), model="large-v3")
    assert (program.exit_code, outcome.reason) == (78, FailureReason.MODEL_NOT_FOUND)
    assert "large-v3.pt" in outcome.message


def test_missing_urls_are_named(program: JobProgram) -> None:
    (outcome,) = program.run(make_item("nowhere"))
    assert (program.exit_code, outcome.reason) == (78, FailureReason.BAD_CONFIGURATION)
    assert "nowhere.json" in outcome.message


def test_broken_environment_is_told_without_loading_anything(program: JobProgram) -> None:
    variables = program.environment([program.add(CLIP.path)]).to_variables()
    del variables["WAAS_MODEL"]
    variables["PYTHONPROFILEIMPORTTIME"] = "1"
    assert program.finish(program.start(variables)) == 78
    imported = {line.rpartition("|")[2].strip() for line in program.output.splitlines()}
    assert "waas_contract" in imported
    assert "torch" not in imported
    (outcome,) = program.outcomes()
    assert (outcome.name, outcome.reason) == ("interview", FailureReason.BAD_CONFIGURATION)
    assert "WAAS_MODEL" in outcome.message


def test_program_starts_without_what_is_slow_to_load() -> None:
    look = (
        "import sys, waas_job.__main__; print({'torch', 'whisper', 'av', 'numpy'} & {*sys.modules})"
    )
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


def test_finished_item_is_left_as_it_is(program: JobProgram) -> None:
    item = program.add(CLIP.path)
    program.run(item)
    stored = {path: path.stat() for path in (program.folder / "store").rglob("*") if path.is_file()}
    assert program.run(item) == (ItemOutcome(name=item.name),)
    assert program.exit_code == 0
    for path, before in stored.items():
        now = path.stat()
        assert (now.st_ino, now.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_next_attempt_leaves_the_results_of_the_first(program: JobProgram) -> None:
    item = program.add(CLIP.path)
    first = program.path(result_key(item.namespace, item.name, 1, OutputFormat.JSON))
    first.parent.mkdir(parents=True)
    first.write_text("another pod's")
    program.run(item)
    assert program.manifest(item).attempt == 2
    assert first.read_text() == "another pod's"
    assert words_of(program.transcript(item).text) == words_of(CLIP.text)


# Windows in turn, so that something is left to do after the first one.
ONE_BY_ONE = DecodingOptions(condition_on_previous_text=True, temperature_increment_on_fallback=0)


@contextmanager
def at_first_checkpoint(
    program: JobProgram, store: ObjectServer, item: JobItem, audio: Path
) -> Iterator[tuple[subprocess.Popen[str], PartialTranscript]]:
    """Start the program, which waits after its first checkpoint until the block ends."""
    key = checkpoint_key(item.namespace, item.name)
    program.add(audio, item, elsewhere={key: store.url(key)})
    hold = store.hold(key)
    process = program.start(program.environment([item]).to_variables())
    content = wait_until(lambda: store.objects.get(key), "there is a checkpoint")
    yield process, PartialTranscript.model_validate_json(content)
    hold.set()


def test_sigterm_ends_it_and_keeps_what_was_heard(
    program: JobProgram, store: ObjectServer, tmp_path: Path
) -> None:
    path = write_wav(tmp_path / "long.wav", make_reading(3))
    item = make_item(decoding=ONE_BY_ONE)
    with at_first_checkpoint(program, store, item, path) as (process, before):
        process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert program.finish(process) == 143
    assert time.monotonic() - began < GRACE_SECONDS
    (outcome,) = program.outcomes()
    assert outcome.reason is FailureReason.INTERRUPTED
    assert "Stopped" in outcome.message

    manifest, transcript = program.manifest(item), program.transcript(item)
    assert manifest.outcome is Outcome.PARTIAL
    assert transcript.segments[: len(before.segments)] == before.segments
    assert len(words_of(transcript.text)) >= 20
    srt = program.path(result_key(item.namespace, item.name, 1, OutputFormat.SRT)).read_text()
    assert words_of_captions(srt) == words_of(transcript.text)


def test_a_killed_program_goes_on_from_its_checkpoint(
    program: JobProgram, store: ObjectServer, tmp_path: Path
) -> None:
    path = write_wav(tmp_path / "long.wav", make_reading(3))
    killed = make_item("killed", decoding=ONE_BY_ONE, word_timestamps=True)
    with at_first_checkpoint(program, store, killed, path) as (process, before):
        process.kill()
        process.communicate()
    shutil.rmtree(program.folder / "scratch")
    (program.folder / "scratch").mkdir()

    undisturbed = program.add(
        path, make_item("undisturbed", decoding=ONE_BY_ONE, word_timestamps=True)
    )
    program.run(killed, undisturbed)
    assert program.exit_code == 0
    assert "goes on from a checkpoint" in program.output
    resumed, whole = program.transcript(killed), program.transcript(undisturbed)
    assert len(before.segments) > 0
    assert resumed.segments[: len(before.segments)] == before.segments
    assert without_figures(resumed) == without_figures(whole)


def without_figures(transcript: Transcript) -> list[Any]:
    """Return what was heard, without figures whose last place hangs on the size of a batch."""
    return [
        (each.start, each.end, each.text, each.tokens, [word.word for word in each.words or ()])
        for each in transcript.segments
    ]


@pytest.mark.parametrize("kind", ["noise", "tone", "silence"])
def test_nothing_is_heard_where_nobody_speaks(
    program: JobProgram, tmp_path: Path, kind: str
) -> None:
    sounds = {
        "noise": np.random.default_rng(3).normal(0, 0.1, 480_000).astype(np.float32),
        "tone": make_tone(30),
        "silence": make_silence(30),
    }
    item = program.add(write_wav(tmp_path / "sound.wav", sounds[kind]))
    assert program.run(item) == (ItemOutcome(name=item.name),)
    assert program.transcript(item).segments == ()


def test_each_side_of_a_call_is_a_speaker(program: JobProgram, tmp_path: Path) -> None:
    path = write_call(tmp_path / "call.mp3")
    item = program.add(path, make_item("call", speakers_by_channel=True))
    program.run(item, model="base")

    segments = program.transcript(item).segments
    turns = [speaker for speaker, _ in itertools.groupby(segments, lambda each: each.speaker)]
    assert turns == TURNS
    for speaker in SPEAKERS:
        heard = " ".join(each.text for each in segments if each.speaker == speaker)
        assert words_of(heard) == words_of(said_by(speaker))
    assert program.manifest(item).unsupported_options == ()
    vtt = program.path(result_key(item.namespace, item.name, 1, OutputFormat.VTT)).read_text()
    assert "<v Speaker 2>He was not an ill" in vtt


def test_two_who_talk_at_once_are_both_understood(program: JobProgram, tmp_path: Path) -> None:
    first, second = librivox_clip("0870"), librivox_clip("0920")
    sounds = [read_samples(clip.path) for clip in (first, second)]
    longest = max(map(len, sounds))
    call = np.stack([np.pad(each, (0, longest - len(each))) for each in sounds])
    item = program.add(write_wav(tmp_path / "call.wav", call), make_item(speakers_by_channel=True))
    program.run(item, model="base")

    for speaker, clip in (("Speaker 1", first), ("Speaker 2", second)):
        said = [each.text for each in program.transcript(item).segments if each.speaker == speaker]
        assert words_of(" ".join(said)) == words_of(clip.text)


def test_the_same_sound_on_both_channels_is_heard_once(program: JobProgram, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "both.wav", np.stack([read_samples(CLIP.path)] * 2))
    item = program.add(path, make_item(speakers_by_channel=True))
    program.run(item, model="base")

    assert words_of(program.transcript(item).text) == words_of(CLIP.text)
    assert {each.speaker for each in program.transcript(item).segments} == {None}
    assert program.manifest(item).unsupported_options == ("speakersByChannel",)
