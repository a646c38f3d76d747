"""What a file is that was given for a volume and is none, told by its first bytes."""

import gzip
import zlib
from collections.abc import Iterable
from pathlib import Path


def is_dicom(start: bytes) -> bool:
    """Return whether a file that begins so is DICOM, by its preamble: a file without one is known by ingest alone."""
    return start[128:132] == b"DICM"


def first_dicom(folders: Iterable[Path]) -> Path | None:
    """Return a DICOM file of some folders; None without any."""
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return next((path for path in files if is_dicom(_beginning(path))), None)


def _beginning(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(200)


def what_it_is(path: Path) -> str:
    """Return what a file is that is named like a volume and is none, and what to do; "" where that is not known."""
    if path.is_dir():
        return "a folder; give one file of it"
    start = _beginning(path)
    if is_dicom(start):
        return "a DICOM file: python -m selip_core.ingest makes a cohort of a folder of them"
    zipped, named_so = start.startswith(b"\x1f\x8b"), path.name.lower().endswith(".gz")
    if not start:
        return "the file is empty; copy it again"
    if start.startswith(b"version https://git-lfs"):
        return "only a pointer of git-lfs; fetch the file itself (git lfs pull)"
    if start.lstrip()[:1] == b"<":
        return "a web page or XML, no volume: the download failed; fetch it again"
    if named_so and not zipped:
        return "not gzipped, though named so; rename it to .nii"
    if zipped and not named_so:
        return "gzipped, though not named so; rename it to .nii.gz"
    if not zipped:
        return ""
    try:
        with gzip.open(path) as file:
            inner = file.read(2)
            while file.read(1 << 20):
                pass
    except (OSError, EOFError, zlib.error):
        return "its gzip data are damaged or cut off; copy or export it again"
    return "gzipped twice; unpack it once (gunzip)" if inner == b"\x1f\x8b" else ""
