"""Transcripts on the disk: whole or not at all, and never in the place of something else."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from waas_client.command_line.exit_codes import CommandError, ExitCode


def _read_umask() -> int:
    # There is no way to read it but to set it.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


_UMASK = _read_umask()
"""Read once: while it is being read, files that other threads make would get the wrong rights."""


def write_output(path: Path, content: bytes, *, overwrite: bool) -> None:
    """Write a file whole; raises CommandError if it is there already or cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=".waas-", suffix=".part", delete=False
        ) as part:
            try:
                part.write(content)
                part.flush()
                # The name must not survive a crash that the content does not.
                os.fsync(part.fileno())
                if path.exists() and not overwrite:
                    raise already_there(path)
                os.chmod(part.name, 0o666 & ~_UMASK)
                os.replace(part.name, path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(part.name)
                raise
    except FileExistsError as error:
        raise CommandError(f"{path.parent} is not a folder.", ExitCode.CANNOT_WRITE) from error
    except OSError as error:
        raise CommandError(
            f"{path} cannot be written: {error.strerror}.", ExitCode.CANNOT_WRITE
        ) from error


def already_there(path: Path) -> CommandError:
    """Return the error that says that a file would be lost."""
    return CommandError(
        f"{path} is there already: give --overwrite to replace it.", ExitCode.CANNOT_WRITE
    )
