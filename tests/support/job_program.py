"""The job program as a process whose objects are files, with real weights."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from support.job_items import make_item, make_urls, write_urls
from waas_contract.formats import OutputFormat
from waas_contract.job_environment import (
    ItemOutcome,
    ItemUrls,
    JobEnvironment,
    JobItem,
    TerminationMessage,
)
from waas_contract.manifest import Manifest
from waas_contract.object_keys import manifest_key, result_key
from waas_contract.transcript import Transcript


@dataclass
class JobProgram:
    """Runs the program in a folder of its own, as a pod would."""

    folder: Path
    model_directory: Path
    exit_code: int | None = None
    output: str = ""
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("urls", "scratch", "store"):
            (self.folder / name).mkdir()

    def path(self, key: str) -> Path:
        """Return the file that stands for an object."""
        return self.folder / "store" / key

    def put(self, item: JobItem, urls: ItemUrls) -> JobItem:
        """Lay out an item's URLs."""
        write_urls(self.folder / "urls", item.name, urls)
        return item

    def add(
        self,
        audio: Path,
        item: JobItem | None = None,
        *,
        elsewhere: Mapping[str, str] = MappingProxyType({}),
    ) -> JobItem:
        """Lay out an item whose objects are files, but for those that have a URL by their key."""
        item = item or make_item()

        def locate(key: str) -> str:
            return elsewhere.get(key) or self.path(key).as_uri()

        return self.put(item, make_urls(item.name, locate, audio=audio.absolute().as_uri()))

    def environment(
        self,
        items: Sequence[JobItem],
        *,
        model: str = "tiny.en",
        patience_seconds: float = 5,
    ) -> JobEnvironment:
        return JobEnvironment(
            items=tuple(items),
            model=model,
            model_directory=str(self.model_directory),
            urls_directory=str(self.folder / "urls"),
            scratch_directory=str(self.folder / "scratch"),
            termination_message_path=str(self.folder / "termination-log"),
            storage_patience_seconds=patience_seconds,
            progress_interval_seconds=0,
            checkpoint_interval_seconds=0,
        )

    def start(self, variables: dict[str, str]) -> subprocess.Popen[str]:
        # As in a container: nothing of the test's environment but where programs are.
        process = subprocess.Popen(
            [sys.executable, "-m", "waas_job"],
            env={"PATH": os.environ["PATH"], **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.processes.append(process)
        return process

    def close(self) -> None:
        """End what a test that failed has left running: others want the machine."""
        for process in self.processes:
            with process:
                process.kill()

    def finish(self, process: subprocess.Popen[str]) -> int:
        self.output, _ = process.communicate(timeout=600)
        self.exit_code = process.returncode
        assert list((self.folder / "scratch").iterdir()) == []
        return self.exit_code

    def run(
        self, *items: JobItem, model: str = "tiny.en", patience_seconds: float = 5
    ) -> tuple[ItemOutcome, ...]:
        environment = self.environment(items, model=model, patience_seconds=patience_seconds)
        self.finish(self.start(environment.to_variables()))
        return self.outcomes()

    def outcomes(self) -> tuple[ItemOutcome, ...]:
        text = (self.folder / "termination-log").read_text()
        return TerminationMessage.model_validate_json(text).outcomes

    def manifest(self, item: JobItem) -> Manifest:
        return Manifest.model_validate_json(
            self.path(manifest_key(item.namespace, item.name)).read_bytes()
        )

    def transcript(self, item: JobItem) -> Transcript:
        attempt = self.manifest(item).attempt
        path = self.path(result_key(item.namespace, item.name, attempt, OutputFormat.JSON))
        return Transcript.model_validate_json(path.read_bytes())
