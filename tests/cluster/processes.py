"""Starts, recognises and stops the server processes of a run.

A server gets a session of its own, so it outlives the terminal that started it. It is recognised
by its command line, which names the run folder: a process is a run's own when its command line is,
word for word, the one recorded. A pid that the kernel gave to some other program since then never
passes for ours, and a server that was launched just before its pid could be written down is found
all the same.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress

import psutil

from cluster.errors import PortTaken, StartFailed
from cluster.probes import answers_ok
from cluster.run_folder import Launched, RunFolder
from cluster.servers import Server

# Ten times what the slowest needs on two busy cores.
_READY_WITHIN = 120.0
_POLL_EVERY = 0.05
# The API server waits up to a minute for requests to end; tests should not.
_STOPS_WITHIN = 5.0
# At the end of a run its data are deleted, so a server has nothing to save.
_ENDS_WITHIN = 1.0
# psutil derives start times from the boot time, which wanders by a second as clocks are adjusted.
_START_TIME_TOLERANCE = 2.0


def launch(run: RunFolder, server: Server) -> None:
    """Starts a server and records it, without waiting until it is ready."""
    run.record(Launched(server))
    log = str(run.log(server.name))
    output = (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    # Not subprocess: its objects demand to be waited for, and this process may leave first.
    words = (*server.launcher, *server.command)
    pid = os.posix_spawn(
        words[0],
        words,
        {"HOME": str(run.path), "PATH": os.defpath} | server.environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            output,
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    run.record(Launched(server, pid, psutil.Process(pid).create_time()))


def wait_until_ready(run: RunFolder, name: str) -> None:
    """Returns once the server says that it is ready."""
    give_up = time.monotonic() + _READY_WITHIN
    launched = run.servers()[name]
    while not answers_ok(launched.server.ready_address, run.authority):
        if _at_pid(launched) is None:
            text = _last_lines(run, name)
            kind = PortTaken if "already in use" in text else StartFailed
            raise kind(f"{name} exited while it started; its last words:\n{text}")
        if time.monotonic() > give_up:
            raise StartFailed(
                f"{name} was not ready after {_READY_WITHIN:.0f} s; its last words:\n"
                f"{_last_lines(run, name)}"
            )
        time.sleep(_POLL_EVERY)


def is_ours(launched: Launched, command: Sequence[str], started: float) -> bool:
    """Tells whether a process with the recorded pid is the one that we launched.

    A process that is about to end has no command line any more, and one that has just begun may
    have its launcher's still.
    """
    return (
        launched.started is not None
        and abs(started - launched.started) <= _START_TIME_TOLERANCE
        and (not command or tuple(command) in _command_lines(launched.server))
    )


def _command_lines(server: Server) -> list[tuple[str, ...]]:
    """Returns the server's command line, and those of the programs that make themselves into it."""
    words = (*server.launcher, *server.command)
    return [words[start:] for start in range(len(server.launcher) + 1)]


def find(launched: Launched) -> psutil.Process | None:
    """Returns the server's live process, if there is one."""
    return _at_pid(launched) or next(
        (
            process
            for process in psutil.process_iter(["cmdline"])
            if tuple(process.info["cmdline"] or ()) == launched.server.command and _lives(process)
        ),
        None,
    )


def _at_pid(launched: Launched) -> psutil.Process | None:
    if launched.pid is None:
        return None
    try:
        process = psutil.Process(launched.pid)
        if _lives(process) and is_ours(launched, _command(process), process.create_time()):
            return process
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        pass
    return None


def _command(process: psutil.Process) -> Sequence[str]:
    try:
        return process.cmdline()
    except psutil.ZombieProcess:
        return ()


def _lives(process: psutil.Process) -> bool:
    """Tells whether any of the process still runs; what only waits to be collected does not."""
    try:
        # A zombie's other threads may take a moment to end, and hold its ports until then.
        if process.status() != psutil.STATUS_ZOMBIE or process.num_threads() > 1:
            return process.is_running()
        # Collects it if it is this process's child; else that is the init process's task.
        process.wait(0)
    except (psutil.NoSuchProcess, psutil.TimeoutExpired):
        pass
    return False


def stop(run: RunFolder, *names: str, within: float = _STOPS_WITHIN) -> None:
    """Stops servers, politely, then not; returns when they are gone."""
    recorded = {name: each for name, each in run.servers().items() if name in names}
    for how in (signal.SIGTERM, signal.SIGKILL):
        alive = [process for each in recorded.values() if (process := find(each))]
        for process in alive:
            with suppress(psutil.NoSuchProcess):
                # To the process alone: no server has children that should end with it here.
                process.send_signal(how)
        give_up = time.monotonic() + within
        while (alive := [each for each in alive if _lives(each)]) and time.monotonic() < give_up:
            time.sleep(_POLL_EVERY)
    for launched in recorded.values():
        run.record(Launched(launched.server))


def stop_all(run: RunFolder) -> None:
    """Stops every server of a run, whose data are no longer needed."""
    stop(run, *run.servers(), within=_ENDS_WITHIN)


def _last_lines(run: RunFolder, name: str) -> str:
    try:
        lines = run.log(name).read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return "(it printed nothing)"
    return "\n".join(lines[-20:])
