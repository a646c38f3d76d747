"""Which series an embedding map shows, and what it is coloured by."""

import numpy as np

from selip_core.datasets.annotations import read_labels
from selip_core.explore.explorer import NOT_TEST, Explorer
from selip_core.inspection.embedding_map import first_sites

SEVERAL, UNKNOWN = "several kinds", "kind unknown"


def mapped_series(explorer: Explorer, splits: tuple[str, ...] = NOT_TEST) -> np.ndarray:
    """Return the numbers of the series that the map shows: those of these patients that have a sentence."""
    series = explorer.series
    return np.flatnonzero(series["split"].isin(splits) & (series["sentence"] != ""))


def map_labels(explorer: Explorer, series: np.ndarray) -> dict[str, list[str]]:
    """Return what a map is coloured by: the sequence, the site of the first finding, the kind of the patient's finding.

    Parameters
    ----------
    series : (M,) int

    Returns
    -------
    dict of name to list of M str
        ``kind`` is of the cohort's ``labels.csv``, and left out where that says nothing.
    """
    rows = explorer.series.iloc[series]
    labels = {"sequence": rows["sequence"].tolist(), "site": first_sites(rows["sentence"].tolist())}
    table = read_labels(explorer.cohort).table
    if table.empty:
        return labels
    of_patient = table.groupby("patient_id")["label"].agg(lambda kinds: kinds.iloc[0] if len(kinds) == 1 else SEVERAL)
    kinds = rows["patient_id"].map(of_patient).fillna(UNKNOWN)
    return {**labels, "kind": kinds.str.replace("_", " ").tolist()}
