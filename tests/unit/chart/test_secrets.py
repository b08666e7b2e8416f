"""Secrets that the release makes, and that a change of one restarts who reads it."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from support.chart import STORE, Chart, Manifests
from support.kubernetes_api import Resource
from waas_api.api_keys.entries import parse_api_keys
from waas_contract.webhooks import parse_webhook_ids, parse_webhooks

WEBHOOKS = [{"id": "desk", "url": "https://desk.example/done", "token": "t0ken"}]


def texts(secret: Resource) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def annotations(manifests: Manifests, name: str) -> dict[str, str]:
    metadata = manifests.find("Deployment", name)["spec"]["template"]["metadata"]
    found: dict[str, str] = metadata.get("annotations", {})
    return found


def with_user(**user: str) -> dict[str, Any]:
    return {"objectStorage": {**STORE["objectStorage"], **user}}


def test_storage_user_is_in_a_secret(manifests: Manifests) -> None:
    secret = manifests.find("Secret", "waas-object-storage")

    assert texts(secret) == {"access-key": "key", "secret-key": "s3cret-s3cret"}


def test_storage_user_is_nowhere_else(manifests: Manifests) -> None:
    rest = [each for each in manifests.resources if each["kind"] != "Secret"]

    assert "s3cret" not in json.dumps(rest)


def test_bundled_store_gets_a_password_of_its_own(chart: Chart) -> None:
    one, other = (
        texts(chart.render({"minio": {"enabled": True}}).find("Secret", "waas-object-storage"))
        for _ in range(2)
    )

    assert one["access-key"] == other["access-key"] == "waas"
    assert len(one["secret-key"]) == 40
    assert one["secret-key"] != other["secret-key"]


def test_bundled_store_takes_the_given_user(chart: Chart) -> None:
    manifests = chart.render({**STORE, "minio": {"enabled": True}})

    assert texts(manifests.find("Secret", "waas-object-storage")) == {
        "access-key": "key",
        "secret-key": "s3cret-s3cret",
    }


def test_secret_that_is_there_is_used(chart: Chart) -> None:
    storage = {"endpoint": "https://store.example", "existingSecret": "store-user"}

    manifests = chart.render({"objectStorage": storage, "minio": {"enabled": True}})

    assert manifests.names("Secret") == ["waas-minio"]
    for name in ("waas-api", "waas-operator"):
        pod = manifests.find("Deployment", name)["spec"]["template"]["spec"]
        used = {
            each["valueFrom"]["secretKeyRef"]["name"]
            for each in pod["containers"][0]["env"]
            if "secretKeyRef" in each.get("valueFrom", {})
        }
        assert used == {"store-user"}


def test_bundled_stores_administrator_is_nobody_that_the_service_knows(chart: Chart) -> None:
    manifests = chart.render({"minio": {"enabled": True}})

    administrator = texts(manifests.find("Secret", "waas-minio"))
    assert administrator["access-key"] == "administrator"
    assert len(administrator["secret-key"]) == 40
    for name in ("waas-api", "waas-operator"):
        assert "waas-minio" not in json.dumps(
            manifests.find("Deployment", name)["spec"]["template"]["spec"]["containers"][0]["env"]
        ).replace("http://waas-minio.", "")


def test_given_password_of_the_administrator_restarts_the_bundled_store(chart: Chart) -> None:
    one, other = (
        chart.render({"minio": {"enabled": True, "administratorPassword": each}})
        for each in ("first-password", "other-password")
    )

    assert texts(one.find("Secret", "waas-minio"))["secret-key"] == "first-password"
    assert annotations(one, "waas-minio") != annotations(other, "waas-minio")


@pytest.mark.parametrize("name", ["waas-api", "waas-operator"])
def test_change_of_the_storage_user_restarts(chart: Chart, name: str) -> None:
    same, again, other = (
        annotations(chart.render(values), name)["checksum/object-storage"]
        for values in (STORE, STORE, with_user(secretKey="another-secret"))
    )

    assert same == again != other


def test_made_up_password_restarts_nobody_at_an_upgrade(chart: Chart) -> None:
    one, other = (
        annotations(chart.render({"minio": {"enabled": True}}), "waas-operator") for _ in range(2)
    )

    assert one == other


@pytest.mark.parametrize(
    ("name", "file"), [("api", "webhook-ids.json"), ("operator", "allowed-webhooks.json")]
)
def test_webhooks_reach_each_program_as_one_file(chart: Chart, name: str, file: str) -> None:
    manifests = chart.render({**STORE, "allowedWebhooks": {"webhooks": WEBHOOKS}})

    pod = manifests.find("Deployment", f"waas-{name}")["spec"]["template"]["spec"]
    source = {
        "secretName": "waas-allowed-webhooks",
        "defaultMode": 0o440,
        "items": [{"key": file, "path": file}],
    }
    assert pod["volumes"] == [{"name": "allowed-webhooks", "secret": source}]
    assert pod["containers"][0]["volumeMounts"] == [
        {"name": "allowed-webhooks", "mountPath": "/etc/waas", "readOnly": True}
    ]
    variable = {"name": "WAAS_ALLOWED_WEBHOOKS_FILE", "value": f"/etc/waas/{file}"}
    assert variable in pod["containers"][0]["env"]


def test_tokens_are_in_the_operators_file_alone(chart: Chart) -> None:
    secret = chart.render({**STORE, "allowedWebhooks": {"webhooks": WEBHOOKS}}).find(
        "Secret", "waas-allowed-webhooks"
    )

    files = texts(secret)
    assert json.loads(files.pop("allowed-webhooks.json")) == WEBHOOKS
    assert {name: json.loads(each) for name, each in files.items()} == {
        "webhook-ids.json": [{"id": "desk"}]
    }


def test_programs_read_the_files_of_the_secret(chart: Chart) -> None:
    secret = chart.render({**STORE, "allowedWebhooks": {"webhooks": WEBHOOKS}}).find(
        "Secret", "waas-allowed-webhooks"
    )

    ids, webhooks = (
        texts(secret)[name].encode() for name in ("webhook-ids.json", "allowed-webhooks.json")
    )
    assert parse_webhook_ids(ids, "webhook-ids.json") == {"desk"}
    assert set(parse_webhooks(webhooks, "allowed-webhooks.json")) == {"desk"}


def test_change_of_the_webhooks_restarts_who_reads_what_changed(chart: Chart) -> None:
    one, other_token, other_id = (
        chart.render({**STORE, "allowedWebhooks": {"webhooks": [{**WEBHOOKS[0], **change}]}})
        for change in ({}, {"token": "new"}, {"id": "news"})
    )

    assert annotations(one, "waas-operator") != annotations(other_token, "waas-operator")
    assert annotations(one, "waas-api") == annotations(other_token, "waas-api")
    assert annotations(one, "waas-api") != annotations(other_id, "waas-api")


def test_the_mail_password_and_authority_reach_the_operator_alone(chart: Chart) -> None:
    sender = {"existingSecret": "mail", "caSecret": "mail-ca"}
    manifests = chart.render({**STORE, "operator": {"emailSender": sender}})

    api, operator = (
        manifests.find("Deployment", f"waas-{name}")["spec"]["template"]["spec"]
        for name in ("api", "operator")
    )
    assert "mail" not in json.dumps(api)
    reference = {"secretKeyRef": {"name": "mail", "key": "password"}}
    variable = {"name": "WAAS_EMAIL_SENDER_PASSWORD", "valueFrom": reference}
    assert variable in operator["containers"][0]["env"]
    assert operator["volumes"][0]["secret"]["secretName"] == "mail-ca"
    assert operator["containers"][0]["volumeMounts"] == [
        {"name": "mail-server-ca", "mountPath": "/etc/waas-mail", "readOnly": True}
    ]


API_KEY = {
    "id": "desk",
    "hash": f"sha256:{'0' * 64}",
    "namespace": "waas-jobs",
    "owner": "desk",
    "permissions": ["read", "create"],
    "expires": "2027-06-30T00:00:00Z",
}


def with_api_keys(*keys: Mapping[str, object]) -> dict[str, Any]:
    logins = {"modes": ["api-keys"], "apiKeys": {"keys": list(keys)}}
    return {**STORE, "api": {"authentication": logins}}


def test_api_keys_reach_the_api_as_a_folder_that_follows_its_secret(chart: Chart) -> None:
    manifests = chart.render(with_api_keys(API_KEY))

    content = texts(manifests.find("Secret", "waas-api-keys"))["api-keys.yaml"]
    pod = manifests.find("Deployment", "waas-api")["spec"]["template"]["spec"]
    [key] = parse_api_keys(content.encode(), ("waas-jobs",))
    assert (key.id, key.owner, key.expires) == ("desk", "desk", datetime(2027, 6, 30, tzinfo=UTC))
    assert pod["volumes"] == [
        {"name": "api-keys", "secret": {"secretName": "waas-api-keys", "defaultMode": 0o440}}
    ]
    assert pod["containers"][0]["volumeMounts"] == [
        {"name": "api-keys", "mountPath": "/etc/waas-api-keys", "readOnly": True}
    ]
    assert {
        "name": "WAAS_API_KEYS_FILE",
        "value": "/etc/waas-api-keys/api-keys.yaml",
    } in pod["containers"][0]["env"]


def test_change_of_an_api_key_restarts_nobody(chart: Chart) -> None:
    one, other = (
        chart.render(with_api_keys({**API_KEY, "id": each})).find("Deployment", "waas-api")
        for each in ("desk", "phone")
    )

    assert one == other
