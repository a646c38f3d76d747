"""Features of patients and the linear probe."""

import numpy as np
import pandas as pd
import pytest

from selip_core.downstream.probe import PENALTIES, best_threshold, linear_probe, patient_features
from selip_core.metrics.classification import mean_auc


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
    assert found["penalty"] in PENALTIES and found["test"].shape == (200, 2)
    assert ((found["test"] > 0.5) == y).mean() > 0.8


def test_features_may_have_any_scale_and_place():
    rng = np.random.default_rng(1)
    (x, y), (x_validation, y_validation), (new, _) = made(30, rng), made(20, rng), made(9, rng)
    found = linear_probe((x, y), (x_validation, y_validation), new)
    moved = linear_probe((1e4 * x + 7, y), (1e4 * x_validation + 7, y_validation), 1e4 * new + 7)
    assert moved["penalty"] == found["penalty"] and np.allclose(moved["test"], found["test"], atol=1e-6)


def test_more_features_than_patients_and_few_labels():
    rng = np.random.default_rng(3)
    y, validation = rng.random((40, 1)) < 0.2, rng.random((300, 1)) < 0.2
    x, x_validation = (np.hstack([rng.normal(size=(len(t), 200)), 4.0 * t]) for t in (y, validation))
    shown = linear_probe((x, y), (x_validation, validation), x[:0])
    assert mean_auc(validation, shown["validation"][:, :, None]) > 0.75 and shown["test"].shape == (0, 1)


def test_probabilities_are_calibrated_on_the_validation_patients():
    rng = np.random.default_rng(4)
    train, (x, y) = made(200, rng), made(4000, rng, signal=0.5)  # less to be told there: the regression is too sure
    shown = linear_probe(train, (x, y), x)["test"]
    for low in (0.2, 0.4, 0.6):
        of = (shown[:, 0] >= low) & (shown[:, 0] < low + 0.2)
        assert of.sum() > 200 and abs(y[of, 0].mean() - shown[of, 0].mean()) < 0.07


def test_without_validation_patients_the_strongest_penalty_is_taken():
    rng = np.random.default_rng(5)
    found = linear_probe(made(30, rng), (np.zeros((0, 12)), np.zeros((0, 2), bool)), rng.normal(size=(4, 12)))
    assert found["penalty"] == max(PENALTIES) and found["validation"].shape == (0, 2)


def test_a_label_without_a_validation_patient_who_has_it_is_called_where_it_is_plain():
    rng = np.random.default_rng(6)
    (x, y), (new, truth) = made(400, rng, signal=8.0), made(200, rng, signal=8.0)
    found = linear_probe((x, y), (rng.normal(size=(50, 12)), np.zeros((50, 2), bool)), new)
    assert ((found["test"] > 0.5) == truth).mean() > 0.9


@pytest.mark.parametrize("seen", ["validation", "all"])
def test_features_that_tell_nobody_apart_give_no_certain_probability(seen):
    rng = np.random.default_rng(7)
    (x, y), (x_validation, y_validation), (new, _) = made(90, rng), made(11, rng), made(20, rng)
    x_validation[:] = 0.1
    if seen == "all":
        x[:], new[:] = 0.1, 0.1
    shown = linear_probe((x, y), (x_validation, y_validation), new)["test"]
    assert (shown > 0.01).all() and (shown < 0.99).all()
    assert len(np.unique(shown[:, 0])) == (1 if seen == "all" else 20)


@pytest.mark.parametrize("validated", [[True, False, False], [False, False, False], []])
def test_the_order_is_that_of_the_training_patients_whatever_a_few_validation_patients_say(validated):
    x, y = np.arange(20.0)[:, None], np.arange(20)[:, None] >= 12
    at = np.linspace(0, 19, len(validated))[:, None]  # who has the lowest value is the one with the label
    found = linear_probe((x, y), (at, np.array(validated, bool)[:, None]), np.array([[3.0], [9.0], [15.0]]))
    assert (np.diff(found["test"][:, 0]) > 0).all() and ((found["test"] > 0) & (found["test"] < 1)).all()


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
