"""The sentence of every series of a cohort."""

import pandas as pd
from tqdm.auto import tqdm

from selip_core.reports import describe_series
from selip_core.sentences import NORMAL_STATEMENT


def describe_cohort(reports: pd.DataFrame, index: pd.DataFrame, *, progress: bool = True) -> pd.DataFrame:
    """Return one row for each series that its report describes.

    Parameters
    ----------
    reports : DataFrame with ``patient_id``, ``study_id``, ``findings``, ``impression``
    index : DataFrame with ``study_id``, ``sequence``
        The series that exist.

    Returns
    -------
    DataFrame with ``patient_id``, ``study_id``, ``sequence``, ``sentence`` and ``kind`` (``findings`` or ``normal``).
    """
    sequences = index.groupby("study_id")["sequence"].agg(list)
    rows = []
    for report in tqdm(reports.itertuples(), total=len(reports), desc="reports", disable=not progress):
        if report.study_id not in sequences.index:
            continue
        impression = report.impression if isinstance(report.impression, str) else ""
        described = describe_series(report.findings, sequences[report.study_id], impression=impression)
        for sequence, sentence in described.items():
            kind = "normal" if sentence == NORMAL_STATEMENT else "findings"
            rows.append((report.patient_id, report.study_id, sequence, sentence, kind))
    return pd.DataFrame(rows, columns=["patient_id", "study_id", "sequence", "sentence", "kind"])
