"""The standalone server as a process, with the tests' weights and a data folder of its own."""

import asyncio
import contextlib
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil

from support.service import Program, free_port
from support.waiting import wait_until
from waas_contract.manifest import Manifest
from waas_contract.object_keys import audio_key, manifest_key
from waas_contract.transcript import Transcript
from waas_contract.transcription_job import (
    API_VERSION,
    KIND,
    Source,
    TranscriptionJob,
    TranscriptionJobSpec,
)
from waas_standalone.database import Database
from waas_standalone.records import Kind, Records, Transaction
from waas_standalone.transcription_jobs import LocalTranscriptionJobs

NAMESPACE = "default"
FINAL_PHASES = ("Succeeded", "Failed", "Cancelled")


@dataclass
class Standalone:
    """A server on one machine, to be started and ended as often as a test likes."""

    folder: Path
    weights: Path
    variables: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    programs: list[Program] = field(default_factory=list)
    command: list[str] = field(default_factory=lambda: [sys.executable, "-m", "waas_standalone"])

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def launch(self, **variables: str) -> Program:
        """Start it and wait for nothing."""
        program = Program(
            self.command,
            {
                "HOME": str(self.folder),
                "WAAS_DATA": str(self.data),
                "WAAS_PORT": str(self.port),
                "WAAS_MODEL": "tiny.en",
                "WAAS_MODEL_DIRECTORY": str(self.weights),
                "WAAS_PROGRESS_INTERVAL_SECONDS": "1",
                "WAAS_REMOVAL_GRACE_SECONDS": "1",
                **self.variables,
                **variables,
            },
            self.folder / "server.log",
        )
        self.programs.append(program)
        return program

    def start(self, **variables: str) -> Program:
        program = self.launch(**variables)

        def is_ready() -> bool:
            if program.process.poll() is not None:
                raise AssertionError(f"the server ended:\n{program.output()}")
            with contextlib.suppress(httpx.TransportError):
                return self.get("/readyz").status_code == 200
            return False

        wait_until(is_ready, "the server is ready", timeout_seconds=180)
        return program

    def kill(self) -> None:
        self.programs[-1].kill()

    def stop(self) -> int:
        return self.programs[-1].stop()

    def close(self) -> None:
        """End everything that is left of it."""
        for program in self.programs:
            program.kill()
        for process in self.job_processes():
            with contextlib.suppress(psutil.Error):
                process.kill()

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", headers=headers, timeout=120, trust_env=False)

    def upload(
        self, audio: Path | bytes, file_name: str = "clip.flac", *, seconds: float = 0, **query: str
    ) -> str:
        """Send a recording, in some time; returns the id of its job."""
        content = audio if isinstance(audio, bytes) else audio.read_bytes()
        response = httpx.post(
            f"{self.url}/v2/jobs",
            params={"file_name": file_name, **query},
            content=_send_slowly(content, seconds) if seconds else content,
            headers={"Content-Type": "application/octet-stream"},
            timeout=180,
            trust_env=False,
        )
        assert response.is_success, response.text
        job_id: str = response.json()["id"]
        return job_id

    def job(self, job_id: str) -> dict[str, Any]:
        response = self.get(f"/v2/jobs/{job_id}")
        assert response.is_success, response.text
        found: dict[str, Any] = response.json()
        return found

    def running_jobs(self) -> list[str]:
        """Return the ids of the jobs that programs are at."""
        jobs = self.get("/v2/jobs?limit=500").json()["jobs"]
        return [job["id"] for job in jobs if job["phase"] == "Running"]

    def change_specs(self, changes: Mapping[str, Mapping[str, object]]) -> None:
        """Change specs, by the ids of their jobs; the server must not run."""

        def change(at: Transaction) -> None:
            for job_id, spec in changes.items():
                known = at.get(Kind.TRANSCRIPTION_JOB, NAMESPACE, job_id)
                assert known is not None
                changed = {**known, "spec": {**known["spec"], **spec}}
                at.replace(Kind.TRANSCRIPTION_JOB, changed)

        with self._records() as records:
            asyncio.run(records.run(change))

    def add(self, name: str, source_of: str, **spec: Any) -> str:
        """Make a job on another one's audio, and return its id; the server must not run."""
        source = Source(key=audio_key(NAMESPACE, source_of, "clip.flac"))
        asked = TranscriptionJobSpec(source=source, model="tiny.en", **spec)
        with self._records() as records:
            asyncio.run(LocalTranscriptionJobs(NAMESPACE, records).create(name, asked))
        return name

    def add_all(self, jobs: Iterable[TranscriptionJob]) -> None:
        """Have jobs there as they are, in the order of their age; the server must not run."""

        def add(at: Transaction) -> None:
            for job in jobs:
                assert job.metadata.creation_timestamp is not None
                then = replace(at, now=job.metadata.creation_timestamp)
                resource = {"apiVersion": API_VERSION, "kind": KIND, **job.to_wire()}
                then.create(Kind.TRANSCRIPTION_JOB, resource)

        with self._records() as records:
            asyncio.run(records.run(add))

    @contextlib.contextmanager
    def _records(self) -> Iterator[Records]:
        database = Database(self.data / "waas.sqlite")
        try:
            yield Records(database, lambda: datetime.now(UTC))
        finally:
            database.close()

    def cancel(self, job_id: str) -> None:
        response = httpx.post(f"{self.url}/v2/jobs/{job_id}/cancel", timeout=120, trust_env=False)
        assert response.is_success, response.text

    def delete(self, job_id: str) -> None:
        response = httpx.delete(f"{self.url}/v2/jobs/{job_id}", timeout=120, trust_env=False)
        assert response.is_success, response.text

    def wait_for_phase(self, job_id: str, *phases: str, timeout_seconds: float = 180) -> Any:
        def look() -> dict[str, Any] | None:
            found = self.job(job_id)
            return found if found["phase"] in phases else None

        try:
            return wait_until(
                look, f"{job_id} is {' or '.join(phases)}", timeout_seconds=timeout_seconds
            )
        except AssertionError as error:
            log = self.programs[-1].output()[-4000:]
            raise AssertionError(f"{error}; it is {self.job(job_id)}; log:\n{log}") from None

    def wait_for_end(self, job_id: str, timeout_seconds: float = 180) -> Any:
        return self.wait_for_phase(job_id, *FINAL_PHASES, timeout_seconds=timeout_seconds)

    def object(self, key: str) -> Path:
        return self.data / "objects" / key

    def manifest(self, job_id: str) -> Manifest:
        content = self.object(manifest_key(NAMESPACE, job_id)).read_bytes()
        return Manifest.model_validate_json(content)

    def transcript(self, job_id: str) -> Transcript:
        file = next(file for file in self.manifest(job_id).files if file.format == "json")
        return Transcript.model_validate_json(self.object(file.key).read_bytes())

    def job_processes(self) -> list[psutil.Process]:
        """Return the job programs that run for this data folder, whoever started them."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                urls = process.environ().get("WAAS_URLS_DIRECTORY", "")
                if urls.startswith(str(self.data)) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found


def _send_slowly(content: bytes, seconds: float, pieces: int = 20) -> Iterator[bytes]:
    length = -(-len(content) // pieces)
    for begin in range(0, len(content), length):
        yield content[begin : begin + length]
        time.sleep(seconds / pieces)


@contextlib.contextmanager
def running_standalone(folder: Path, weights: Path, **variables: str) -> Iterator[Standalone]:
    """Run the server in a folder."""
    server = Standalone(folder, weights, variables)
    server.start()
    try:
        yield server
    finally:
        server.close()
