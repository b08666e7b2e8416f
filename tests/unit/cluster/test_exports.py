from __future__ import annotations

import subprocess

import pytest

from cluster.lifecycle import exports


def test_plain_values_are_printed_as_they_are() -> None:
    variables = {"KUBECONFIG": "/run/kubeconfig", "WAAS_S3_BUCKET": "waas"}
    assert exports(variables) == "export KUBECONFIG=/run/kubeconfig\nexport WAAS_S3_BUCKET=waas"


@pytest.mark.parametrize(
    "value", ["/a folder/x", "it's", "$(touch /tmp/x)", "`id`", "a\nb", "", "*"]
)
def test_a_shell_reads_back_any_value(value: str) -> None:
    script = f'{exports({"VALUE": value})}\nprintf %s "$VALUE"'
    shell = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert shell.stdout == value
