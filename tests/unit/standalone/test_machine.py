import subprocess
from pathlib import Path

import pytest

from waas_standalone.capacity import Slot
from waas_standalone.job_process import build_variables
from waas_standalone.machine import look_at_machine


@pytest.fixture(autouse=True)
def _nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a machine with two GPUs in the place of this one."""
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho GPU-a\necho GPU-b\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_the_driver_lists_the_gpus() -> None:
    assert look_at_machine("auto").gpus == ("GPU-a", "GPU-b")
    assert look_at_machine("cpu").gpus == ()


def test_without_a_driver_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(subprocess, "run", fail)
    assert look_at_machine("auto").gpus == ()


@pytest.mark.parametrize(
    ("chosen", "gpus"),
    [
        ("", ()),
        ("-1", ()),
        ("0", ("0",)),
        ("1, 0", ("1", "0")),
        ("GPU-b", ("GPU-b",)),
        ("0,-1,1", ("0",)),
    ],
)
def test_what_a_person_chose_goes_before_it(
    monkeypatch: pytest.MonkeyPatch, chosen: str, gpus: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert look_at_machine("auto").gpus == gpus


@pytest.mark.parametrize("chosen", ["", "-1", "0,1"])
def test_a_program_without_a_gpu_of_its_own_sees_what_we_see(chosen: str) -> None:
    variables = build_variables({"CUDA_VISIBLE_DEVICES": chosen, "SECRET": "x"}, Slot(0, (0,)))
    assert variables == {"CUDA_VISIBLE_DEVICES": chosen}


def test_a_program_sees_its_own_gpu_alone() -> None:
    own = {"CUDA_VISIBLE_DEVICES": "0,1", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    assert build_variables(own, Slot(1, (0,), "1")) == {**own, "CUDA_VISIBLE_DEVICES": "1"}
    assert build_variables({}, Slot(0, (0,))) == {}
