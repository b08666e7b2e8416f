"""Compares uploads through the api with the store's own PUT of the same file; see api.py.

Every round sends the file each way, so that what else the machine does falls on all alike: read the
ratios, not the megabytes. `ratio` is the median over the rounds of a way's throughput by the plain
PUT's.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from minio import Minio

from performance.upload_memory import measure
from support.live_api import serving_process
from support.service import BUCKET, free_port
from waas_api.settings import Settings
from waas_api.storage.part_sending import PARTS_AT_ONCE

MEBIBYTE = 1024 * 1024
_PIECE_BYTES = 256 * 1024
_TIMEOUT = httpx.Timeout(600)
_TUS = {"Tus-Resumable": "1.0.0"}


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            yield piece


def _expect(response: httpx.Response, status: int) -> httpx.Response:
    if response.status_code != status:
        raise AssertionError(f"{response.request.url} gave {response.status_code}: {response.text}")
    return response


def _ways(path: Path, store: Minio, api: str) -> dict[str, Callable[[httpx.Client], object]]:
    """Return the ways in; the first is the one that the others are measured by."""
    length = str(path.stat().st_size)

    def put(client: httpx.Client) -> None:
        url = store.presigned_put_object(BUCKET, "benchmark/put", timedelta(hours=1))
        headers = {"Content-Length": length}
        _expect(client.put(url, content=_pieces(path), headers=headers), 200)

    def put_parts(_: httpx.Client) -> None:
        # What the store's own client does with such a file, in parts as large and as many at once.
        store.fput_object(
            BUCKET,
            "benchmark/parts",
            str(path),
            part_size=Settings.model_fields["upload_part_bytes"].default,
            num_parallel_uploads=PARTS_AT_ONCE,
        )

    def send_body(client: httpx.Client) -> None:
        headers = {"Content-Length": length, "Content-Type": "audio/mpeg"}
        _expect(client.post(f"{api}/v2/jobs", content=_pieces(path), headers=headers), 201)

    def send_resumably(client: httpx.Client) -> None:
        headers = _TUS | {"Upload-Length": length}
        begun = _expect(client.post(f"{api}/v2/uploads", headers=headers), 201)
        headers = _TUS | {
            "Content-Length": length,
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": "0",
        }
        url = f"{api}{begun.headers['location']}"
        _expect(client.patch(url, content=_pieces(path), headers=headers), 204)

    return {
        "store_put": put,
        "store_parts": put_parts,
        "body": send_body,
        "resumable": send_resumably,
    }


def compare(path: Path, store: Minio, api: str, rounds: int) -> dict[str, Any]:
    """Return the throughput of every way, and its ratio to the plain PUT."""
    size = path.stat().st_size / MEBIBYTE
    ways = _ways(path, store, api)
    rates: dict[str, list[float]] = {name: [] for name in ways}
    with httpx.Client(timeout=_TIMEOUT, trust_env=False) as client:
        for _ in range(rounds):
            for name, send in ways.items():
                started = time.monotonic()
                send(client)
                rates[name].append(size / (time.monotonic() - started))
    plain, *others = rates
    return {
        "mebibytes_per_second": {
            name: round(statistics.median(each), 1) for name, each in rates.items()
        },
        "ratio": {
            name: round(
                statistics.median(a / b for a, b in zip(rates[name], rates[plain], strict=True)),
                2,
            )
            for name in others
        },
    }


def _make_file(path: Path, mebibytes: int) -> None:
    block = bytearray(b"\xff\xfb\x90\x00" * (MEBIBYTE // 4))
    with path.open("wb") as file:
        for number in range(mebibytes):
            block[8:16] = number.to_bytes(8, "big")
            file.write(block)


def measure_uploads(
    variables: dict[str, str], *, mebibytes: int, rounds: int, at_once: int
) -> dict[str, Any]:
    """Return throughputs, their ratios to a plain PUT, and the memory that an upload takes."""
    store = Minio(
        variables["WAAS_S3_ENDPOINT"].partition("://")[2],
        variables["WAAS_S3_ACCESS_KEY"],
        variables["WAAS_S3_SECRET_KEY"],
        secure=False,
        region="us-east-1",
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "recording")
        _make_file(path, mebibytes)
        port = free_port()
        with serving_process({"WAAS_NAMESPACE": "benchmark", **variables}, port):
            result = compare(path, store, f"http://127.0.0.1:{port}", rounds)
    size = mebibytes * MEBIBYTE
    result["mebibytes_of_memory_per_upload"] = {
        f"{count}_at_once": round(
            measure(variables, size=size, at_once=count).growth_bytes / count / MEBIBYTE, 1
        )
        for count in (1, at_once)
    }
    return result
