"""Secrets that the release makes, and that a change of one restarts who reads it."""

import base64
import json
from typing import Any

import pytest

from support.chart import STORE, Chart, Manifests
from support.kubernetes_api import Resource

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

    assert manifests.names("Secret") == []
    for name in ("waas-api", "waas-operator", "waas-minio"):
        pod = manifests.find("Deployment", name)["spec"]["template"]["spec"]
        used = {
            each["valueFrom"]["secretKeyRef"]["name"]
            for each in pod["containers"][0]["env"]
            if "secretKeyRef" in each.get("valueFrom", {})
        }
        assert used == {"store-user"}


@pytest.mark.parametrize("name", ["waas-api", "waas-operator", "waas-minio"])
def test_change_of_the_storage_user_restarts(chart: Chart, name: str) -> None:
    minio = {"minio": {"enabled": True}}
    same, again, other = (
        annotations(chart.render({**values, **minio}), name)["checksum/object-storage"]
        for values in (STORE, STORE, with_user(secretKey="another-secret"))
    )

    assert same == again != other


def test_made_up_password_restarts_nobody_at_an_upgrade(chart: Chart) -> None:
    one, other = (
        annotations(chart.render({"minio": {"enabled": True}}), "waas-operator") for _ in range(2)
    )

    assert one == other


def test_webhooks_reach_the_api_as_a_file(chart: Chart) -> None:
    values = {**STORE, "api": {"allowedWebhooks": {"webhooks": WEBHOOKS}}}

    manifests = chart.render(values)

    secret = manifests.find("Secret", "waas-allowed-webhooks")
    pod = manifests.find("Deployment", "waas-api")["spec"]["template"]["spec"]
    assert json.loads(texts(secret)["allowed-webhooks.json"]) == WEBHOOKS
    assert pod["volumes"] == [
        {
            "name": "allowed-webhooks",
            "secret": {"secretName": "waas-allowed-webhooks", "defaultMode": 0o440},
        }
    ]
    assert pod["containers"][0]["volumeMounts"] == [
        {"name": "allowed-webhooks", "mountPath": "/etc/waas", "readOnly": True}
    ]
    assert {
        "name": "WAAS_ALLOWED_WEBHOOKS_FILE",
        "value": "/etc/waas/allowed-webhooks.json",
    } in pod["containers"][0]["env"]


def test_change_of_the_webhooks_restarts_the_api_alone(chart: Chart) -> None:
    one, other = (
        chart.render({**STORE, "api": {"allowedWebhooks": {"webhooks": webhooks}}})
        for webhooks in (WEBHOOKS, [{**WEBHOOKS[0], "token": "new"}])
    )

    assert annotations(one, "waas-api") != annotations(other, "waas-api")
    assert annotations(one, "waas-operator") == annotations(other, "waas-operator")
