"""What segmentation of the test cases says: Dice with intervals, the other measures, differences between methods."""

import numpy as np
import pandas as pd

from selip_core.metrics.resampling import bootstrap_interval, paired_difference
from selip_core.pretraining.methods import PAIRS


def segmentation_table(results: pd.DataFrame, *, samples: int, seed: int) -> pd.DataFrame:
    """Return mean Dice with its 95 % interval over patients (seeds averaged), and the median of the other measures."""
    rows = []
    keys = ["task", "region", "method", "fraction"]
    for about, part in results.groupby(keys, sort=False):
        dice, patients = _by_case(part, "dice")
        estimate = bootstrap_interval(dice, patients, samples=samples, seed=seed)
        undefined = part["hausdorff_95_mm"].isna().mean()
        rows.append({
            **dict(zip(keys, about, strict=True)), "dice": estimate.value, "low": estimate.low, "high": estimate.high,
            "median_hausdorff_95_mm": part["hausdorff_95_mm"].median(), "share_without_distance": undefined,
            "median_absolute_volume_error_ml": part["volume_error_ml"].abs().median(),
            "training_cases": int(part["training_cases"].iloc[0]), "test_cases": len(dice),
            "seeds": dice.shape[1], "note": estimate.note,
        })  # fmt: skip
    return pd.DataFrame(rows)


def segmentation_differences(results: pd.DataFrame, *, samples: int, seed: int) -> pd.DataFrame:
    """Return the paired differences in Dice between methods, on the same test cases and seeds."""
    rows = []
    keys = ["task", "region", "fraction"]
    for about, part in results.groupby(keys, sort=False):
        found = {method: _by_case(of_method, "dice") for method, of_method in part.groupby("method", sort=False)}
        for first, second in PAIRS:
            if first not in found or second not in found:
                continue
            (a, patients), (b, _) = found[first], found[second]
            estimate = paired_difference(a, b, patients, samples=samples, seed=seed)
            rows.append({
                **dict(zip(keys, about, strict=True)), "comparison": f"{second} − {first}",
                "difference": estimate.value, "low": estimate.low, "high": estimate.high, "p": estimate.p,
                "test": estimate.test, "by_seed": ", ".join(f"{d:+.3f}" for d in (b - a).mean(axis=0)),
                "patients": estimate.n_patients, "note": estimate.note,
            })  # fmt: skip
    return pd.DataFrame(rows)


def _by_case(part: pd.DataFrame, measure: str) -> tuple[np.ndarray, np.ndarray]:
    """Return values (cases, seeds), and the patient of each case."""
    values = part.pivot(index="case", columns="seed", values=measure)
    patients = part.drop_duplicates("case").set_index("case")["patient_id"]
    return values.to_numpy(float), patients.reindex(values.index).to_numpy()
