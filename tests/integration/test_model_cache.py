"""Pulls over real sockets, in processes that are killed; and models that the job program runs."""

import itertools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from support.checkpoints import CATALOGUE_FILE_NAME
from support.file_server import FileServer, running_file_server
from support.hugging_face_weights import write_hugging_face_folder
from support.job_program import JobProgram
from support.model_builders import MODEL, make_cache, make_entry
from support.speech import librivox_clip
from support.spoken_words import words_of
from support.waiting import wait_until
from waas_contract.catalogue_entries import ModelLayout
from waas_contract.model_catalogue import CatalogueEntry, ModelFile, render_catalogue
from waas_job.model_cache import (
    ModelCache,
    NoSpace,
    PullProgress,
    SourceRefused,
    SourceUnreachable,
    WrongDigest,
    open_model_cache,
)
from waas_job.model_cache.markers import sha256_of

pytestmark = pytest.mark.integration

CONTENT = bytes(itertools.islice(itertools.cycle(range(251)), 400_000))
OTHER = bytes(reversed(CONTENT))
PATH = "/models/parrot.pt"
HALF = len(CONTENT) // 2


@pytest.fixture
def server() -> Iterator[FileServer]:
    with running_file_server() as files:
        files.files[PATH] = CONTENT
        files.etags[PATH] = '"v1"'
        yield files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def cache(server: FileServer, folder: Path) -> ModelCache:
    return make_cache(folder, make_entry(CONTENT, address=server.url(PATH)))


class Pulling:
    """`waas-models pull parrot` as a process."""

    def __init__(self, folder: Path, entry: CatalogueEntry, **variables: str) -> None:
        catalogue = folder.parent / "catalogue.json"
        catalogue.write_text(render_catalogue([entry]))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "waas_job.model_cache", "pull", entry.name],
            env={
                "PATH": os.environ["PATH"],
                "WAAS_MODEL_DIRECTORY": str(folder),
                "WAAS_MODEL_CATALOGUE": str(catalogue),
                **variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self) -> tuple[int, str]:
        _, complaints = self.process.communicate(timeout=180)
        return self.process.returncode, complaints


def leave_half(server: FileServer, folder: Path, content: bytes) -> CatalogueEntry:
    """Have a process killed when half of a file has arrived; return the model it pulled."""
    entry = make_entry(CONTENT, address=server.url(PATH))
    server.files[PATH] = content
    server.stalls[PATH] = HALF
    pulling = Pulling(folder, entry)

    def is_half_there() -> bool:
        return any(path.stat().st_size == HALF for path in folder.glob("*.partial"))

    wait_until(is_half_there, "half of the file has arrived")
    pulling.process.send_signal(signal.SIGKILL)
    assert pulling.finish()[0] == -signal.SIGKILL
    server.gate.set()
    server.stalls.clear()
    server.requests.clear()
    assert not (folder / "parrot.pt").exists()
    return entry


def test_broken_connections_cost_no_byte_twice(cache: ModelCache, server: FileServer) -> None:
    server.cuts[PATH] = [100_000, 0, 70_000]
    told: list[PullProgress] = []
    path = cache.pull(MODEL, told.append).path
    assert path.read_bytes() == CONTENT
    assert [(each.range, each.if_match) for each in server.gets(PATH)] == [
        (None, None),
        ("bytes=100000-", '"v1"'),
        ("bytes=100000-", '"v1"'),
        ("bytes=170000-", '"v1"'),
    ]
    assert server.bytes_sent(PATH) == len(CONTENT)
    received = [progress.received_bytes for progress in told]
    assert received == sorted(received)
    assert told[-1] == PullProgress(MODEL, "parrot.pt", len(CONTENT), len(CONTENT))


def test_killed_pull_is_gone_on_with(server: FileServer, folder: Path) -> None:
    entry = leave_half(server, folder, CONTENT)
    assert Pulling(folder, entry).finish()[0] == 0
    assert (folder / "parrot.pt").read_bytes() == CONTENT
    assert server.bytes_sent(PATH) == len(CONTENT) - HALF
    (request,) = server.gets(PATH)
    assert (request.range, request.if_match) == (f"bytes={HALF}-", '"v1"')
    assert {path.name for path in folder.iterdir()} == {
        ".locks",
        "catalogue.json",
        "parrot.pt",
        "parrot.pt.sha256",
    }


def test_file_that_changed_meanwhile_is_begun_anew(server: FileServer, folder: Path) -> None:
    entry = leave_half(server, folder, OTHER)
    server.files[PATH] = CONTENT
    server.etags[PATH] = '"v2"'
    assert Pulling(folder, entry).finish()[0] == 0
    assert (folder / "parrot.pt").read_bytes() == CONTENT
    assert [each.if_match for each in server.gets(PATH)] == ['"v1"', None]


def test_file_that_changed_without_a_word_is_begun_anew(server: FileServer, folder: Path) -> None:
    del server.etags[PATH]
    entry = leave_half(server, folder, OTHER)
    server.files[PATH] = CONTENT
    assert Pulling(folder, entry).finish()[0] == 0
    assert (folder / "parrot.pt").read_bytes() == CONTENT
    assert [each.range for each in server.gets(PATH)] == [f"bytes={HALF}-", None]


def test_server_that_cannot_resume_sends_it_all_again(server: FileServer, folder: Path) -> None:
    entry = leave_half(server, folder, CONTENT)
    server.knows_ranges = False
    assert Pulling(folder, entry).finish()[0] == 0
    assert (folder / "parrot.pt").read_bytes() == CONTENT
    assert server.bytes_sent(PATH) == len(CONTENT)


def test_two_pulls_at_once_fetch_once(server: FileServer, folder: Path) -> None:
    entry = make_entry(CONTENT, address=server.url(PATH))
    server.stalls[PATH] = HALF
    first = Pulling(folder, entry)
    wait_until(lambda: server.gets(PATH), "the first one has asked")
    second = Pulling(folder, entry)
    assert second.process.stderr is not None
    assert second.process.stderr.readline() == "somebody else is pulling parrot: waiting\n"
    server.gate.set()
    assert first.finish()[0] == second.finish()[0] == 0
    assert len(server.gets(PATH)) == 1
    assert (folder / "parrot.pt").read_bytes() == CONTENT


def test_wrong_bytes_are_refused_and_not_kept(
    cache: ModelCache, server: FileServer, folder: Path
) -> None:
    server.files[PATH] = OTHER
    with pytest.raises(WrongDigest, match=rf"{PATH} is not what the catalogue means by parrot"):
        cache.pull(MODEL)
    assert [path.name for path in folder.iterdir()] == [".locks"]
    assert len(server.gets(PATH)) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_refusal_is_told_at_once(
    cache: ModelCache, server: FileServer, folder: Path, status: int
) -> None:
    server.statuses[PATH] = [status]
    with pytest.raises(SourceRefused, match=rf"{PATH} does not give the file \(HTTP {status}\)"):
        cache.pull(MODEL)
    assert len(server.gets(PATH)) == 1
    assert [path.name for path in folder.iterdir()] == [".locks"]


def test_trouble_that_passes_is_waited_out(cache: ModelCache, server: FileServer) -> None:
    server.statuses[PATH] = [503, 429, 200]
    assert cache.pull(MODEL).is_verified
    assert len(server.gets(PATH)) == 3


def test_trouble_that_stays_ends_in_one_sentence(cache: ModelCache, server: FileServer) -> None:
    server.statuses[PATH] = [500]
    with pytest.raises(SourceUnreachable, match=r"cannot be reached \(HTTP 500\)\. If this"):
        cache.pull(MODEL)
    assert len(server.gets(PATH)) >= 2


def test_trouble_half_way_keeps_what_has_arrived(cache: ModelCache, server: FileServer) -> None:
    server.cuts[PATH] = [100_000]
    server.statuses[PATH] = [200, 503]
    with pytest.raises(SourceUnreachable, match=r"\(HTTP 503\)\. What has arrived is kept"):
        cache.pull(MODEL)
    server.statuses.clear()
    assert cache.pull(MODEL).is_verified
    assert server.bytes_sent(PATH) == len(CONTENT)


def test_host_where_nobody_listens_is_told(folder: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/parrot.pt"
        cache = make_cache(folder, make_entry(CONTENT, address=address))
        with pytest.raises(SourceUnreachable, match=r"parrot\.pt cannot be reached \(ConnectErr"):
            cache.pull(MODEL)


def test_redirect_is_followed(cache: ModelCache, server: FileServer) -> None:
    server.statuses[PATH] = [302]
    server.files["/moved" + PATH] = CONTENT
    assert cache.pull(MODEL).is_verified


def test_size_that_the_server_tells_is_checked_first(server: FileServer, folder: Path) -> None:
    cache = make_cache(folder, make_entry(CONTENT, address=server.url(PATH)), free_bytes=100_000)
    with pytest.raises(NoSpace, match="it needs 400000 more bytes, and 100000 are free"):
        cache.pull(MODEL)
    assert server.gets(PATH) == []


def test_size_that_nobody_tells_is_no_hindrance(cache: ModelCache, server: FileServer) -> None:
    server.tells_length = False
    told: list[PullProgress] = []
    assert cache.pull(MODEL, told.append).is_verified
    assert {progress.total_bytes for progress in told} == {None}


def test_mirror_stands_in_for_a_host_that_is_out_of_reach(server: FileServer, folder: Path) -> None:
    server.files["/mirror" + PATH] = CONTENT
    entry = make_entry(CONTENT, address="https://models.invalid" + PATH)
    mirror = server.url("/mirror/")
    assert Pulling(folder, entry, WAAS_MODEL_MIRROR=mirror).finish()[0] == 0
    assert (folder / "parrot.pt").read_bytes() == CONTENT


def test_proxy_of_the_environment_is_asked(server: FileServer, folder: Path) -> None:
    address = "http://models.invalid" + PATH
    # A proxy is asked for the whole address.
    server.files[address] = CONTENT
    entry = make_entry(CONTENT, address=address)
    assert Pulling(folder, entry, HTTP_PROXY=server.url("")).finish()[0] == 0
    assert len(server.gets(address)) == 1


def test_exit_code_and_one_line_tell_what_went_wrong(server: FileServer, folder: Path) -> None:
    server.files[PATH] = OTHER
    code, complaints = Pulling(folder, make_entry(CONTENT, address=server.url(PATH))).finish()
    assert code == 65
    assert "is not what the catalogue means" in complaints.splitlines()[-1]
    assert "Traceback" not in complaints


CLIP = librivox_clip("0930")


def test_pulled_model_is_heard_in_the_other_layout_word_for_word(
    weights: Path, tmp_path: Path
) -> None:
    checkpoint = torch.load(weights / "base.pt", weights_only=True)
    source = write_hugging_face_folder(
        tmp_path / "source",
        checkpoint["dims"],
        checkpoint["model_state_dict"],
        shards=2,
        dtype=torch.float16,
    )
    files = tuple(
        ModelFile(f"own-base/{path.name}", path.as_uri(), sha256_of(path))
        for path in sorted(source.iterdir())
    )
    catalogue = tmp_path / "own.json"
    catalogue.write_text(
        render_catalogue([CatalogueEntry("own-base", ModelLayout.SAFETENSORS, files)])
    )
    cache = open_model_cache(
        {}, folder=tmp_path / "models", catalogues=[weights / CATALOGUE_FILE_NAME, catalogue]
    )
    cache.pull("own-base")
    cache.pull("base")

    # The program is told of no catalogue: the folder is enough.
    (tmp_path / "program").mkdir()
    program = JobProgram(tmp_path / "program", cache.folder)
    texts = {}
    for model in ("base", "own-base"):
        item = program.add(CLIP.path)
        assert [outcome.message for outcome in program.run(item, model=model)] == [""]
        transcript = program.transcript(item)
        assert words_of(transcript.text) == words_of(CLIP.text)
        texts[model] = transcript.text
        (tmp_path / "program" / "store").rename(tmp_path / model)
        (tmp_path / "program" / "store").mkdir()
    assert texts["base"] == texts["own-base"]


def test_model_that_is_missing_offline_says_how_to_fill_the_cache(program: JobProgram) -> None:
    (outcome,) = program.run(program.add(CLIP.path), model="turbo")
    assert program.exit_code == 78
    assert "there is no large-v3-turbo.pt in" in outcome.message
    assert "`waas models pull turbo`" in outcome.message
