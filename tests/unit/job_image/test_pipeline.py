"""What is made of each item: its results, its manifest, and what is told on the way."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from support.in_memory_objects import AUDIO, MANIFEST
from support.job_items import make_item
from support.media import make_tone, write_wav
from support.pipeline_runs import NOW, FakeEngine, Run, manifest_of
from waas_contract.formats import OutputFormat
from waas_contract.job_environment import ItemOutcome, JobItem
from waas_contract.manifest import Outcome, ProgressNote
from waas_contract.transcript import PartialTranscript, Segment, Transcript
from waas_contract.transcription_job import Task
from waas_contract.transcription_options import (
    DecodingOptions,
    SubtitleOptions,
    VoiceActivityOptions,
)
from waas_job.engine.protocol import (
    TranscriptionOptions,
)


def test_each_stage_is_told_of_in_order(run: Run) -> None:
    run.take([make_item()])

    assert run.stages == ["fetch", "load", "transcribe", "publish"]


def test_manifest_is_written_last(run: Run) -> None:
    assert run.take([make_item()]) == [ItemOutcome(name="interview")]
    assert run.objects["interview"].written == [
        (1, OutputFormat.JSON),
        (1, OutputFormat.SRT),
        (1, OutputFormat.VTT),
        (1, OutputFormat.TXT),
        (1, OutputFormat.TSV),
        MANIFEST,
    ]


def test_manifest_tells_what_was_done(run: Run, recording: bytes) -> None:
    run.take([make_item()])
    objects = run.objects["interview"]
    manifest = manifest_of(objects)
    assert manifest.answers("newsroom", "interview", "sha256:asked-for")
    assert manifest.outcome is Outcome.COMPLETE
    assert manifest.attempt == 1
    assert manifest.engine == run.engine.facts
    assert manifest.audio.duration_seconds == 2
    assert manifest.audio.bytes == len(recording)
    assert manifest.audio.sha256 == hashlib.sha256(recording).hexdigest()
    assert manifest.start_time == manifest.completion_time == NOW
    for file in manifest.files:
        content = objects.stored[manifest.attempt, file.format]
        assert (file.bytes, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_engine_is_asked_for_what_the_item_asks_for(run: Run) -> None:
    run.take([make_item(language="de", initial_prompt="Aftenposten", word_timestamps=True)])
    assert run.engine.asked == [
        TranscriptionOptions(language="de", initial_prompt="Aftenposten", word_timestamps=True)
    ]


def test_engine_is_asked_for_everything_that_decides_how(run: Run) -> None:
    decoding = DecodingOptions(beam_size=5, no_speech_threshold=1)
    voice_activity = VoiceActivityOptions(enabled=False)
    run.take([make_item(decoding=decoding, voice_activity=voice_activity, task=Task.TRANSLATE)])
    assert run.engine.asked == [
        TranscriptionOptions(decoding=decoding, voice_activity=voice_activity, task=Task.TRANSLATE)
    ]


def test_channels_are_decoded_by_themselves_where_they_are_speakers(
    run: Run, tmp_path: Path
) -> None:
    call = np.stack([make_tone(2), make_tone(2, hertz=880)])
    run.objects["interview"].stored[AUDIO] = write_wav(tmp_path / "call.wav", call).read_bytes()
    run.engine = FakeEngine(
        segments=(Segment(id=0, start=0, end=1, text=" Hei.", speaker="Speaker 2"),)
    )
    run.take([make_item(speakers_by_channel=True)])

    assert run.engine.asked == [TranscriptionOptions(speakers_by_channel=True)]
    assert run.engine.shapes == [(2, 32_000)]
    objects = run.objects["interview"]
    assert manifest_of(objects).audio.duration_seconds == 2
    assert objects.stored[1, OutputFormat.TXT] == b"Speaker 2: Hei.\n"
    partial = PartialTranscript.model_validate_json(objects.partials[-1])
    assert [each.speaker for each in partial.segments] == ["Speaker 2"]


@pytest.mark.parametrize(
    ("item", "needs_words"),
    [
        (make_item(), False),
        (make_item(subtitles=SubtitleOptions()), False),
        (make_item(subtitles=SubtitleOptions(max_line_width=42)), True),
        (make_item(decoding=DecodingOptions(hallucination_silence_threshold=2)), True),
    ],
    ids=["plain", "no limits", "captions that are cut", "silence that is looked for"],
)
def test_words_are_timed_where_they_are_needed(run: Run, item: JobItem, needs_words: bool) -> None:
    run.take([item])
    assert [options.word_timestamps for options in run.engine.asked] == [needs_words]


def test_subtitles_are_cut_as_the_item_asks(run: Run) -> None:
    run.take([make_item(subtitles=SubtitleOptions(max_line_width=10, max_line_count=1))])
    stored = run.objects["interview"].stored
    assert stored[1, OutputFormat.SRT].count(b"-->") == 2
    assert b"\nmorning.\n" in stored[1, OutputFormat.VTT]
    assert stored[1, OutputFormat.TXT] == b"Good morning.\n"


def test_manifest_tells_how_sure_the_model_is_of_the_language(run: Run) -> None:
    run.take([make_item("interview"), make_item("second", language="de")])
    facts = [manifest_of(run.objects[name]).audio for name in ("interview", "second")]
    assert [(each.language, each.language_probability) for each in facts] == [
        ("en", 0.75),
        ("de", None),
    ]


def test_options_that_the_engine_lacks_are_told(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    run.engine = FakeEngine(unsupported_options=("voiceActivity",))
    run.take([make_item()])
    assert manifest_of(run.objects["interview"]).unsupported_options == ("voiceActivity",)
    assert caplog.text.count("some options could not be honoured") == 1


def test_language_is_told_from_the_beginning_and_nothing_is_transcribed(
    run: Run, tmp_path: Path
) -> None:
    recording = write_wav(tmp_path / "long.wav", make_tone(95))
    run.objects["interview"].stored[AUDIO] = recording.read_bytes()
    item = make_item(task=Task.DETECT, formats=(OutputFormat.JSON,))
    assert run.take([item]) == [ItemOutcome(name="interview")]
    assert (run.engine.listened_to, run.engine.asked) == ([30 * 16_000], [])
    objects = run.objects["interview"]
    assert objects.written == [(1, OutputFormat.JSON), MANIFEST]
    assert Transcript.model_validate_json(objects.stored[1, OutputFormat.JSON]) == Transcript(
        language="no", duration=95, text="", segments=()
    )
    facts = manifest_of(objects).audio
    assert (facts.language, facts.language_probability) == ("no", 0.875)
    assert facts.duration_seconds == 95


def test_what_was_heard_so_far_is_stored_on_the_way(run: Run) -> None:
    segments = tuple(
        Segment(id=number, start=number, end=number + 1, text=f" {number}", tokens=(1, 2))
        for number in range(4)
    )
    run.engine = FakeEngine(segments=segments)
    run.take([make_item()])
    objects = run.objects["interview"]
    partials = [PartialTranscript.model_validate_json(each) for each in objects.partials]
    assert [[segment.text for segment in each.segments] for each in partials] == [
        [" 0", " 1"],
        [" 0", " 1", " 2", " 3"],
    ]
    assert {each.language for each in partials} == {"en"}
    assert b"tokens" not in objects.partials[-1]


def test_progress_begins_with_the_duration(run: Run) -> None:
    run.take([make_item()])
    notes = [
        ProgressNote.model_validate_json(note) for note in run.objects["interview"].progress_notes
    ]
    assert [(note.processed_seconds, note.duration_seconds) for note in notes] == [
        (0, 2),
        (1, 2),
        (2, 2),
    ]


def test_finished_item_is_not_done_again(run: Run) -> None:
    run.take([make_item()])
    run.objects["interview"].written.clear()
    assert run.take([make_item()]) == [ItemOutcome(name="interview")]
    assert run.objects["interview"].written == []
    assert run.engines_loaded == 1


def test_item_with_a_stale_manifest_is_done_again(run: Run) -> None:
    run.take([make_item(spec_digest="sha256:other")])
    run.take([make_item()])
    manifest = manifest_of(run.objects["interview"])
    assert (manifest.spec_digest, manifest.attempt) == ("sha256:asked-for", 2)


def test_silence_is_a_success_with_an_empty_transcript(run: Run) -> None:
    run.engine = FakeEngine(segments=())
    assert run.take([make_item()]) == [ItemOutcome(name="interview")]
    stored = run.objects["interview"].stored
    assert Transcript.model_validate_json(stored[1, OutputFormat.JSON]).segments == ()
    assert stored[1, OutputFormat.VTT] == b"WEBVTT\n"
    assert stored[1, OutputFormat.SRT] == b""
