import io
import json
import logging
import sys

import pytest

from waas_contract.log_lines import log_fields
from waas_job.log_lines import UrlFreeFormatter, without_urls

PRESIGNED = "https://store.test:9000/bucket/key%20one?X-Amz-Algorithm=A&X-Amz-Signature=secret"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"GET {PRESIGNED} failed", "GET [url] failed"),
        (f"error for url '{PRESIGNED}'", "error for url '[url]'"),
        ("path /bucket/key?X-Amz-Signature=secret was asked", "path [removed] was asked"),
        ("file:///srv/waas/key is gone", "[url] is gone"),
        ("3:1 and http or https", "3:1 and http or https"),
    ],
)
def test_urls_are_taken_out(text: str, expected: str) -> None:
    assert without_urls(text) == expected


def logged() -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(UrlFreeFormatter())
    logger = logging.Logger("waas_job.test")
    logger.addHandler(handler)
    return logger, stream


def test_line_is_one_json_object_with_its_fields() -> None:
    logger, stream = logged()
    logger.info("done", extra=log_fields(transcription_job="interview", attempt=1))
    line = json.loads(stream.getvalue())
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "waas_job.test",
        "message": "done",
        "transcription_job": "interview",
        "attempt": 1,
    }


def test_line_stays_json_when_a_quoted_url_is_taken_out() -> None:
    logger, stream = logged()
    logger.info('asked "%s" and "%s"', PRESIGNED, "/bucket/key?X-Amz-Signature=secret")
    assert json.loads(stream.getvalue())["message"] == 'asked "[url]" and "[removed]"'


def test_traceback_is_on_the_same_line_without_urls() -> None:
    logger, stream = logged()
    try:
        raise ValueError(f"cannot read {PRESIGNED}")
    except ValueError:
        logger.exception("failed", exc_info=sys.exc_info())
    assert stream.getvalue().count("\n") == 1
    line = json.loads(stream.getvalue())
    assert "ValueError: cannot read [url]" in line["traceback"]
    assert "secret" not in stream.getvalue()
