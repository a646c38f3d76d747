"""What real patients say of each way of pretraining: side of the masks, scores and differences (``11``)."""

import numpy as np
import pandas as pd

from selip_core.downstream.classification_tables import auc_difference_table, score_table
from selip_core.downstream.external import rank_ceilings
from selip_core.metrics.resampling import ALPHA, bootstrap_interval, holm, paired_difference
from selip_core.pretraining.methods import PAIRS


def placed_heads(registered: pd.DataFrame) -> pd.DataFrame:
    """Return what `selip_core.downstream.external.on_template_head` did, by the sequence that was registered.

    Parameters
    ----------
    registered : DataFrame with ``sequence``, ``scale``, ``doubt``

    Returns
    -------
    DataFrame with ``sequence``, ``heads``, ``in_own_place`` (those left there) and ``scale_low``, ``scale_high``: the
    middle nine tenths of how much longer the heads became
    """
    rows = []
    for sequence, part in registered.groupby("sequence", sort=False):
        scale = part.loc[part["doubt"] == "", "scale"]
        low, high = scale.quantile([0.05, 0.95]) if len(scale) else (np.nan, np.nan)
        rows.append((sequence, len(scale), len(part) - len(scale), low, high))
    return pd.DataFrame(rows, columns=["sequence", "heads", "in_own_place", "scale_low", "scale_high"])


def sides_of_masks(positions: pd.DataFrame, codes: pd.DataFrame) -> pd.DataFrame:
    """Return for each patient which side its mask is on, which is coded, and whether both agree.

    Parameters
    ----------
    positions : DataFrame with ``patient_id``, ``right_mm``
        From `selip_core.downstream.external.mask_positions`.
    codes : DataFrame with ``patient_id``, ``institution``, ``side``, ``lobe``

    Returns
    -------
    DataFrame
        The positions with ``side of the mask``, the codes, and ``agrees`` (missing where no side is coded).
    """
    table = positions.merge(codes, on="patient_id", how="left")
    table["side of the mask"] = np.where(table["right_mm"] > 0, "right", "left")
    agrees = (table["side of the mask"] == table["side"]).astype(object)
    table["agrees"] = agrees.where(table["side"].isin(["left", "right"]), None)
    return table


def lobes_of_masks(positions: pd.DataFrame) -> pd.DataFrame:
    """Return where the masks of each coded lobe lie on the mean: that tells whether the codes were read rightly."""
    columns = ["anterior_mm", "up_mm"]
    groups = positions[positions["lobe"].fillna("") != ""].groupby("lobe")
    return groups[columns].mean().round(1).assign(patients=groups.size()).reset_index()


def learning_scores(predictions: pd.DataFrame, *, samples: int, seed: int) -> pd.DataFrame:
    """Return AUC and interval of each approach, method and label, and of all labels.

    A constant answer has 0.5; ``ceiling`` is what perfect scores would get as ranks within institutions.
    """
    columns = ["approach", "method", "label", "auc", "low", "high", "positives", "patients", "seeds", "note"]
    table = _by_approach(score_table, predictions, samples=samples, seed=seed)[columns]
    return table.merge(rank_ceilings(predictions), on="label", how="left")


def learning_differences(predictions: pd.DataFrame, *, samples: int, seed: int) -> pd.DataFrame:
    """Return the differences in mean AUC between methods, by approach."""
    return corrected(_by_approach(auc_difference_table, predictions, samples=samples, seed=seed))


def corrected(differences: pd.DataFrame) -> pd.DataFrame:
    """Return differences with ``p_holm``: their p-values after Holm's correction over the table."""
    return differences.assign(p_holm=holm(differences["p"]))


def _by_approach(make, predictions: pd.DataFrame, **options: int) -> pd.DataFrame:
    """Return the tables of each approach: each has patients and labels of its own."""
    parts = [make(part, **options) for _, part in predictions.groupby("approach", sort=False)]
    return pd.concat(parts, ignore_index=True)


def percentile_table(percentiles: pd.DataFrame, *, samples: int, seed: int) -> pd.DataFrame:
    """Return the mean percentile of a volume for the sentence of its site, by method, with 95 % over patients."""
    rows = []
    for method, part in percentiles.groupby("method", sort=False):
        values, patients = _by_series(part)
        estimate = bootstrap_interval(values, patients, samples=samples, seed=seed)
        rows.append({
            "method": method, "percentile": estimate.value, "low": estimate.low, "high": estimate.high,
            "chance": 0.5, "series": len(values), "patients": estimate.n_patients, "seeds": values.shape[1],
            "note": estimate.note,
        })  # fmt: skip
    return pd.DataFrame(rows)


def percentile_differences(percentiles: pd.DataFrame, *, samples: int, seed: int) -> pd.DataFrame:
    """Return the paired differences in percentile between methods."""
    found = {method: _by_series(part) for method, part in percentiles.groupby("method", sort=False)}
    rows = []
    for first, second in PAIRS:
        if first in found and second in found:
            (a, patients), (b, _) = found[first], found[second]
            estimate = paired_difference(a, b, patients, samples=samples, seed=seed)
            rows.append({
                "comparison": f"{second} − {first}", "difference": estimate.value, "low": estimate.low,
                "high": estimate.high, "p": estimate.p, "test": estimate.test, "patients": estimate.n_patients,
                "note": estimate.note,
            })  # fmt: skip
    return corrected(pd.DataFrame(rows)) if rows else pd.DataFrame(rows)


def _by_series(part: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return percentiles (series, seeds), and the patient of each series."""
    values = part.pivot(index=["patient_id", "sequence"], columns="seed", values="percentile")
    return values.to_numpy(float), values.index.get_level_values("patient_id").to_numpy()


def worth_of_pretraining(differences: pd.DataFrame) -> list[str]:
    """Return in sentences whether segmentation gains by pretraining, at which shares of the patients."""
    told = []
    for comparison, part in differences.groupby("comparison", sort=False):
        second, first = comparison.split(" − ")
        if first != "scratch":
            continue
        held = part["p_holm"] < ALPHA  # intervals that are clear of zero are so without a correction for their number
        better = part.loc[held & (part["difference"] > 0), "fraction"]
        worse = part.loc[held & (part["difference"] < 0), "fraction"]
        at = lambda shares: ", ".join(f"{share:.0%}" for share in shares) + " of the training patients"  # noqa: E731
        said = [f"better than from scratch at {at(better)}"] if len(better) else []
        said += [f"worse at {at(worse)}"] if len(worse) else []
        told.append(f"{second}: {' and '.join(said) or 'no difference from scratch that holds after correction'}.")
    return told
