"""What a cohort's reports say: the sentence of every series, and ``findings.csv``, which another extractor wrote."""

from pathlib import Path

import pandas as pd
from tqdm.auto import tqdm

from selip_core._utils.tables import read_table, write_table
from selip_core.datasets.cohort import NO_REPORT, Cohort
from selip_core.errors import SelipError
from selip_core.reports.extractor import RULES, Extracted
from selip_core.reports.parser import describe_series
from selip_core.reports.sentences import (
    NORMAL_STATEMENT,
    Finding,
    canonical_sentence,
    fits_sentence,
    with_whole_sides,
)
from selip_core.sequences import SEQUENCES

FILE = "findings.csv"
_COLUMNS = ["patient_id", "study_id", "sequence", "site", "appearance", "extractor", "reason"]
NORMAL, NOTHING = "normal", "none"
"""In place of the sequence: the report is normal, or says nothing of any sequence."""


def describe_cohort(
    reports: pd.DataFrame,
    index: pd.DataFrame,
    *,
    extracted: dict[str, tuple[bool, dict[str, list[Finding]]]] | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Return one row for each series that its report describes.

    Parameters
    ----------
    reports : DataFrame with ``patient_id``, ``study_id``, ``findings``, ``impression``
    index : DataFrame with ``study_id``, ``sequence``
        The series that exist.
    extracted : dict, optional
        What another extractor read, as `read_findings` returns it; other studies go by the rules.

    Returns
    -------
    DataFrame with ``patient_id``, ``study_id``, ``sequence``, ``sentence`` and ``kind`` (``findings`` or ``normal``).

    Raises
    ------
    SelipError
        If there is no report.
    """
    if reports.empty:
        raise SelipError(NO_REPORT)
    sequences = index.groupby("study_id")["sequence"].agg(list)
    rows = []
    for report in tqdm(reports.itertuples(), total=len(reports), desc="reports", disable=not progress):
        if report.study_id not in sequences.index:
            continue
        there = sequences[report.study_id]
        if extracted and report.study_id in extracted:
            described = _sentences(*extracted[report.study_id], there)
        else:
            impression = report.impression if isinstance(report.impression, str) else ""
            described = describe_series(report.findings, there, impression=impression)
        for sequence, sentence in described.items():
            kind = "normal" if sentence == NORMAL_STATEMENT else "findings"
            rows.append((report.patient_id, report.study_id, sequence, sentence, kind))
    return pd.DataFrame(rows, columns=["patient_id", "study_id", "sequence", "sentence", "kind"])


def _sentences(normal: bool, findings: dict[str, list[Finding]], there: list[str]) -> dict[str, str]:
    if normal:
        return dict.fromkeys(there, NORMAL_STATEMENT)
    return {sequence: canonical_sentence(findings[sequence]) for sequence in there if findings.get(sequence)}


def write_findings(cohort: Cohort, read: list[Extracted], told: pd.DataFrame) -> Path:
    """Write ``findings.csv`` into a cohort: a row for each finding, and one for a report without any."""
    rows = []
    for report, found, by in zip(cohort.reports.itertuples(), read, told.itertuples(), strict=True):
        statements = [(s, f.site, f.appearance) for s, fs in found.by_sequence().items() for f in fs]
        for statement in statements or [(NORMAL if found.normal else NOTHING, "", "")]:
            rows.append((report.patient_id, report.study_id, *statement, by.extractor, by.reason))
    path = cohort.directory / FILE
    write_table(pd.DataFrame(rows, columns=_COLUMNS), path)
    return path


def read_findings(cohort: Cohort) -> dict[str, tuple[bool, dict[str, list[Finding]]]]:
    """Return (normal, findings by sequence) of each study of ``findings.csv``; empty where the cohort has none.

    Studies that the rules stood in for are left out: their rows are a record, and reading those reports again by the
    rules takes the impression into account.

    Raises
    ------
    SelipError
        If the file is no table, names a sequence that is none, or a study that has no report; names the line.
    """
    path = cohort.directory / FILE
    if not path.exists():
        return {}
    found: dict[str, tuple[bool, dict[str, list[Finding]]]] = {}
    known = set(cohort.reports["study_id"])
    for row in read_table(path, ("study_id", "sequence", "site", "appearance")).to_dict("records"):
        if row.get("extractor") == RULES:
            continue
        study = row["study_id"] or row.get("patient_id", "")  # as in the other tables
        if study not in known:
            raise SelipError(
                f"{path} line {row['line']}: study {study!r} has no report in reports.csv; correct the id, or delete "
                "the row"
            )
        normal, findings = found.get(study, (False, {}))
        normal = normal or row["sequence"] == NORMAL
        found[study] = normal, findings
        said = fits_sentence(row["site"]) and fits_sentence(row["appearance"])
        if row["sequence"] in SEQUENCES and said:
            finding = Finding(with_whole_sides(row["site"]), with_whole_sides(row["appearance"]))
            findings.setdefault(row["sequence"], []).append(finding)
        elif row["sequence"] not in (NORMAL, NOTHING):
            raise SelipError(
                f"{path} line {row['line']}: {row['sequence']!r} needs site and appearance without commas and "
                f"white space, or is no sequence; known are {', '.join(SEQUENCES)}, {NORMAL}, {NOTHING}"
            )
        if normal and findings:
            raise SelipError(f"{path} line {row['line']}: study {study} is normal and has findings")
    return found
