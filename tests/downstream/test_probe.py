"""Features of patients and the linear probe."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from selip_core.downstream.probe import PENALTIES, _Span, best_threshold, linear_probe, patient_features


def test_features_of_a_patient_stand_side_by_side():
    index = pd.DataFrame({"patient_id": ["A", "A", "B", "A"], "sequence": ["T1", "DWI", "DWI", "DWI"]})
    features = np.array([[1, 2], [3, 4], [5, 6], [7, 8]], np.float32)
    rows = patient_features(features, index, ["B", "A"], ["T1", "DWI"])
    assert rows.tolist() == [[0, 0, 0, 5, 6, 1], [1, 2, 1, 5, 6, 1]]  # A's two DWI are averaged


def made(n, rng, signal=2.0):
    y = rng.random((n, 2)) < 0.4
    x = rng.normal(size=(n, 12))
    x[:, 0] += signal * y[:, 0]
    x[:, 1] -= signal * y[:, 1]
    return x, y


def test_the_probe_finds_what_is_there():
    rng = np.random.default_rng(0)
    train, validation, (x, y) = made(200, rng), made(80, rng), made(200, rng)
    found = linear_probe(train, validation, x)
    assert found["C"] in PENALTIES and found["test"].shape == (200, 2)
    assert ((found["test"] > 0.5) == y).mean() > 0.8


def test_the_span_loses_nothing():
    rng = np.random.default_rng(1)
    x, y, new = rng.normal(size=(20, 60)), rng.random(20) < 0.5, rng.normal(size=(9, 60))
    span = _Span(x)
    options = {"C": 0.1, "tol": 1e-8, "max_iter": 5000}
    scaled = [(v - span.mean) / span.spread for v in (x, new)]
    direct = LogisticRegression(**options).fit(scaled[0], y).predict_proba(scaled[1])
    reduced = LogisticRegression(**options).fit(span(x), y).predict_proba(span(new))
    assert span(x).shape[1] <= 20 and np.allclose(direct, reduced, atol=1e-4)


def test_a_label_that_nobody_or_everybody_has_gets_its_frequency():
    rng = np.random.default_rng(2)
    (x, y), validation, (new, _) = made(30, rng), made(20, rng), made(5, rng)
    y[:, 1] = False
    found = linear_probe((x, y), validation, new)
    assert (found["test"][:, 1] == 0).all()


def test_one_training_patient_is_survived():
    x, y = np.ones((1, 4)), np.array([[True]])
    assert linear_probe((x, y), (np.ones((2, 4)), np.array([[True], [False]])), np.zeros((3, 4)))["test"].tolist() == [
        [1.0], [1.0], [1.0],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("truth", "probabilities", "threshold"),
    [([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], 0.3), ([0, 1, 1, 1], [0.5, 0.2, 0.6, 0.9], 0.6), ([1, 1], [0.1, 0.2], 0.5)],
)
def test_threshold_of_the_best_balanced_accuracy(truth, probabilities, threshold):
    assert best_threshold(np.array(truth), np.array(probabilities)) == threshold
