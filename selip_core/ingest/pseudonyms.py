"""Ids that tell nobody who a patient is, and the key table that does, where it is asked for."""

import csv
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from selip_core._utils.files import expanded
from selip_core.errors import SelipError
from selip_core.ingest.layouts import FoundSeries

_DIGITS = 10
_PUBLISHED = ("bids", "brats", "released", "lgg")
"""Layouts whose ids are pseudonyms already: they stay, so that results can be compared with those of others."""


def load_secret(path: Path) -> bytes:
    """Return the secret of an ingest, made on the first call; only its owner can read it.

    It makes an interrupted ingest go on with the same pseudonyms, and is deleted with the work folder at the end: after
    that nobody can tell the patients from their pseudonyms, but by the key table.
    """
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
    found = path.read_bytes()
    if len(found) != 32:  # cut off by an interrupt: nothing was named by it yet
        path.unlink()
        return load_secret(path)
    return found


class Names:
    """The ids that a cohort uses for the patients and studies of a source.

    Parameters
    ----------
    series : iterable of FoundSeries
    secret : bytes
    keep : bool or None
        Whether ids stay as they are; None keeps those of published layouts (BIDS, BraTS, the released one) alone.
    """

    def __init__(self, series: Iterable[FoundSeries], secret: bytes, keep: bool | None = None):
        self._secret, self._patients, self._studies = secret, {}, {}
        self._kept_all = keep is True
        studies: dict[str, dict[str, str]] = {}
        for one in series:
            kept = one.layout in _PUBLISHED if keep is None else keep
            if one.patient_id and one.patient_id not in self._patients:
                self._patients[one.patient_id] = one.patient_id if kept else self._pseudonym(one.patient_id)
            if one.study_id:
                studies.setdefault(one.patient_id, {}).setdefault(one.study_id, one.order or one.study_id)
                if kept:
                    self._studies[one.study_id] = one.study_id
        if len(set(self._patients.values())) < len(self._patients):
            raise SelipError("two patients would get one pseudonym: delete the output folder and run again")
        for patient, of_patient in studies.items():  # numbered in time: the dates themselves are not told
            for number, study in enumerate(sorted(of_patient, key=of_patient.get), start=1):
                self._studies.setdefault(study, f"{self._patients[patient]}-{number}")

    def _pseudonym(self, text: str) -> str:
        return f"P{hmac.new(self._secret, os.fsencode(text), hashlib.sha256).hexdigest()[:_DIGITS]}"

    def patient(self, source_id: str) -> str:
        """Return the cohort's id of a patient."""
        return self._patients[source_id]

    def study(self, source_id: str) -> str:
        """Return the cohort's id of a study."""
        return self._studies[source_id]

    def any(self, source_id: str) -> str:
        """Return the cohort's id of a patient or study, or words that stand for an id that the images do not have."""
        found = self._patients.get(source_id) or self._studies.get(source_id)
        if self._kept_all:
            return source_id
        return found or f"(unknown id {self._pseudonym(source_id)[1:7]})"


def safe_name(text: str) -> str:
    """Return an id as the name of a file or folder."""
    return re.sub(r"[^\w.\-]+", "_", text).strip(".") or "_"


def check_key_path(path: Path, out: Path, *, begun: bool = False) -> Path:
    """Return where the key table goes.

    Raises
    ------
    SelipError
        If a file is there already, or it would lie in the cohort's folder, which is made to be passed on.
    """
    path = expanded(path).resolve()
    if path.is_relative_to(out):
        raise SelipError(f"--key {path} lies in {out}: keep the key apart from the cohort")
    if path.exists() and not begun:
        raise SelipError(f"--key {path} exists already: give another name, it is never overwritten")
    if not path.parent.is_dir():
        raise SelipError(f"--key {path}: its folder does not exist")
    return path


def write_key(path: Path, rows: list[dict[str, str]]) -> None:
    """Write the key table, for its owner alone to read.

    Raises
    ------
    SelipError
        If a file is there already, or it cannot be written.
    """
    columns = ["source_patient_id", "source_study_id", "source", "patient_id", "study_id", "sequence", "remark"]
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
        if path.exists() and path.read_bytes() != partial.read_bytes():  # else it is from a call killed just after
            raise SelipError(f"the key table {path} exists already and holds other rows: it is never overwritten")
        os.replace(partial, path)
    except OSError as error:
        raise SelipError(f"cannot write the key table {path}: {error.strerror or error}") from None
    finally:
        partial.unlink(missing_ok=True)
