"""The log, without what a query holds of people."""

import logging

from waas_api.logs import drop_query


def make_record(message: str, *args: object) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": "waas", "levelname": "INFO", "msg": message, "args": args, "created": 0.0}
    )


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
