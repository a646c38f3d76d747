"""How many patients and seeds the observed differences need: the power analysis of the few-shot claims."""

import numpy as np
import pandas as pd

from selip_core.downstream.classification_tables import learnable, prediction_arrays
from selip_core.downstream.retrieval_tables import hits_by_query
from selip_core.metrics.classification import auc_influence, classes_with_both_sides
from selip_core.metrics.power import Difference, describe_difference, patients_needed, power, seeds_needed
from selip_core.metrics.resampling import FEWEST_PATIENTS
from selip_core.pretraining.methods import PAIRS, SOFT_PAIRS

PATIENTS = (25, 50, 100, 200, 400, 800, 1600, 3200)
SEEDS = (1, 3, 5, 10)
RETRIEVAL = ("findings retrieval", "retrieval")
"""What image-to-text recall@10 is called here, of sentences with findings and of all: the first is what decides."""

_NEEDS = [
    "comparison", "difference", "sd_patients", "sd_seeds", "sd_residual", "patients", "seeds", "power",
    "patients_needed", "seeds_needed", "note", "data_source",
]  # fmt: skip


def auc_differences(predictions: pd.DataFrame, first: str, second: str) -> np.ndarray:
    """Return the difference in AUC that each patient adds, (patients, seeds), averaged over the labels."""
    parts = prediction_arrays(predictions)
    truth, a, _ = parts[first]
    b = parts[second][1]
    labels = classes_with_both_sides(truth)
    seeds = range(a.shape[2])
    if not labels:
        return np.zeros((0, len(seeds)))
    added = [
        [auc_influence(truth[:, k], b[:, k, r]) - auc_influence(truth[:, k], a[:, k, r]) for r in seeds] for k in labels
    ]
    return np.mean(added, axis=0).T


def classification_differences(predictions: pd.DataFrame, task: str) -> dict[str, tuple[np.ndarray, str]]:
    """Return what each patient adds to the differences in AUC of a task, and the data source, by `named` difference.

    What 06 did not score is left out: labels that could not be learnt at a share, and a task of too few patients.

    Parameters
    ----------
    predictions : DataFrame as 06 saves them
        With ``task``; a task that was not scored says why in ``not_scored``.
    """
    rows = predictions[(predictions["task"] == task) & (predictions["approach"] != "zero-shot")]
    if "not_scored" in rows:
        rows = rows[rows["not_scored"].isna()]
    found = {}
    if rows.empty:
        return found
    for (fraction, approach), part in learnable(rows).groupby(["fraction", "approach"]):
        for pair in (pair for pair in PAIRS if set(pair) <= set(part["method"])):
            name = named(f"{task}, {approach}, {fraction:.0%}", *pair)
            found[name] = auc_differences(part, *pair), part["data_source"].iloc[0]
    return found


def recall_differences(queries: pd.DataFrame, first: str, second: str, k: int = 10) -> np.ndarray:
    """Return the difference in image-to-text recall of each patient, (patients, seeds): the mean over the series."""
    image = queries[queries["direction"] == "image to text"]
    a, patients, _ = hits_by_query(image, first, k)
    b, _, _ = hits_by_query(image, second, k)
    return pd.DataFrame(b - a).groupby(patients).mean().to_numpy()


def dice_differences(results: pd.DataFrame, first: str, second: str) -> np.ndarray:
    """Return the difference in Dice of each patient, (patients, seeds)."""
    wide = results.pivot_table(index="patient_id", columns=["method", "seed"], values="dice")
    return (wide[second] - wide[first]).to_numpy()


def needs_table(differences: dict[str, tuple[np.ndarray, str]], *, wanted: float = 0.8) -> pd.DataFrame:
    """Return effect, spreads, power and needs of each difference.

    With too few patients for an interval nothing is foretold from them: they are listed with a note and no numbers. The
    power at the observed effect says no more than its p-value does; what it is for is the planning of another study.

    Parameters
    ----------
    differences : dict of name to (differences (patients, seeds), data source)

    Returns
    -------
    DataFrame
        ``patients_needed`` is with the seeds at hand, ``seeds_needed`` with the patients at hand; None where no number
        of them alone is enough.
    """
    rows = []
    for name, (values, source) in differences.items():
        patients, seeds = values.shape
        row = {"comparison": name, "patients": patients, "seeds": seeds, "data_source": source, "note": ""}
        if patients < FEWEST_PATIENTS:
            rows.append({**row, "note": f"{patients} patients: fewer than {FEWEST_PATIENTS}, nothing foretold"})
            continue
        found = describe_difference(values)
        rows.append({
            **row, "difference": found.effect, "sd_patients": found.sd_patients, "sd_seeds": found.sd_seeds,
            "sd_residual": found.sd_residual, "power": power(found, patients, seeds),
            "patients_needed": patients_needed(found, seeds, wanted=wanted),
            "seeds_needed": seeds_needed(found, patients, wanted=wanted),
        })  # fmt: skip
    return pd.DataFrame(rows, columns=_NEEDS)


def named(measure: str, first: str, second: str) -> str:
    """Return what a difference between two methods in a measure is called in these tables."""
    return f"{measure}, {second} − {first}"


def needs_in_figure(needs: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `needs_table` whose power is shown: those of the soft targets first, then the largest other.

    The soft targets are told by the first of `RETRIEVAL` that is known; without a known difference there is no row.
    """
    known = needs[needs["difference"].notna()].set_index("comparison", drop=False)
    of_measures = [[named(measure, *pair) for pair in SOFT_PAIRS] for measure in RETRIEVAL]
    soft = next((part for names in of_measures if (part := [name for name in names if name in known.index])), [])
    largest = known.drop(soft)["difference"].astype(float).abs().nlargest(1).index
    return known.loc[[*soft, *largest]].reset_index(drop=True)


def power_curve_table(needs: pd.DataFrame) -> pd.DataFrame:
    """Return the power to find each difference with other numbers of patients and seeds, in the order of `needs`."""
    rows = []
    for row in needs[needs["difference"].notna()].itertuples():
        found = Difference(row.difference, row.sd_patients, row.sd_seeds, row.sd_residual)
        rows += [
            {"comparison": row.comparison, "patients": n, "seeds": k, "power": power(found, n, k)}
            for k in SEEDS
            for n in PATIENTS
        ]
    return pd.DataFrame(rows, columns=["comparison", "patients", "seeds", "power"])
