"""What an attempt heard before it was stopped is kept, and the next one goes on from there."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from support.in_memory_objects import AUDIO, MANIFEST
from support.job_items import make_item
from support.media import make_tone, write_wav
from support.pipeline_runs import Run, manifest_of
from waas_contract.formats import OutputFormat
from waas_contract.job_environment import ItemOutcome
from waas_contract.manifest import Outcome
from waas_contract.transcript import Segment, Transcript
from waas_job.engine.protocol import (
    Heard,
    Language,
    Samples,
    Transcription,
    TranscriptionOptions,
)


class Stopped(BaseException):
    """Stands for SIGTERM: the program goes no further."""


def stop_after_half(run: Run, *, keeps: bool = True) -> None:
    """Stop an attempt when half of the recording was heard."""
    engine = run.engine
    transcribe = engine.transcribe

    def stop(
        blocks: Iterable[Samples],
        options: TranscriptionOptions,
        on_progress: Callable[[Heard], None],
        *,
        before: Heard | None = None,
    ) -> Transcription:
        def take_half(heard: Heard) -> None:
            on_progress(heard)
            if keeps:
                run.unfinished.keep()
            raise Stopped

        return transcribe(blocks, options, take_half, before=before)

    run.engine.transcribe = stop  # type: ignore[method-assign]
    with pytest.raises(Stopped):
        run.take([make_item()])
    run.engine.transcribe = transcribe  # type: ignore[method-assign]


def test_another_attempt_goes_on_from_what_was_heard(run: Run) -> None:
    run.engine.segments = (
        Segment(id=0, start=0, end=1, text=" Good", tokens=(2205,)),
        Segment(id=1, start=1, end=2, text=" morning.", tokens=(2446,)),
    )
    stop_after_half(run, keeps=False)
    assert run.take([make_item()]) == [ItemOutcome(name="interview")]
    first, second = run.engine.went_on_from
    assert first is None
    assert second == Heard(1.0, Language("en", 0.75), run.engine.segments[:1])


@pytest.mark.parametrize(
    "change",
    [
        lambda run: setattr(run, "asked_for", "sha256:another"),
        lambda run: setattr(run.engine, "version", "2"),
        lambda run: run.objects["interview"].stored.update({AUDIO: run.other_recording}),
        lambda run: run.objects["interview"].checkpoints.append(b"{}"),
    ],
    ids=["another spec", "another engine", "another recording", "a broken one"],
)
def test_a_checkpoint_of_anything_else_is_not_gone_on_from(
    run: Run, change: Callable[[Run], None], tmp_path: Path
) -> None:
    run.other_recording = write_wav(tmp_path / "other.wav", make_tone(3)).read_bytes()
    run.take([make_item()])
    run.objects["interview"].stored.pop(MANIFEST)
    change(run)
    run.take([make_item(spec_digest=run.asked_for)])
    assert run.engine.went_on_from == [None, None]


def test_what_was_heard_is_kept_when_the_program_is_stopped(run: Run) -> None:
    objects = run.objects["interview"]
    run.checkpoint_interval_seconds = 1000
    stop_after_half(run)
    manifest = manifest_of(objects)
    assert manifest.outcome is Outcome.PARTIAL
    assert manifest.attempt == 1
    partial = Transcript.model_validate_json(objects.stored[1, OutputFormat.JSON])
    assert partial.text == " Good morning."
    assert partial.duration == 2
    assert len(objects.checkpoints) == 1

    stop_after_half(run)
    assert manifest_of(objects).attempt == 1

    # It proves nothing: the next attempt goes on, under a number of its own.
    assert run.take([make_item()]) == [ItemOutcome(name="interview")]
    assert manifest_of(objects).outcome is Outcome.COMPLETE
    assert manifest_of(objects).attempt == 2


def test_a_stopped_attempt_leaves_what_another_has_published(run: Run) -> None:
    objects = run.objects["interview"]
    run.take([make_item()])
    published = dict(objects.stored)
    manifest = objects.stored.pop(MANIFEST)
    transcribe = run.engine.transcribe

    def publish(*given: Any, **options: Any) -> Transcription:
        objects.stored[MANIFEST] = manifest
        return transcribe(*given, **options)

    run.engine.transcribe = publish  # type: ignore[method-assign]
    stop_after_half(run)
    assert objects.stored == published


def test_nothing_heard_is_nothing_kept(run: Run) -> None:
    run.checkpoint_interval_seconds = 1000
    run.engine.segments = ()
    stop_after_half(run)
    assert run.objects["interview"].written == []
    assert run.objects["interview"].checkpoints == []


def test_checkpoints_that_cannot_be_kept_fail_nothing(run: Run) -> None:
    run.objects["interview"].refuses_checkpoints = True
    assert run.take([make_item()]) == [ItemOutcome(name="interview")]
