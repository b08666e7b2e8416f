from pathlib import Path

import pytest

from waas_contract.models import MODEL_NAMES
from waas_standalone.errors import BadSettings, ModelMissing
from waas_standalone.models import list_models, measure_model, measure_model_if_there


def test_a_model_is_measured_by_its_weights(tmp_path: Path) -> None:
    (tmp_path / "house-style.pt").write_bytes(b"x" * 123)
    assert measure_model(tmp_path, "house-style") == 123
    assert measure_model_if_there(tmp_path, "house-style") == 123
    assert measure_model_if_there(tmp_path, "nobody-has-it") == 0


def test_a_model_that_is_not_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="waas models pull tiny"):
        measure_model(tmp_path, "tiny")


def test_what_lies_in_the_cache_may_be_asked_for(tmp_path: Path) -> None:
    (tmp_path / "house-style.pt").touch()
    assert set(list_models(tmp_path)) == {*MODEL_NAMES, "house-style"}
    assert list_models(tmp_path / "not there yet") == MODEL_NAMES


def test_a_broken_catalogue_is_told(tmp_path: Path) -> None:
    (tmp_path / "catalogue.json").write_text("{")
    with pytest.raises(BadSettings, match=r"catalogue\.json"):
        list_models(tmp_path)
