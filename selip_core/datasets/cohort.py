"""A cohort on disk: its tables, their checks, and the split of its patients (data/README.md defines the format)."""

import json
import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from selip_core._utils.files import expanded, what_is_there
from selip_core._utils.hashing import folder_fingerprint
from selip_core._utils.tables import read_table, read_text
from selip_core.datasets.sequences import standard_sequence
from selip_core.datasets.splits import SPLITS, check_no_leak
from selip_core.errors import SelipError
from selip_core.sequences import SEQUENCES

NO_REPORT = (
    "reports.csv is empty: ingest with --reports, or write the table (data/README.md); without reports nothing can be "
    "trained, and volumes can be embedded alone (python -m selip_core.embed)"
)

_PATIENT_OF = {"train": "training", "validation": "validation", "test": "test"}


@dataclass(frozen=True)
class Cohort:
    """The tables of a cohort, checked.

    Parameters
    ----------
    directory : Path
    name, data_source : str
        The second is stamped on every figure and table.
    synthetic : bool
    series : DataFrame with ``patient_id``, ``study_id``, ``sequence``, ``path``
        Paths are relative to `directory`. Rows that cannot be used are not here but in `problems`.
    reports : DataFrame with ``patient_id``, ``study_id``, ``findings``, ``impression``
        Reports that have text.
    problems : DataFrame with ``where``, ``patient_id``, ``problem``, ``consequence``
    fingerprint : str
        Of the tables' text and of the volumes' names, sizes and times of change.
    given_splits : DataFrame with ``patient_id``, ``split``, or None
    """

    directory: Path
    name: str
    data_source: str
    synthetic: bool
    series: pd.DataFrame
    reports: pd.DataFrame
    problems: pd.DataFrame
    fingerprint: str
    given_splits: pd.DataFrame | None = None


def load_cohort(directory: str | Path) -> Cohort:
    """Read the tables of a cohort.

    A row that cannot be used is left out and listed in ``problems``; a manifest that cannot be trusted stops.

    Raises
    ------
    SelipError
        If a table or column is missing, no series is usable, a series or a study's report is given twice, a path leaves
        the folder, a patient is in two splits, or ``cohort.json`` is broken; the message names
        file, line and patient.
    """
    directory = expanded(directory).resolve()
    if not os.path.isdir(directory):
        raise SelipError(f"cohort folder {directory} {what_is_there(directory, wanted='folder')}")
    problems: list[tuple[str, str, str, str]] = []
    described = _read_description(directory)
    series = _read_series(directory, problems)
    reports, without_text = _read_reports(directory, problems)
    _check_join(series, reports, without_text, problems)
    return Cohort(
        directory,
        _name(described, directory),
        _data_source(described, directory),
        bool(described.get("synthetic", False)),
        series.reset_index(drop=True),
        reports.reset_index(drop=True),
        pd.DataFrame(problems, columns=["where", "patient_id", "problem", "consequence"]),
        folder_fingerprint(directory),
        _read_splits(directory),
    )


def data_source_of(directory: Path) -> str:
    """Return what figures of a cohort are stamped with: what its ``cohort.json`` says, or "user cohort" and its name.

    Raises
    ------
    SelipError
        If that file is broken.
    """
    return _data_source(_read_description(directory), directory)


def _data_source(described: dict, directory: Path) -> str:
    return str(described.get("data_source") or f"user cohort {_name(described, directory)}")


def _name(described: dict, directory: Path) -> str:
    return str(described.get("name") or directory.name)


def _read_description(directory: Path) -> dict:
    """Return what ``cohort.json`` says. A broken one stops: the stamp on every figure comes from it."""
    path = directory / "cohort.json"
    if not path.exists():
        return {}
    try:
        described = json.loads(read_text(path))
    except ValueError as error:
        raise SelipError(f"{path} is not JSON ({error}): correct it, or delete it") from None
    if not isinstance(described, dict) or not isinstance(described.get("synthetic", False), bool):
        raise SelipError(
            f'{path} must be an object such as {{"name": "mine", "synthetic": false}}: correct or delete it'
        )
    return described


def _read_series(directory: Path, problems: list) -> pd.DataFrame:
    path = directory / "series.csv"
    table = read_table(path, ("patient_id", "sequence", "path"))
    table = _with_ids(table, path, problems)
    table["given"] = table["sequence"]
    table["sequence"] = [standard_sequence(name) for name in table["given"]]
    for row in table[table["sequence"].isna()].itertuples():
        problems.append((f"{path.name} line {row.line}", row.patient_id, f"unknown sequence {row.given!r}",
                         f"series left out; known are {', '.join(SEQUENCES)}"))  # fmt: skip
    table = table[table["sequence"].notna()].copy()
    if table.empty:
        raise SelipError(f"{path} lists no usable series; sequences must be among {', '.join(SEQUENCES)}")
    _refuse_duplicates(table, ["study_id", "sequence"], path, "series")
    table["path"] = [on_disk(directory, path) for path in table["path"]]
    for row in table.itertuples():
        if not inside(directory, row.path):
            raise SelipError(
                f"{path} line {row.line}: path {row.path!r} must lie inside the cohort folder "
                f"(patient {row.patient_id}); put the file there and give its path from the folder"
            )
    _refuse_shared_files(table, path)
    return table[["patient_id", "study_id", "sequence", "path"]]


def _refuse_shared_files(table: pd.DataFrame, path: Path) -> None:
    """Stop where a file is that of several series: a head would be in training and test, under two reports."""
    files = table["path"].map(os.path.normpath)
    if (shared := files.duplicated(keep=False)).any():
        group = table[files == files[shared].iloc[0]]
        lines, patients = (", ".join(dict.fromkeys(map(str, group[name]))) for name in ("line", "patient_id"))
        raise SelipError(
            f"{path} gives {group['path'].iloc[0]} in lines {lines} (patients {patients}): a file is one series of one "
            "patient; correct the paths"
        )


def inside(directory: Path, path: str) -> bool:
    """Return whether a path of a table, given from the cohort's folder, leads to what lies in it, and never out of it.

    Links are followed: what lies elsewhere would escape the fingerprint of the cohort. ``../cohort/a.nii.gz`` lies in
    it too, but from a copy of the cohort it would lead to the original.
    """
    leaves = Path(path).is_absolute() or os.path.normpath(path).split(os.sep)[0] == os.pardir
    return bool(path) and not leaves and (directory / path).resolve().is_relative_to(directory)


def on_disk(directory: Path, path: str) -> str:
    """Return a path of a table as the disk spells it: with slashes, and letters like ü in as many pieces as there."""
    path = path.replace("\\", "/")  # as Windows writes
    if path.isascii() or os.path.exists(directory / path):  # pathlib raises where a name is too long
        return path
    here, found = directory, []
    for part in path.split("/"):
        alike = unicodedata.normalize("NFC", part)
        names = os.listdir(here) if os.path.isdir(here) else []
        part = next((name for name in names if unicodedata.normalize("NFC", name) == alike), part)
        here, found = here / part, [*found, part]
    return "/".join(found)


def _read_reports(directory: Path, problems: list) -> tuple[pd.DataFrame, set[str]]:
    """Return the reports that have text, and the studies whose report has none."""
    path = directory / "reports.csv"
    table = _with_ids(read_table(path, ("patient_id", "findings")), path, problems)
    if "impression" not in table:
        table["impression"] = ""
    _refuse_duplicates(table, ["study_id"], path, "report")
    empty = table["findings"] == ""
    for row in table[empty].itertuples():
        problems.append((f"{path.name} line {row.line}", row.patient_id, "report without findings text",
                         "its series are kept but have no sentence; fill in the findings"))  # fmt: skip
    return table.loc[~empty, ["patient_id", "study_id", "findings", "impression"]], set(table.loc[empty, "study_id"])


def _with_ids(table: pd.DataFrame, path: Path, problems: list) -> pd.DataFrame:
    """Leave out rows without a patient, and let the patient stand for the study where none is given."""
    for row in table[table["patient_id"] == ""].itertuples():
        problems.append(
            (f"{path.name} line {row.line}", "", "no patient_id", "row left out; give every row its patient")
        )
    table = table[table["patient_id"] != ""].copy()
    study = table["study_id"] if "study_id" in table else pd.Series("", index=table.index)
    table["study_id"] = study.where(study != "", table["patient_id"])
    owners = table.groupby("study_id")["patient_id"].nunique()
    if (owners > 1).any():
        study_id = owners[owners > 1].index[0]
        patients = ", ".join(sorted(set(table.loc[table["study_id"] == study_id, "patient_id"])))
        raise SelipError(f"{path}: study {study_id} belongs to several patients ({patients}); study ids must be unique")
    return table


def _refuse_duplicates(table: pd.DataFrame, keys: list[str], path: Path, what: str) -> None:
    doubled = table[table.duplicated(keys, keep=False)]
    if len(doubled):
        group = doubled[(doubled[keys] == doubled[keys].iloc[0]).all(axis=1)]
        named = ", ".join(f"{key} {group[key].iloc[0]}" for key in keys)
        lines = ", ".join(map(str, group["line"]))
        raise SelipError(
            f"{path} gives one {what} twice: {named} in lines {lines}; keep one, or give each study its id"
        )


def _check_join(series: pd.DataFrame, reports: pd.DataFrame, without_text: set[str], problems: list) -> None:
    """List studies without a report, and reports without a series; stop where ids contradict each other."""
    if reports.empty:
        problems.insert(0, ("reports.csv", "", "no report at all", NO_REPORT))
    both = series[["study_id", "patient_id"]].drop_duplicates().merge(reports, on="study_id", suffixes=("", "_report"))
    wrong = both[both["patient_id"] != both["patient_id_report"]]
    if len(wrong):
        row = wrong.iloc[0]
        raise SelipError(
            f"study {row['study_id']} belongs to patient {row['patient_id']} in series.csv but to "
            f"{row['patient_id_report']} in reports.csv; correct the ids"
        )
    patient_of = series.drop_duplicates("study_id").set_index("study_id")["patient_id"]
    for study in sorted(set(series["study_id"]) - set(reports["study_id"]) - without_text):
        problems.append(("reports.csv", patient_of[study], f"study {study} has series but no report",
                         "kept for images, not paired; add its report, or correct its ids"))  # fmt: skip
    for row in reports[~reports["study_id"].isin(series["study_id"])].itertuples():
        problems.append(("series.csv", row.patient_id, f"study {row.study_id} has a report but no series",
                         "report not used; check that the ids of both tables agree"))  # fmt: skip


def _read_splits(directory: Path) -> pd.DataFrame | None:
    """Return the cohort's own split; that of a cohort to be tested on alone has one part."""
    path = directory / "splits.csv"
    if not path.exists():
        return None
    table = read_table(path, ("patient_id", "split"))
    unknown = table[~table["split"].isin(SPLITS)]
    if len(unknown):
        row = unknown.iloc[0]
        raise SelipError(f"{path} line {row['line']}: split {row['split']!r} is none of {', '.join(SPLITS)}")
    check_no_leak(table, where=str(path))
    return table[["patient_id", "split"]].drop_duplicates()


def split_patients(cohort: Cohort, *, seed: int, validation_fraction: float, test_fraction: float) -> pd.DataFrame:
    """Return ``patient_id``, ``split`` for every patient that has a series: the cohort's own split, or one by the seed.

    With three patients or more no split is empty. One or two are all training patients: they can be looked at and
    embedded, and what needs the other splits says so.

    Raises
    ------
    SelipError
        If the cohort's own split leaves a patient out, or one of its parts has no patient with a series.
    """
    patients = np.array(sorted(set(cohort.series["patient_id"])))
    if cohort.given_splits is not None:
        missing = sorted(set(patients) - set(cohort.given_splits["patient_id"]))
        if missing:
            raise SelipError(f"splits.csv has no row for patient {missing[0]} ({len(missing)} missing)")
        splits = cohort.given_splits[cohort.given_splits["patient_id"].isin(patients)].reset_index(drop=True)
        if empty := [_PATIENT_OF[name] for name in SPLITS if name not in set(splits["split"])]:
            raise SelipError(
                f"splits.csv has no {' and no '.join(empty)} patient: models learn from some, are chosen by others and "
                "tried on others again; give each split a patient that has a series, or delete the file to have it "
                "drawn"
            )
        return splits
    if len(patients) < len(SPLITS):
        return pd.DataFrame({"patient_id": patients, "split": "train"})
    order = np.random.default_rng(seed).permutation(patients)
    n_validation = min(max(round(len(order) * validation_fraction), 1), len(order) - 2)
    n_test = min(max(round(len(order) * test_fraction), 1), len(order) - n_validation - 1)
    names = np.array(["train"] * len(order), dtype=object)
    names[:n_validation] = "validation"
    names[n_validation : n_validation + n_test] = "test"
    return pd.DataFrame({"patient_id": order, "split": names}).sort_values("patient_id").reset_index(drop=True)
