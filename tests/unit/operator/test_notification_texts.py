"""What people are mailed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.builders import NOW, UID, make_transcription_job
from waas_contract.exit_codes import FailureReason
from waas_contract.job_status import (
    Condition,
    ConditionReason,
    ConditionType,
    Phase,
    TranscriptionJobStatus,
)
from waas_contract.transcription_job import Source, TranscriptionJob
from waas_operator.mail_server import build_message
from waas_operator.notification_texts import Mail, build_mail

BASE_URL = "https://waas.example"
DESK = "desk@example.org"


def ended(
    phase: Phase,
    reason: str = ConditionReason.COMPLETED,
    message: str = "",
    file_name: str | None = "Blåbær (1).mp3",
    **status: Any,
) -> TranscriptionJob:
    condition = Condition(
        type=ConditionType.SUCCEEDED,
        status="True" if phase is Phase.SUCCEEDED else "False",
        reason=reason,
        message=message,
        last_transition_time=NOW,
    )
    source = Source(key="newsroom/interview/audio/a.mp3", file_name=file_name)
    status = {"phase": phase, "conditions": (condition,), **status}
    return make_transcription_job(
        source=source, status=TranscriptionJobStatus.model_validate(status)
    )


def test_who_succeeded_gets_the_links() -> None:
    job = ended(Phase.SUCCEEDED, message="The transcript is stored.", expiry_time=NOW)

    assert build_mail(job, DESK, base_url=BASE_URL) == Mail(
        recipient=DESK,
        subject="Transcript ready: Blåbær (1).mp3",
        body="""\
Your recording “Blåbær (1).mp3” has been transcribed. The transcript is stored.

Download it as

Text with timecodes:
https://waas.example/v1/download/interview?output=timecode_txt

Text:
https://waas.example/v1/download/interview?output=txt

Subtitles (SRT):
https://waas.example/v1/download/interview?output=srt

Subtitles (WebVTT):
https://waas.example/v1/download/interview?output=vtt

For the JoJo editor:
https://waas.example/v1/download/interview?output=jojo

It will be deleted on 22 November 2026 at 12:00 UTC.

Job interview
""",
        message_id=f"{UID}.email",
    )


def test_without_a_base_url_there_are_no_links() -> None:
    body = build_mail(ended(Phase.SUCCEEDED), DESK, base_url="").body

    assert "/v1/download" not in body
    assert "Job interview" in body


def test_who_failed_is_told_the_reason_and_what_to_do() -> None:
    job = ended(Phase.FAILED, FailureReason.BAD_AUDIO, "FFmpeg cannot read it: no audio stream")

    mail = build_mail(job, DESK, base_url=BASE_URL)

    assert mail.subject == "Transcription failed: Blåbær (1).mp3"
    assert mail.body == (
        "Your recording “Blåbær (1).mp3” could not be transcribed.\n\n"
        "Reason: BadAudio\nFFmpeg cannot read it: no audio stream\n\n"
        "Please check that the file plays on your computer, and send it again; if it does not, "
        "export it anew, for example as MP3 or WAV.\n\n"
        "Job interview\n"
    )


@pytest.mark.parametrize("reason", [*FailureReason, "OfAnotherRelease"])
def test_every_failure_says_what_to_do(reason: str) -> None:
    paragraphs = build_mail(ended(Phase.FAILED, reason), DESK, base_url="").body.split("\n\n")

    assert paragraphs[1] == f"Reason: {reason}"
    assert paragraphs[2].endswith(".")


def test_who_was_cancelled_is_told_so() -> None:
    job = ended(Phase.CANCELLED, FailureReason.CANCELLED, "Cancelled on request.")

    mail = build_mail(job, DESK, base_url=BASE_URL)

    assert mail.subject == "Transcription cancelled: Blåbær (1).mp3"
    assert "was cancelled" in mail.body


@pytest.mark.parametrize(
    ("file_name", "shown"),
    [
        (None, "untitled-transcription"),
        ("a\r\nBcc: everybody@example.org", "a Bcc: everybody@example.org"),
        ("a\u2028Bcc: b\x00c\x1b[31m", "a Bcc: b c [31m"),
        ("invoice\u202efdp.exe", "invoice fdp.exe"),
        ("क्\u200dष.mp3", "क्\u200dष.mp3"),
        ("録音 🎙.mp3", "録音 🎙.mp3"),
        ("x" * 255, "x" * 149 + "…"),
    ],
)
def test_a_name_is_shown_on_one_line(file_name: str | None, shown: str) -> None:
    job = ended(Phase.FAILED, "BadAudio", file_name=file_name)

    assert build_mail(job, DESK, base_url="").subject == f"Transcription failed: {shown}"


@given(file_name=st.text(max_size=255), message=st.text(max_size=300))
def test_no_name_and_no_message_can_write_a_header(file_name: str, message: str) -> None:
    job = ended(Phase.FAILED, "BadAudio", message, file_name=file_name)

    sent = build_message(build_mail(job, DESK, base_url=BASE_URL), "waas@example.org")

    assert sorted(sent.keys()) == sorted(
        [
            *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
            *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
        ]
    )
    head, _, _ = sent.as_bytes().partition(b"\r\n\r\n")
    names = {line.split(b":")[0].lower() for line in head.split(b"\r\n") if line[:1] not in b" \t"}
    assert names <= {each.lower().encode() for each in sent}
    assert sent["To"] == DESK
