"""The folder that a long command writes a cohort into: never over anything else, and gone on with where it was."""

import shutil
from pathlib import Path

from selip_core._utils.files import read_json, write_json, write_text
from selip_core.errors import SelipError

BEGUN = "begun.json"
"""In the folder for work in progress: ``inputs``, the fingerprint of what the call that has begun was asked for."""


def check_apart(out: Path, source: Path, what: str) -> None:
    """Raise SelipError if one of two folders lies in the other; `what` the source is called."""
    if source.is_relative_to(out) or out.is_relative_to(source):
        raise SelipError(f"--out {out} and {what} lie in each other: give a folder of its own")


def finished_before(record: Path, work: Path, inputs: str) -> dict | None:
    """Return what an earlier call that finished has told of itself; None where none has.

    Parameters
    ----------
    record : Path
        What `inputs` and results were written into at its end, in the folder it wrote.
    work : Path
        The folder for work in progress, which a kill may have left behind.
    inputs : str
        Fingerprint of what is asked for.

    Raises
    ------
    SelipError
        If it was asked for something else.
    """
    finished = read_json(record)
    if finished and finished.get("inputs") != inputs:
        raise SelipError(
            f"--out {record.parent} holds a finished cohort of other options or files: give another folder"
        )
    if finished:
        shutil.rmtree(work, ignore_errors=True)
    return finished


def begin(out: Path, work: Path, inputs: str) -> None:
    """Make the folder, and in it that for work in progress, which nobody else may read.

    Raises
    ------
    SelipError
        If the folder holds something else, was begun with other inputs, or cannot be made.
    """
    if out.exists() and not out.is_dir():
        raise SelipError(f"--out {out} is a file: give a folder")
    begun = read_json(work / BEGUN)
    if begun is None and out.exists() and any(path.name != work.name for path in out.iterdir()):
        raise SelipError(f"--out {out} is not empty: give a new folder, nothing is overwritten")
    if begun is not None and begun.get("inputs") != inputs:
        raise SelipError(f"--out {out} was begun with other options or files: delete the folder, or give another")
    try:
        out.mkdir(parents=True, exist_ok=True)
        work.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise SelipError(f"cannot make {out}: {error.strerror or error}") from None
    write_text(work / ".gitignore", "*\n")
    write_json(work / BEGUN, {"inputs": inputs})
