"""The administrator's list of webhooks, and what is said of one that does not fit."""

import json
from pathlib import Path

import pytest

from support.api_builders import make_settings, write_webhooks
from waas_api.allowed_webhooks import read_webhook_ids
from waas_api.main import create_app

TOKEN = "open-sesame"
WEBHOOK = {"id": "desk", "url": "https://desk.example/hook", "token": TOKEN}


def test_ids_are_read_from_the_list(tmp_path: Path) -> None:
    assert read_webhook_ids(None) == frozenset()
    assert read_webhook_ids(write_webhooks(tmp_path / "list.json", "a", "b")) == {"a", "b"}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "the whole: Invalid JSON"),
        ("{}", "the whole: Input should be a valid array"),
        ("[1]", "0: Input should be an object"),
        (json.dumps([WEBHOOK, {**WEBHOOK, "url": "desk"}]), "1.url: Input should be a valid URL"),
        (json.dumps([{**WEBHOOK, "url": "ftp://desk"}]), "0.url: URL scheme should be 'http'"),
        (json.dumps([{**WEBHOOK, "id": ""}]), "0.id: String should have at least 1 character"),
        (json.dumps([{"id": "a", "url": "https://x"}]), "0.token: Field required"),
        (json.dumps([WEBHOOK, WEBHOOK]), "names the webhook 'desk' twice"),
    ],
)
def test_a_list_that_does_not_fit_is_refused_with_the_place(
    tmp_path: Path, content: str, complaint: str
) -> None:
    path = tmp_path / "list.json"
    path.write_text(content)

    with pytest.raises(ValueError, match=str(path)) as caught:
        read_webhook_ids(path)

    assert complaint in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_list_that_is_not_there_is_told_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "missing.json"

    with pytest.raises(ValueError, match=r"WAAS_ALLOWED_WEBHOOKS_FILE: .*missing\.json: No such"):
        create_app(make_settings(allowed_webhooks_file=path))
