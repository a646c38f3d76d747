"""Predictions as arrays: in one order for all methods, and never of a table that is cut or doubled."""

import numpy as np
import pandas as pd
import pytest

from selip_core.downstream.classification_tables import auc_difference_table, prediction_arrays, score_table
from selip_core.errors import SelipError


@pytest.fixture
def predictions():
    """Thirty patients, two labels, two seeds, two methods, in the order in which a notebook writes them."""
    rng = np.random.default_rng(2)
    patients, tables = np.array([f"P{i:02d}" for i in range(30)]), []
    for method, signal in (("scratch", 0.2), ("SeLIP", 1.0)):
        for seed in (1, 0):
            for label, every in (("b", 3), ("a", 2)):
                truth = np.arange(30) % every == 0
                scores = signal * truth + rng.normal(size=30)
                tables.append(pd.DataFrame({
                    "approach": "linear probe", "method": method, "seed": seed, "fraction": 1.0, "patient_id": patients,
                    "label": label, "truth": truth, "score": scores, "predicted": scores > 0, "examples": 5,
                }))  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def test_the_order_is_that_of_the_table(predictions):
    truth, scores, predicted = prediction_arrays(predictions)["SeLIP"]
    assert truth.shape == (30, 2) and scores.shape == predicted.shape == (30, 2, 2)
    assert truth.dtype == predicted.dtype == bool
    part = predictions[predictions["method"] == "SeLIP"]
    for k, label in enumerate(("b", "a")):
        for r, seed in enumerate((1, 0)):
            rows = part[(part["label"] == label) & (part["seed"] == seed)]
            assert scores[:, k, r].tolist() == rows["score"].tolist() and truth[:, k].tolist() == rows["truth"].tolist()


def test_rows_may_come_in_any_order(predictions):
    shuffled = predictions.sample(frac=1, random_state=1)
    found = prediction_arrays(shuffled)
    place = {key: {v: i for i, v in enumerate(shuffled[key].unique())} for key in ("patient_id", "label", "seed")}
    for row in predictions.itertuples():
        truth, scores, predicted = found[row.method]
        i, k, r = place["patient_id"][row.patient_id], place["label"][row.label], place["seed"][row.seed]
        assert (truth[i, k], scores[i, k, r], predicted[i, k, r]) == (row.truth, row.score, row.predicted)
    drawing = {"samples": 50, "seed": 0}
    for table, keys, values in (
        (score_table, ["method", "label"], ["auc", "f1", "balanced_accuracy", "calibration_error", "positives"]),
        (auc_difference_table, ["comparison"], ["difference", "p"]),
    ):
        whole, mixed = (table(t, **drawing).set_index(keys)[values].sort_index() for t in (predictions, shuffled))
        pd.testing.assert_frame_equal(whole, mixed)


def test_a_row_that_is_missing_or_doubled_is_named(predictions):
    with pytest.raises(SelipError, match=r"scratch has no row for patient P03, 'b', seed 1 \(2 such cells\)"):
        prediction_arrays(predictions.drop([3, 5]))
    with pytest.raises(SelipError, match=r"SeLIP has two rows for patient P29, 'a', seed 0 \(1 such cells\)"):
        prediction_arrays(pd.concat([predictions, predictions.tail(1)]))
