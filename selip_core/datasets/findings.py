"""The sentence of every series of a cohort."""

import pandas as pd
from tqdm.auto import tqdm

from selip_core.reports.parser import describe_series
from selip_core.reports.sentences import NORMAL_STATEMENT, Finding, canonical_sentence


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
        What another extractor read, as ``selip_core.extract.read_findings`` returns it; other studies go by the rules.

    Returns
    -------
    DataFrame with ``patient_id``, ``study_id``, ``sequence``, ``sentence`` and ``kind`` (``findings`` or ``normal``).
    """
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
