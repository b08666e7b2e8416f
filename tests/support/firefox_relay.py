"""Starts Firefox and stands between it and Playwright, where one does not know the other's words.

Playwright speaks WebDriver BiDi with Debian's Firefox, and begins by telling it which colours it
is to prefer. Firefox has no such command yet and Playwright gives up; the relay answers for it.
Of a file that a page itself has made, Firefox tells without an id, and Playwright passes over it;
the relay gives it one. Everything else goes through as it is.

Playwright runs `python -m support.firefox_relay PROGRAM ARGUMENTS…` in Firefox' place.
"""

import asyncio
import json
import re
import shlex
import sys
from pathlib import Path

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web

UNKNOWN_COMMAND = "emulation.setMediaFeaturesOverride"
DOWNLOADS = ("browsingContext.downloadWillBegin", "browsingContext.downloadEnd")
_LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
_LARGEST_MESSAGE = 256 * 1024**2
"""A picture, or all of axe."""


def write_script(program: Path) -> str:
    """Return a program for a shell that starts Firefox behind a relay."""
    folder = Path(__file__).parent.parent
    started = shlex.join([sys.executable, "-m", __name__, str(program)])
    return f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(folder))} exec {started} "$@"\n'


async def relay(program: str, arguments: list[str]) -> int:
    """Run Firefox until it ends; returns its exit code."""
    firefox = await asyncio.create_subprocess_exec(
        program, *arguments, stderr=asyncio.subprocess.PIPE
    )
    assert firefox.stderr is not None
    async for line in firefox.stderr:
        found = _LISTENING.search(line.decode(errors="replace"))
        if found:
            port = await _serve(found[1])
            line = f"WebDriver BiDi listening on ws://127.0.0.1:{port}\n".encode()
        sys.stderr.buffer.write(line)
        sys.stderr.flush()
    return await firefox.wait()


async def _serve(address: str) -> int:
    """Listen on loopback for Playwright; returns the port."""

    async def connect(request: web.Request) -> web.WebSocketResponse:
        playwright = web.WebSocketResponse(max_msg_size=_LARGEST_MESSAGE)
        await playwright.prepare(request)
        async with (
            ClientSession() as session,
            session.ws_connect(address + request.path, max_msg_size=_LARGEST_MESSAGE) as firefox,
        ):
            answers = asyncio.create_task(_pass_answers(firefox, playwright))
            await _pass_commands(playwright, firefox)
            answers.cancel()
        return playwright

    app = web.Application()
    app.router.add_get("/{path:.*}", connect)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return int(runner.addresses[0][1])


async def _pass_commands(
    playwright: web.WebSocketResponse, firefox: ClientWebSocketResponse
) -> None:
    async for message in playwright:
        if message.type is not WSMsgType.TEXT:
            continue
        command = json.loads(message.data)
        if command.get("method") == UNKNOWN_COMMAND:
            answer = {"type": "success", "id": command["id"], "result": {}}
            await playwright.send_str(json.dumps(answer))
        else:
            await firefox.send_str(message.data)


async def _pass_answers(
    firefox: ClientWebSocketResponse, playwright: web.WebSocketResponse
) -> None:
    async for message in firefox:
        if message.type is WSMsgType.TEXT:
            await playwright.send_str(_name_download(message.data))


def _name_download(message: str) -> str:
    """Return a message in which a download that no navigation began goes by its address."""
    if not message.startswith('{"type":"event"') or "browsingContext.download" not in message:
        return message
    event = json.loads(message)
    told = event["params"]
    if event["method"] in DOWNLOADS and told.get("navigation") is None:
        told["download"] = told["url"]
    return json.dumps(event)


if __name__ == "__main__":
    sys.exit(asyncio.run(relay(sys.argv[1], sys.argv[2:])))
