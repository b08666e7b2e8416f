"""The administrator's list of webhooks, and what is said of one that does not fit."""

import json

import pytest

from waas_contract.webhooks import parse_webhook_ids, parse_webhooks

TOKEN = "open-sesame"
WEBHOOK = {"id": "desk", "url": "https://desk.example/hook", "token": TOKEN}


def entries(*changes: dict[str, str]) -> bytes:
    return json.dumps([{**WEBHOOK, **change} for change in changes]).encode()


def test_webhooks_are_found_by_their_ids() -> None:
    webhooks = parse_webhooks(entries({}, {"id": "news", "url": "http://news"}), "list.json")

    assert webhooks.keys() == {"desk", "news"}
    assert str(webhooks["desk"].url) == "https://desk.example/hook"
    assert webhooks["desk"].token.get_secret_value() == TOKEN
    assert TOKEN not in repr(webhooks)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "the whole: Invalid JSON"),
        (b"{}", "the whole: Input should be a valid array"),
        (b"[1]", "0: Input should be an object"),
        (entries({}, {"id": "a", "url": "desk"}), "1.url: Input should be a valid URL"),
        (entries({"url": "ftp://desk"}), "0.url: URL scheme should be 'http'"),
        (entries({"id": ""}), "0.id: String should have at least 1 character"),
        (b'[{"id": "a", "url": "https://x"}]', "0.token: Field required"),
        (entries({}, {}), "names the webhook 'desk' twice"),
        (entries({"token": "whsec_!" + TOKEN}), "begins with whsec_ must go on in base64"),
        (entries({"token": "whsec_"}), "begins with whsec_ must go on in base64"),
    ],
)
def test_a_list_that_does_not_fit_is_refused_with_the_place(content: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=r"^list\.json ") as caught:
        parse_webhooks(content, "list.json")

    assert complaint in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_who_only_checks_ids_needs_no_more_than_those() -> None:
    assert parse_webhook_ids(b'[{"id": "a"}, {"id": "b", "token": "t"}]', "ids.json") == {"a", "b"}
    with pytest.raises(ValueError, match="names the webhook 'a' twice"):
        parse_webhook_ids(b'[{"id": "a"}, {"id": "a"}]', "ids.json")


@pytest.mark.parametrize(
    ("token", "key"),
    [
        ("open-sesame", b"open-sesame"),
        ("Blåbær", "Blåbær".encode()),
        (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            b"1\xf2\x90\xf6\xbf\x06)\x8a\xabO\x08\xd4<?\x08,\xf6H\xa3b\xda-\xa4\xb0",
        ),
    ],
)
def test_the_signing_key_comes_from_the_token(token: str, key: bytes) -> None:
    assert parse_webhooks(entries({"token": token}), "list.json")["desk"].signing_key() == key
