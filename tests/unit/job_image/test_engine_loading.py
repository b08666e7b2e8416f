"""What cannot be loaded is told: checkpoints, devices, precisions."""

import pickle
from pathlib import Path

import pytest
import torch

from support.small_engine import make_settings, save_checkpoint
from waas_job.engine.transcriber import load_engine
from waas_job.errors import BadConfiguration, ModelNotFound


def test_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=rf"no large-v3\.pt in {tmp_path}"):
        load_engine(make_settings(tmp_path, model="large"))


def test_checkpoint_that_is_not_openais_is_not_loaded(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "base.pt")
    with pytest.raises(ModelNotFound, match=r"base\.pt in .* is not the catalogue's"):
        load_engine(make_settings(tmp_path, model="base"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no checkpoint at all",
        pickle.dumps({"model_state_dict": {}}, protocol=2),
        pickle.dumps(Path("/etc/passwd"), protocol=2),
    ],
    ids=["empty", "text", "without dimensions", "with code in it"],
)
def test_broken_checkpoint_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.pt").write_bytes(content)
    with pytest.raises(ModelNotFound, match=r"broken\.pt in .* is unreadable"):
        load_engine(make_settings(tmp_path, model="broken"))


def test_checkpoint_of_another_kind_is_named(tmp_path: Path) -> None:
    torch.save({"weights": torch.zeros(3)}, tmp_path / "broken.pt")
    with pytest.raises(ModelNotFound, match="no checkpoint of OpenAI's Whisper"):
        load_engine(make_settings(tmp_path, model="broken"))


def test_half_a_checkpoint_is_named(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path / "broken.pt")
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(ModelNotFound, match="unreadable"):
        load_engine(make_settings(tmp_path, model="broken"))


def test_device_that_nobody_knows_is_a_bad_configuration(model_directory: Path) -> None:
    with pytest.raises(BadConfiguration, match="WAAS_DEVICE is 'tpu'"):
        load_engine(make_settings(model_directory, device="tpu"))


def test_precision_that_nobody_knows_is_a_bad_configuration(model_directory: Path) -> None:
    with pytest.raises(BadConfiguration, match="WAAS_PRECISION is 'int4'"):
        load_engine(make_settings(model_directory, precision="int4"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_gpu_that_is_not_there_is_a_bad_configuration(model_directory: Path) -> None:
    with pytest.raises(BadConfiguration, match="WAAS_DEVICE is cuda"):
        load_engine(make_settings(model_directory, device="cuda"))
