"""Writing files so that a reader sees the old one or the new one, never half of one."""

import errno
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from selip_core.errors import SelipError

OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO}
"""Errors that free space or permissions mend."""
CHECK_THE_DISK = "check free space and permissions, then run again"


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Make of an OSError in the block a SelipError that names what was to be written."""
    try:
        yield
    except OSError as error:
        raise SelipError(f"cannot write {path}: {error.strerror or error}; {CHECK_THE_DISK}") from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; when the block ends well it takes the place of `path`.

    Raises
    ------
    SelipError
        If the file cannot be written (no room, no permission); the message names it.
    """
    # the suffix stays: savers choose their format by it
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield partial
            os.replace(partial, path)
    finally:
        with suppress(OSError):  # it would hide the message above
            partial.unlink()


def expanded(path: str | Path) -> Path:
    """Return `path` with ``~`` as the home folder it stands for; raise SelipError if there is no such user."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise SelipError(f"{path}: there is no such home folder here, write the path out") from None


def what_is_there(path: Path, *, wanted: str) -> str:
    """Return what is wrong with a path where a ``folder`` or a ``file`` is wanted, as the end of a sentence.

    Examples
    --------
    >>> what_is_there(Path("nothing/here"), wanted="folder")
    'does not exist'
    """
    if not os.path.exists(path):  # unlike the method, no error where one may not look
        return "does not exist"
    return "is a file, no folder" if wanted == "folder" else "is a folder, no file"


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text beside and rename it."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path: Path, value: object) -> None:
    """Write indented JSON beside and rename it; NaN is refused, for other readers do not know it."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def read_json(path: Path) -> dict | None:
    """Return the JSON object of a file; None where there is no file or it is not a JSON object."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # the last for brackets in brackets without end
        return None
    return value if isinstance(value, dict) else None


def put_aside(folder: Path) -> Path:
    """Rename a folder to the first of ``NAME.previous-1``, ``NAME.previous-2``, … that is free, and return that.

    What took hours is never deleted by this program; the user may.

    Raises
    ------
    SelipError
        If the folder cannot be renamed.
    """
    number = 1
    while (aside := folder.with_name(f"{folder.name}.previous-{number}")).exists():
        number += 1
    with writing(aside):
        return folder.rename(aside)


@contextmanager
def alone_in(folder: Path, command: str) -> Iterator[None]:
    """Keep every other call of a command out of a folder, until the block or this process ends, however it ends.

    Parameters
    ----------
    folder : Path
        Made where it is missing; the lock is its file ``.lock``.
    command : str
        What the user calls it.

    Raises
    ------
    SelipError
        If another call works there, or the file cannot be written.
    """
    import fcntl  # of Unix alone, as the pipeline is; a model is read everywhere

    with writing(folder / ".lock"):
        folder.mkdir(parents=True, exist_ok=True)
        file = open(folder / ".lock", "a+b", buffering=0)  # noqa: SIM115 - it stays open, and holds the lock
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            whose = file.read().decode(errors="replace") or "just started"
            raise SelipError(
                f"another {command} ({whose}) is at work in {folder}: wait until it has ended, or end it, then go on"
            ) from None
        except OSError:  # a network disk without locks
            yield
            return
        with writing(folder / ".lock"):
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()}".encode())
        yield
