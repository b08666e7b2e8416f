"""What can be asked of the job program, with real speech and real weights."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from support.job_items import make_item
from support.job_program import JobProgram
from support.media import Samples, read_samples, write_wav
from support.object_server import ObjectServer
from support.reading import make_reading
from support.speech import librivox_clip
from support.spoken_words import words_of, words_of_captions
from support.waiting import wait_until
from waas_contract.formats import OutputFormat
from waas_contract.job_environment import JobItem
from waas_contract.object_keys import partial_key, result_key
from waas_contract.transcript import PartialTranscript
from waas_contract.transcription_job import Task
from waas_contract.transcription_options import (
    DecodingOptions,
    SubtitleOptions,
    VoiceActivityOptions,
)

pytestmark = pytest.mark.integration

ILL_DISPOSED = librivox_clip("0880")
COLD_HEARTED = librivox_clip("0890")


def with_noise(samples: Samples, *, level: float) -> Samples:
    noise = np.random.default_rng(1).standard_normal(len(samples))
    return (samples + level * noise).astype(np.float32)


def read_result(program: JobProgram, item: JobItem, output_format: OutputFormat) -> str:
    key = result_key(item.namespace, item.name, 1, output_format)
    return program.path(key).read_text(encoding="utf-8")


def test_five_beams_find_likelier_words_in_noise(program: JobProgram, tmp_path: Path) -> None:
    noisy = with_noise(read_samples(COLD_HEARTED.path), level=0.05)
    path = write_wav(tmp_path / "noisy.wav", noisy)
    once = DecodingOptions(temperature_increment_on_fallback=0)
    greedy = program.add(path, make_item("greedy", decoding=once))
    beams = program.add(path, make_item("beams", decoding=once.model_copy(update={"beam_size": 5})))
    assert {outcome.reason for outcome in program.run(greedy, beams)} == {None}
    (greedy_segment,) = program.transcript(greedy).segments
    (beams_segment,) = program.transcript(beams).segments
    assert beams_segment.avg_logprob > greedy_segment.avg_logprob


def test_hotword_changes_how_it_is_spelt(program: JobProgram) -> None:
    plain = program.add(ILL_DISPOSED.path, make_item("plain"))
    helped = program.add(
        ILL_DISPOSED.path,
        make_item("helped", decoding=DecodingOptions(hotwords="ill-disposed, cold-hearted")),
    )
    program.run(plain, helped)
    assert "ill-disposed" not in program.transcript(plain).text
    assert "ill-disposed" in program.transcript(helped).text


def test_language_alone_is_told(program: JobProgram, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "long.wav", make_reading(4))
    item = program.add(path, make_item(task=Task.DETECT, formats=(OutputFormat.JSON,)))
    assert program.run(item, model="base")[0].reason is None
    manifest, transcript = program.manifest(item), program.transcript(item)
    assert (transcript.language, transcript.text, transcript.segments) == ("en", "", ())
    assert [file.format for file in manifest.files] == [OutputFormat.JSON]
    assert manifest.audio.language == "en"
    assert 0.9 < (manifest.audio.language_probability or 0) <= 1
    assert manifest.audio.duration_seconds == transcript.duration
    assert transcript.duration == pytest.approx(4 * 24.73, abs=0.1)


def test_detected_language_comes_with_its_probability(program: JobProgram) -> None:
    detected = program.add(ILL_DISPOSED.path, make_item("detected"))
    told = program.add(ILL_DISPOSED.path, make_item("told", language="en"))
    program.run(detected, told, model="base")
    assert 0.9 < (program.manifest(detected).audio.language_probability or 0) <= 1
    assert program.manifest(told).audio.language_probability is None


def test_what_was_heard_so_far_can_be_read_while_it_runs(
    program: JobProgram, store: ObjectServer, tmp_path: Path
) -> None:
    item = make_item()
    key = partial_key(item.namespace, item.name)
    path = write_wav(tmp_path / "long.wav", make_reading(3))
    program.add(path, item, elsewhere={key: store.url(key)})
    # Nothing is heard meanwhile, so that what is read is what came first.
    hold = store.hold(key)
    process = program.start(program.environment([item]).to_variables())
    content = wait_until(lambda: store.objects.get(key), "the beginning is there")
    hold.set()
    assert program.finish(process) == 0
    partial = PartialTranscript.model_validate_json(content)

    transcript = program.transcript(item)
    assert partial.language == transcript.language == "en"
    assert 0 < len(partial.segments) < len(transcript.segments)
    assert transcript.text.startswith("".join(segment.text for segment in partial.segments))
    for told, final in zip(partial.segments, transcript.segments, strict=False):
        assert (told.id, told.start, told.end) == (final.id, final.start, final.end)


def test_captions_keep_their_limits(program: JobProgram, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "all.wav", make_reading(1))
    options = SubtitleOptions(max_line_width=24, max_line_count=2, max_cue_seconds=2.5)
    item = program.add(path, make_item(subtitles=options))
    program.run(item)
    transcript = program.transcript(item)
    words = [word for segment in transcript.segments for word in segment.words or ()]
    beginnings = {round(word.start, 3) for word in words}
    for output_format in (OutputFormat.SRT, OutputFormat.VTT):
        text = read_result(program, item, output_format)
        assert words_of_captions(text) == words_of(transcript.text)
        cues = re.findall(r"(\S+) --> (\S+)\n((?:.+\n)+)", text)
        assert len(cues) > len(transcript.segments)
        for start, end, lines in cues:
            assert 0 < seconds_of(end) - seconds_of(start) <= 2.501
            assert len(lines.splitlines()) <= 2
            assert all(len(line) <= 24 for line in lines.splitlines())
        assert {seconds_of(start) for start, _, _ in cues} <= beginnings
        moments = [seconds_of(moment) for start, end, _ in cues for moment in (start, end)]
        assert moments == sorted(moments)


def seconds_of(clock: str) -> float:
    *hours, minutes, seconds = clock.replace(",", ".").split(":")
    return 3600 * int(hours[0] if hours else 0) + 60 * int(minutes) + float(seconds)


def test_option_that_could_not_be_honoured_is_told(program: JobProgram) -> None:
    item = program.add(ILL_DISPOSED.path, make_item(initial_prompt="many words " * 150))
    program.run(item)
    assert program.manifest(item).unsupported_options == ("initialPrompt",)
    lines = [json.loads(line) for line in program.output.splitlines() if line.startswith("{")]
    assert [line["options"] for line in lines if "options" in line] == [["initialPrompt"]]


def test_speech_is_what_the_options_say(program: JobProgram) -> None:
    deaf = program.add(
        ILL_DISPOSED.path,
        make_item("deaf", voice_activity=VoiceActivityOptions(min_speech_seconds=10)),
    )
    without = program.add(
        ILL_DISPOSED.path, make_item("without", voice_activity=VoiceActivityOptions(enabled=False))
    )
    program.run(deaf, without)
    assert program.transcript(deaf).text == ""
    assert "young man" in program.transcript(without).text
    assert program.manifest(deaf).unsupported_options == ()
