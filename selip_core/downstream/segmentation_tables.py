"""What segmentation of the test cases says: Dice with intervals, the other measures, differences between methods."""

import numpy as np
import pandas as pd

from selip_core.metrics.resampling import bootstrap_interval, median_interval, paired_difference
from selip_core.pretraining.methods import PAIRS


def segmentation_table(results: pd.DataFrame, *, samples: int, seed: int) -> pd.DataFrame:
    """Return mean Dice (seeds averaged) and the median of the other measures, with their 95 % intervals over patients.

    A distance that is not defined, for a region was found in no voxel or where there is none, counts as infinite.
    """
    rows = []
    keys = ["task", "region", "method", "fraction"]
    for about, part in results.groupby(keys, sort=False):
        dice, patients = _by_case(part, "dice")
        estimate = bootstrap_interval(dice, patients, samples=samples, seed=seed)
        distance, error = (
            median_interval(np.abs(_by_case(part, measure)[0]), patients, samples=samples, seed=seed)
            for measure in ("hausdorff_95_mm", "volume_error_ml")
        )
        rows.append({
            **dict(zip(keys, about, strict=True)), "dice": estimate.value, "low": estimate.low, "high": estimate.high,
            "median_hausdorff_95_mm": distance.value, "hausdorff_low": distance.low, "hausdorff_high": distance.high,
            "share_without_distance": part["hausdorff_95_mm"].isna().mean(),
            "median_absolute_volume_error_ml": error.value, "volume_error_low": error.low,
            "volume_error_high": error.high,
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
