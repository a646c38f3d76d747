"""What the results of segmentation say: by hand."""

import numpy as np
import pandas as pd
import pytest

from selip_core.downstream.segmentation_tables import segmentation_differences, segmentation_table
from selip_core.metrics.resampling import SIGN_FLIPS

DRAWING = {"samples": 50, "seed": 0}


@pytest.fixture
def results():
    """Twelve cases, two seeds, two methods: SeLIP's Dice is larger by 0.1 of every case."""
    rows = [
        {"task": "boxes", "region": "box", "method": method, "seed": seed, "fraction": 1.0, "case": case,
         "patient_id": f"P{case}", "dice": 0.02 * case + 0.1 * (method == "SeLIP") + 0.01 * seed,
         "hausdorff_95_mm": np.nan if case < 3 else float(case), "volume_error_ml": (-1.0) ** case,
         "training_cases": 7}
        for method in ("scratch", "SeLIP") for seed in (0, 1) for case in range(12)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_means_are_over_cases_and_seeds(results):
    row = segmentation_table(results, **DRAWING).set_index("method").loc["SeLIP"]
    assert row["dice"] == pytest.approx(0.11 + 0.1 + 0.005) and row["low"] < row["dice"] < row["high"]
    assert (row["test_cases"], row["seeds"], row["training_cases"]) == (12, 2, 7)
    assert row["share_without_distance"] == 0.25 and row["median_hausdorff_95_mm"] == 8.5  # of 3 to 11 and three inf
    assert row["hausdorff_low"] < 8.5 < row["hausdorff_high"]
    assert (row["median_absolute_volume_error_ml"], row["volume_error_low"], row["volume_error_high"]) == (1, 1, 1)


def test_differences_are_of_the_same_cases_whatever_the_order_of_rows(results):
    table = segmentation_differences(results, **DRAWING)
    assert table["comparison"].tolist() == ["SeLIP − scratch"] and table["by_seed"].tolist() == ["+0.100, +0.100"]
    assert table["difference"][0] == pytest.approx(0.1) and table["patients"][0] == 12
    assert table["test"].tolist() == [SIGN_FLIPS]
    shuffled = segmentation_differences(results.sample(frac=1, random_state=0), **DRAWING)
    assert shuffled["difference"][0] == pytest.approx(0.1)
