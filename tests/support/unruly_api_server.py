"""An API server that misbehaves: passes requests on to a real one, and fails as a test says."""

import asyncio
import json
import random
import threading
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager, suppress
from pathlib import Path
from ssl import create_default_context
from tempfile import NamedTemporaryFile

import aiohttp
from aiohttp import web

from support.kubernetes_api import Resource
from support.waiting import wait_until

_LONGEST_LINE_BYTES = 1 << 22
_HOP_HEADERS = {"host", "connection", "transfer-encoding", "content-length", "content-encoding"}


def build_status(code: int, reason: str) -> Resource:
    """Return what an API server answers instead of an object."""
    return {
        "apiVersion": "v1",
        "kind": "Status",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": f"{reason}, says the test",
    }


class UnrulyApiServer:
    """Stands before an API server, with the rights of one of its users; its clients need none."""

    def __init__(self, kubeconfig: Path, *, seed: int = 0) -> None:
        content = json.loads(kubeconfig.read_text())
        self._cluster, self._user = content["clusters"][0]["cluster"], content["users"][0]["user"]
        self._chance = random.Random(seed)
        self._refused_share = 0.0
        self._refused_codes: tuple[int, ...] = ()
        self._watches: set[asyncio.Queue[Resource]] = set()
        self.answered: Counter[int] = Counter()
        """How often it gave each answer of its own."""

        self.port = 0
        self._closed = asyncio.Event()

    def refuse(self, *codes: int, share: float) -> None:
        """Answer a share of all requests, watches included, with one of these codes."""
        self._refused_codes, self._refused_share = codes, share

    def break_watches(self, code: int, reason: str) -> int:
        """Put an error into every open watch, and end it; returns how many there were."""
        event = {"type": "ERROR", "object": build_status(code, reason)}

        async def tell() -> set[asyncio.Queue[Resource]]:
            for watch in self._watches:
                watch.put_nowait(event)
            return set(self._watches)

        told = asyncio.run_coroutine_threadsafe(tell(), self._loop).result(30)
        wait_until(lambda: not told & self._watches, "the watches have ended")
        return len(told)

    @property
    def open_watches(self) -> int:
        return len(self._watches)

    def write_kubeconfig(self, path: Path) -> Path:
        """Write the kubeconfig of its clients."""
        cluster = {"name": "unruly", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}
        context = {"name": "unruly", "context": {"cluster": "unruly", "user": "anybody"}}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [cluster],
            "contexts": [context],
            "current-context": "unruly",
            "users": [{"name": "anybody", "user": {"token": "none"}}],
        }
        path.write_text(json.dumps(content))
        return path

    def run(self, started: threading.Event) -> None:
        """Serve until closed."""
        asyncio.run(self._serve(started))

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._closed.set)

    async def _serve(self, started: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        runner = await self._start()
        started.set()
        await self._closed.wait()
        await runner.cleanup()
        await self._session.close()

    async def _start(self) -> web.AppRunner:
        authority = b64decode(self._cluster["certificate-authority-data"]).decode()
        context = create_default_context(cadata=authority)
        with NamedTemporaryFile() as pair:
            for part in ("client-certificate-data", "client-key-data"):
                pair.write(b64decode(self._user[part]))
            pair.flush()
            context.load_cert_chain(pair.name)
        connector = aiohttp.TCPConnector(ssl=context, limit=0)
        self._session = aiohttp.ClientSession(
            connector=connector, read_bufsize=_LONGEST_LINE_BYTES, auto_decompress=True
        )
        application = web.Application(client_max_size=_LONGEST_LINE_BYTES)
        application.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(application, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        return runner

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self._chance.random() < self._refused_share:
            code = self._chance.choice(self._refused_codes)
            self.answered[code] += 1
            headers = {"Retry-After": "1"} if code == 429 else {}
            return web.json_response(build_status(code, "Busy"), status=code, headers=headers)
        try:
            async with self._session.request(
                request.method,
                self._cluster["server"] + request.raw_path,
                headers=_pass(request.headers, without={"authorization", "accept-encoding"}),
                data=await request.read() or None,
                skip_auto_headers=("Accept", "Content-Type"),
                timeout=aiohttp.ClientTimeout(total=None),
            ) as answer:
                if request.query.get("watch") in ("true", "1") and answer.status == 200:
                    return await self._pass_watch(request, answer)
                return web.Response(
                    status=answer.status,
                    headers=_pass(answer.headers),
                    body=await answer.read(),
                )
        except aiohttp.ClientError:
            return web.json_response(build_status(503, "ServiceUnavailable"), status=503)

    async def _pass_watch(
        self, request: web.Request, answer: aiohttp.ClientResponse
    ) -> web.StreamResponse:
        response = web.StreamResponse(status=200, headers=_pass(answer.headers))
        await response.prepare(request)
        faults: asyncio.Queue[Resource] = asyncio.Queue()
        self._watches.add(faults)
        fault = asyncio.create_task(faults.get())
        line = asyncio.create_task(answer.content.readline())
        try:
            with suppress(ConnectionError):
                while True:
                    await asyncio.wait((fault, line), return_when=asyncio.FIRST_COMPLETED)
                    if fault.done():
                        await response.write(json.dumps(fault.result()).encode() + b"\n")
                        return response
                    if not (content := line.result()):
                        return response
                    await response.write(content)
                    line = asyncio.create_task(answer.content.readline())
        finally:
            self._watches.discard(faults)
            fault.cancel()
            line.cancel()
        return response


def _pass(headers: Mapping[str, str], without: Set[str] = frozenset()) -> dict[str, str]:
    left_out = _HOP_HEADERS | without
    return {name: value for name, value in headers.items() if name.lower() not in left_out}


@contextmanager
def unruly(kubeconfig: Path) -> Iterator[UnrulyApiServer]:
    """Give an unruly API server before the one that a kubeconfig names."""
    server = UnrulyApiServer(kubeconfig)
    started = threading.Event()
    thread = threading.Thread(target=server.run, args=(started,), daemon=True)
    thread.start()
    started.wait(30)
    try:
        yield server
    finally:
        server.close()
        thread.join(30)
