import subprocess
import sys

import pytest

# The server starts on machines that have none of them, and without the seconds that they take.
UNWANTED = ("kopf", "kubernetes", "torch", "whisper")


@pytest.mark.parametrize("module", ["waas_standalone.main", "waas_standalone.service"])
def test_a_server_needs_no_kubernetes(module: str) -> None:
    program = (
        f"import sys, {module}; "
        "sys.stdout.write(','.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    imported = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.split(",")

    assert [name for name in UNWANTED if name in imported] == []
