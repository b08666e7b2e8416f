"""What several files of these tests begin with."""

from pathlib import Path

import pytest

from support.engine_builders import Sounds, TwinModels, make_twins
from support.in_memory_objects import AUDIO, InMemoryObjects
from support.media import make_tone, write_wav
from support.pipeline_runs import Run
from support.small_engine import save_checkpoint
from waas_job.engine.windows import Window


@pytest.fixture
def recording(tmp_path: Path) -> bytes:
    return write_wav(tmp_path / "recording.wav", make_tone(2)).read_bytes()


@pytest.fixture
def run(tmp_path: Path, recording: bytes) -> Run:
    scratch_directory = tmp_path / "scratch"
    scratch_directory.mkdir()
    return Run(
        scratch_directory=scratch_directory,
        objects={
            name: InMemoryObjects(stored={AUDIO: recording})
            for name in ("interview", "second", "third")
        },
    )


@pytest.fixture(scope="session")
def model_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models")
    save_checkpoint(directory / "small-one.pt")
    save_checkpoint(directory / "small-one.en.pt", n_vocab=51864)
    return directory


@pytest.fixture(scope="module")
def twins() -> TwinModels:
    return make_twins()


@pytest.fixture(scope="module")
def windows() -> list[Window]:
    sounds = Sounds()
    prompts = [(), (500, 600, 700), (), (800,), tuple(range(1000, 1040))]
    return [
        Window(sounds.draw(), language=language, prompt_tokens=prompt, seed=number)
        for number, (prompt, language) in enumerate(
            zip(prompts, ["en", "de", "fr", "en", "ja"], strict=True)
        )
    ]
