"""The operator as a process: how it starts, answers its probes and ends."""

import json
import subprocess
import sys
import time

import httpx
import pytest

from support.kubernetes_api import Resource
from support.service import OPERATOR_RULES, OperatorProcess, Tenant
from support.waiting import wait_until

pytestmark = pytest.mark.integration

GRACE_SECONDS = 30
"""What the kubelet gives a pod by default before it kills it."""


def probe(operator: OperatorProcess, path: str) -> int:
    return httpx.get(operator.ready_url.replace("/readyz", path)).status_code


def test_a_missing_setting_is_named_and_no_secret_is_shown() -> None:
    variables = {
        "WAAS_JOB_NAMESPACES": "newsroom",
        "WAAS_S3_ENDPOINT": "http://store.example:9000",
        "WAAS_S3_ACCESS_KEY": "key",
        "WAAS_S3_SECRET_KEY": "open sesame",
    }

    ended = subprocess.run(
        [sys.executable, "-m", "waas_operator"],
        env=variables,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert ended.returncode == 78
    assert "WAAS_JOB_IMAGE: Field required" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert "open sesame" not in ended.stderr


def test_the_probes_tell_that_it_is_ready_and_sigterm_ends_it_well(
    operator: OperatorProcess,
) -> None:
    program = operator.start()
    operator.wait_until_ready()

    assert (probe(operator, "/healthz"), probe(operator, "/readyz")) == (200, 200)
    started = time.monotonic()
    exit_code = program.stop()

    assert exit_code == 0, program.output()
    assert time.monotonic() - started < GRACE_SECONDS
    assert "Traceback" not in program.output()


def test_it_lives_without_an_api_server_but_is_not_ready(
    operator: OperatorProcess, tenant: Tenant
) -> None:
    tenant.control_plane.stop_apiserver()
    try:
        program = operator.start()

        def lives() -> bool:
            try:
                return probe(operator, "/healthz") == 200
            except httpx.TransportError:
                return False

        wait_until(lives, "it answers")
        assert probe(operator, "/readyz") == 503
        assert program.process.poll() is None
    finally:
        tenant.control_plane.start_apiserver()

    operator.wait_until_ready()


def test_a_watcher_that_is_refused_ends_the_process(
    operator: OperatorProcess, tenant: Tenant
) -> None:
    program = operator.start()
    operator.wait_until_ready()
    take_away_pods(tenant)

    # A watch goes on with the rights that it was opened with.
    tenant.control_plane.stop_apiserver()
    tenant.control_plane.start_apiserver()
    exit_code = program.process.wait(timeout=180)

    assert exit_code == 1, program.output()
    last_line = json.loads(program.output().splitlines()[-1])
    assert last_line["level"] == "critical"
    assert last_line["message"].startswith("stopped: Watcher for pods.v1@")


def take_away_pods(tenant: Tenant) -> None:
    rules: list[Resource] = [rule for rule in OPERATOR_RULES if rule["resources"] != ["pods"]]
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{tenant.namespace}/roles/waas-operator"
    tenant.api.merge(path, {"rules": rules})
