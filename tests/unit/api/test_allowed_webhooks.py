"""The administrator's list of webhooks, and what is said of one that does not fit."""

from pathlib import Path

import pytest

from support.api_builders import make_settings, write_webhooks
from waas_api.app import create_app
from waas_api.old_service.allowed_webhooks import read_webhook_ids


def test_ids_are_read_from_the_list(tmp_path: Path) -> None:
    assert read_webhook_ids(None) == frozenset()
    assert read_webhook_ids(write_webhooks(tmp_path / "list.json", "a", "b")) == {"a", "b"}


def test_ids_are_all_that_is_read(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text('[{"id": "desk"}, {"id": "news", "url": "what the operator checks"}]')

    assert read_webhook_ids(path) == {"desk", "news"}


def test_a_list_that_does_not_fit_is_refused_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text('[{"id": ""}]')

    with pytest.raises(ValueError, match=f"{path}.*0.id: String should have at least 1 character"):
        read_webhook_ids(path)


def test_a_list_that_is_not_there_is_told_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "missing.json"

    with pytest.raises(ValueError, match=r"WAAS_ALLOWED_WEBHOOKS_FILE: .*missing\.json: No such"):
        create_app(make_settings(allowed_webhooks_file=path))
