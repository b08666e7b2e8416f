"""Lines of JSON, without what a query holds of people."""

import json
import logging

from waas_api.logs import JsonFormatter, drop_query


def make_record(message: str, *args: object, **fields: object) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": "waas", "levelname": "INFO", "msg": message, "args": args, "created": 0.0} | fields
    )


def test_a_record_is_one_line_of_json() -> None:
    line = JsonFormatter().format(make_record("took %s\nin", "it", transcription_job="a", bytes=5))

    assert json.loads(line) == {
        "time": "1970-01-01T00:00:00.000+00:00",
        "level": "info",
        "logger": "waas",
        "message": "took it\nin",
        "transcription_job": "a",
        "bytes": 5,
    }
    assert "\n" not in line


def test_the_access_log_has_no_query() -> None:
    record = make_record(
        '%s - "%s %s HTTP/%s" %d',
        "1.2.3.4:5",
        "POST",
        "/v1/transcribe?email_callback=a",
        "1.1",
        201,
    )

    assert drop_query(record)
    assert record.getMessage() == '1.2.3.4:5 - "POST /v1/transcribe HTTP/1.1" 201'
