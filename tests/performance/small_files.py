"""Measures `waas transcribe FOLDER` on many small recordings: files a second, and job programs.

    PYTHONPATH=tests python -m performance.small_files [--files 200] [--model tiny.en]

The command runs as a person's would, with a server of its own and nothing else. Import and load
are paid once a program, so the fewer programs the better. Every transcript is compared with what
is said, and the exit code is 1 where one is missing or wrong. Prints a line of JSON.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from support.checkpoints import checkpoint_directory
from support.speech import Clip, librivox_clips
from support.spoken_words import count_word_errors, words_of

_WAAS = Path(sys.executable).with_name("waas")
_LOOK_SECONDS = 0.2
_LONGEST_SECONDS = 3600


def _lay_out(folder: Path, count: int) -> dict[Path, Clip]:
    """Make the recordings; returns what is said in each, by the place of its transcript."""
    clips = librivox_clips()
    said = {}
    for number in range(count):
        clip = clips[number % len(clips)]
        path = folder / f"{number:04}{clip.path.suffix}"
        shutil.copy(clip.path, path)
        said[path.with_suffix(".txt")] = clip
    return said


def _find_programs(data: Path) -> set[tuple[int, float]]:
    """Return the job programs that work below a folder, each by a name that no other has."""
    found = set()
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get("WAAS_URLS_DIRECTORY", "").startswith(str(data)):
                found.add((process.pid, process.create_time()))
    return found


@contextmanager
def _counting_programs(data: Path) -> Iterator[set[tuple[int, float]]]:
    """Fill a set with the job programs that are seen; each is there for seconds."""
    seen: set[tuple[int, float]] = set()
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(_LOOK_SECONDS):
            seen.update(_find_programs(data))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        is_over.set()
        looking.join()


def _is_right(transcript: Path, clip: Clip) -> bool:
    if not transcript.is_file():
        return False
    errors = count_word_errors(transcript.read_text(encoding="utf-8"), clip.text)
    return errors <= len(words_of(clip.text)) // 3


def measure(folder: Path, *, files: int, model: str) -> dict[str, object]:
    """Return what one run came to."""
    recordings, data = folder / "recordings", folder / "data"
    recordings.mkdir()
    said = _lay_out(recordings, files)
    # Weights that a machine has not used yet are made before the clock runs.
    weights = checkpoint_directory()
    variables = {"XDG_DATA_HOME": str(data), "WAAS_MODEL_DIRECTORY": str(weights)}
    begin = time.monotonic()
    with _counting_programs(data) as programs:
        ended = subprocess.run(
            [_WAAS, "transcribe", recordings, "--model", model, "--format", "txt", "--json"],
            env={**os.environ, **variables},
            timeout=_LONGEST_SECONDS,
            check=False,
            stdout=subprocess.DEVNULL,
        )
    seconds = time.monotonic() - begin
    right = sum(_is_right(transcript, clip) for transcript, clip in said.items())
    return {
        "files": files,
        "right": right,
        "exit_code": ended.returncode,
        "seconds": round(seconds, 1),
        "files_per_second": round(files / seconds, 2),
        "programs": len(programs),
        "speech_seconds": round(sum(clip.duration_seconds for clip in said.values())),
        "model": model,
        "cores": psutil.cpu_count(),
    }


def main() -> int:
    """Measure once; returns 1 where not all came back right."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--model", default="tiny.en")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="waas-small-files-") as name:
        figures = measure(Path(name), files=options.files, model=options.model)
    sys.stdout.write(f"{json.dumps(figures)}\n")
    return 0 if (figures["right"], figures["exit_code"]) == (options.files, 0) else 1


if __name__ == "__main__":
    sys.exit(main())
