from typing import Any

import pytest
from pydantic import ValidationError

from support.builders import make_manifest, make_transcription_job
from waas_contract.formats import OutputFormat
from waas_contract.manifest import AudioFacts, ResultFile

JOB = make_transcription_job()
STOLEN = ResultFile(
    format=OutputFormat.JSON,
    key="payroll/interview/results/1/transcript.json",
    bytes=1,
    sha256="0" * 64,
)

CASES: list[tuple[str, dict[str, Any], bool]] = [
    ("the job's own results", {}, True),
    ("another request of the same name", {"spec_digest": "sha256:1"}, False),
    ("another namespace's job", {"namespace": "payroll"}, False),
    ("a key of another namespace, put in by a pod", {"files": (STOLEN,)}, False),
    ("another attempt than the keys say", {"attempt": 2}, False),
]


@pytest.mark.parametrize(
    ("changes", "answers"), [pytest.param(*case[1:], id=case[0]) for case in CASES]
)
def test_only_the_jobs_own_results_answer_it(changes: dict[str, Any], answers: bool) -> None:
    manifest = make_manifest(JOB, **changes)

    assert manifest.answers("newsroom", "interview", JOB.spec.digest()) is answers


OVERSIZED: list[tuple[str, dict[str, Any]]] = [
    ("more files than there are formats", {"files": make_manifest(JOB).files * 5}),
    ("a language as long as a book", {"audio": {"durationSeconds": 1, "language": "x" * 99}}),
    ("no length at all", {"audio": {"durationSeconds": float("nan"), "language": "en"}}),
]


@pytest.mark.parametrize("changes", [each for _, each in OVERSIZED], ids=[n for n, _ in OVERSIZED])
def test_a_manifest_cannot_bloat_a_status(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        make_manifest(JOB, **changes)


def test_audio_facts_of_any_language_of_whisper_fit() -> None:
    assert AudioFacts(duration_seconds=0, language="haw").language == "haw"
