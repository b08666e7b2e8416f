"""What `helm test` runs: it gives the network time to let a new pod through, and no more."""

import importlib.util
import io
import time
import urllib.request
from types import ModuleType
from unittest.mock import Mock

import pytest

from support.chart import CHART

SILENCE = OSError("Connection refused")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module; no time goes by in it."""
    found = importlib.util.spec_from_file_location("transcribe", CHART / "files/test/transcribe.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    monkeypatch.setattr(time, "sleep", Mock())
    monkeypatch.setenv("WAAS_SERVER", "http://waas.example")
    return module


@pytest.mark.parametrize("silences", [0, 3])
def test_an_api_that_is_silent_at_first_is_asked_again(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, silences: int
) -> None:
    urlopen = Mock(side_effect=[SILENCE] * silences + [io.BytesIO(b"{}")])
    monkeypatch.setattr(urllib.request, "urlopen", urlopen)

    script.reach()

    asked = [each.args[0].full_url for each in urlopen.call_args_list]
    assert asked == ["http://waas.example/healthz"] * (silences + 1)


def test_an_api_that_stays_silent_is_told_of(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", Mock(side_effect=SILENCE))
    monkeypatch.setattr(script, "LONGEST_SILENCE_SECONDS", 0)

    with pytest.raises(script.TestFailed, match="the api does not answer: Connection refused"):
        script.reach()
