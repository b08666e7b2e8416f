"""The service on this machine, tried on real speech with small real weights: `make demo`.

Everything is what people run: `waas serve`, and `waas transcribe`, which sends audio over REST.
Only the weights are the tests' own, since they come from a package index.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster.binaries.machine import cache_folder
from support.checkpoints import checkpoint_directory
from support.speech import DATA_DIRECTORY, librivox_clips

MODEL = "base"
WAAS = Path(sys.executable).with_name("waas")

_ANNOUNCEMENT = "waas listens on "
_STOPS_WITHIN = 60.0


class DemoFailed(Exception):
    """The demonstration cannot go on."""


def say(text: str = "") -> None:
    print(text, flush=True)


def server_environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "WAAS_DATA": str(folder / "data"),
        "WAAS_MODEL": MODEL,
        "WAAS_MODEL_DIRECTORY": str(checkpoint_directory()),
    }


@contextmanager
def running_server(folder: Path) -> Iterator[str]:
    """Run the server on a free port; gives its address."""
    log = folder / "server.log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [WAAS, "serve", "--port", "0"],
            # Its input ends with us, however we end.
            env={**server_environment(folder), "WAAS_STOP_AT_END_OF_INPUT": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            # Ctrl-C ends the transcription first, which asks; the server is ended here.
            start_new_session=True,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            line = process.stdout.readline().strip()
            if not line.startswith(_ANNOUNCEMENT):
                raise DemoFailed(f"the server did not start:\n{log.read_text()[-2000:]}")
            yield line.removeprefix(_ANNOUNCEMENT)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=_STOPS_WITHIN)


def demonstrate(folder: Path) -> int:
    """Transcribe the recordings of the tests; returns the exit code."""
    seconds = sum(clip.duration_seconds for clip in librivox_clips())
    recordings, transcripts = DATA_DIRECTORY / "librivox", folder / "transcripts"
    say(f"Starting a server of your own: `waas serve`. Its data lie in {folder / 'data'}.")
    with running_server(folder) as address:
        say(f"It listens on {address}. Sending {seconds:.0f} s of speech from {recordings}:")
        started = time.monotonic()
        command: list[str | Path] = [
            "transcribe",
            recordings,
            "--server",
            address,
            "-o",
            transcripts,
            "--overwrite",
        ]
        done = subprocess.run([WAAS, *command, "--format", "txt,srt,vtt,json"], check=False)
        took = time.monotonic() - started
    if done.returncode != 0:
        return done.returncode
    say()
    for path in sorted(transcripts.glob("*.txt")):
        say(f"{path.stem}: {path.read_text().strip()}")
    say()
    say(f"{seconds:.0f} s of speech took {took:.0f} s. The server has stopped.")
    say(f"Transcripts as text, subtitles and JSON: {transcripts}")
    say(f"Now your own: `make serve`, and in another terminal `{WAAS} transcribe FILE`.")
    return 0


def serve(folder: Path) -> int:
    """Keep the server on its usual port until Ctrl-C; returns its exit code."""
    os.execve(WAAS, [str(WAAS), "serve"], server_environment(folder))


def main() -> int:
    """Run the demonstration, or with `--keep` only the server."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--keep", action="store_true", help="keep a server up until Ctrl-C")
    folder = cache_folder() / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return serve(folder) if parser.parse_args().keep else demonstrate(folder)
    except DemoFailed as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
