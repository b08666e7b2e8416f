import json
import logging

from waas_contract.log_lines import JsonLineFormatter, log_fields


def make_record(message: str, *args: object, **attributes: object) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": "waas", "levelname": "INFO", "msg": message, "args": args, "created": 0.0}
        | attributes
    )


def test_a_record_is_one_line_of_json_with_its_fields() -> None:
    record = make_record("took %s\nin", "it", **log_fields(transcription_job="a", bytes=5))

    line = JsonLineFormatter().format(record)

    assert json.loads(line) == {
        "time": "1970-01-01T00:00:00.000+00:00",
        "level": "info",
        "logger": "waas",
        "message": "took it\nin",
        "transcription_job": "a",
        "bytes": 5,
    }
    assert "\n" not in line


def test_a_traceback_is_part_of_the_line() -> None:
    try:
        raise ValueError("broken")
    except ValueError as error:
        record = make_record("it failed", exc_info=(ValueError, error, error.__traceback__))

    line = json.loads(JsonLineFormatter().format(record))

    assert line["traceback"].endswith("ValueError: broken")
