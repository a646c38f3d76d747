"""What each patient adds to a difference, and what a study would need."""

import numpy as np
import pandas as pd
import pytest

from selip_core.downstream.power_tables import (
    RETRIEVAL,
    auc_differences,
    classification_differences,
    dice_differences,
    named,
    needs_in_figure,
    needs_table,
    power_curve_table,
    recall_differences,
)
from selip_core.metrics.classification import auc, auc_influence
from selip_core.pretraining.methods import SOFT_PAIRS


def test_the_mean_of_what_patients_add_is_the_auc():
    rng = np.random.default_rng(0)
    truth, scores = rng.random(50) < 0.3, rng.normal(size=50).round(1)
    assert auc_influence(truth, scores).mean() == pytest.approx(auc(truth, scores))


def test_their_spread_is_that_of_the_auc_in_repeated_studies():
    rng, areas, errors = np.random.default_rng(1), [], []
    for _ in range(1500):
        truth = np.arange(120) < 40
        scores = truth + rng.normal(size=120)
        areas.append(auc(truth, scores))
        errors.append(auc_influence(truth, scores).std() / np.sqrt(120))
    assert np.mean(errors) == pytest.approx(np.std(areas), rel=0.06)


def predictions():
    rng, rows = np.random.default_rng(2), []
    for method, signal in (("scratch", 0.2), ("SeLIP", 2.0)):
        for seed in (0, 1):
            for label in ("a", "b"):
                truth = np.arange(30) % 3 == 0
                scores = signal * truth + rng.normal(size=30)
                rows.append(pd.DataFrame({
                    "method": method, "seed": seed, "patient_id": [f"P{i}" for i in range(30)], "label": label,
                    "truth": truth, "score": scores, "predicted": scores > 0,
                }))  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def test_auc_differences_average_to_the_difference():
    table = predictions()
    differences = auc_differences(table, "scratch", "SeLIP")
    areas = table.groupby(["method", "seed", "label"])[["truth", "score"]].apply(lambda p: auc(p["truth"], p["score"]))
    expected = areas["SeLIP"].mean() - areas["scratch"].mean()
    assert differences.shape == (30, 2) and differences.mean() == pytest.approx(expected)


def test_what_06_did_not_score_is_not_foretold_from():
    learnt = predictions().assign(task="kinds", approach="probe", fraction=0.1, examples=3, data_source="made")
    zero = learnt.assign(approach="zero-shot")
    missed = learnt.assign(label="c", examples=[0, *[2] * (len(learnt) - 1)])
    found = classification_differences(pd.concat([learnt, zero, missed]), "kinds")
    assert list(found) == ["kinds, probe, 10%, SeLIP − scratch"]
    values, source = found["kinds, probe, 10%, SeLIP − scratch"]
    assert source == "made" and np.array_equal(values, auc_differences(learnt, "scratch", "SeLIP"))
    assert classification_differences(learnt.assign(not_scored="too few"), "kinds") == {}
    assert list(classification_differences(learnt.assign(not_scored=np.nan), "kinds")) == list(found)


def test_recall_and_dice_differences_have_a_row_a_patient():
    runs = [("CLIP", 0, 20), ("CLIP", 1, 20), ("SeLIP", 0, 1), ("SeLIP", 1, 1)]
    rows = [(q, f"P{q // 2}", method, seed, rank) for q in range(6) for method, seed, rank in runs]
    queries = pd.DataFrame(rows, columns=["query", "patient_id", "method", "seed", "rank"])
    queries = queries.assign(direction="image to text", gallery=50, n_relevant=1)
    assert recall_differences(queries, "CLIP", "SeLIP").tolist() == [[1, 1]] * 3
    results = pd.DataFrame(
        [("P0", m, s, d) for m, d in (("scratch", 0.2), ("SeLIP", 0.5)) for s in (0, 1)],
        columns=["patient_id", "method", "seed", "dice"],
    )
    assert dice_differences(results, "scratch", "SeLIP") == pytest.approx(np.array([[0.3, 0.3]]))


def test_needs_and_curves_go_together():
    rng = np.random.default_rng(3)
    needs = needs_table({"large": (0.2 + 0.3 * rng.normal(size=(60, 3)), "a test"), "few": (np.ones((4, 2)), "b")})
    assert needs["power"][0] > 0.95 and needs["data_source"].tolist() == ["a test", "b"]
    assert np.isnan(needs["power"][1]) and needs["note"][1] == "4 patients: fewer than 10, nothing foretold"
    curves = power_curve_table(needs)
    assert set(curves["seeds"]) == {1, 3, 5, 10} and set(curves["comparison"]) == {"large"}
    assert curves.groupby("seeds")["power"].apply(lambda p: p.is_monotonic_increasing).all()


def test_the_figure_has_the_soft_targets_first_and_the_largest_other():
    names = [named(measure, *pair) for measure in reversed(RETRIEVAL) for pair in reversed(SOFT_PAIRS)]
    rows = [(name, 0.01) for name in names] + [("a, SeLIP − scratch", 0.1), ("b, CLIP − scratch", -0.3), ("c", np.nan)]
    needs = pd.DataFrame(rows, columns=["comparison", "difference"]).assign(data_source="a test")
    soft = [named(RETRIEVAL[0], *pair) for pair in SOFT_PAIRS]
    assert needs_in_figure(needs)["comparison"].tolist() == [*soft, "b, CLIP − scratch"]
    needs.loc[needs["comparison"].isin(soft), "difference"] = np.nan  # no sentence with findings
    of_all = [named(RETRIEVAL[1], *pair) for pair in SOFT_PAIRS]
    assert needs_in_figure(needs)["comparison"].tolist() == [*of_all, "b, CLIP − scratch"]
    assert needs_in_figure(needs.iloc[:0]).empty and needs_in_figure(needs_table({})).empty


def test_nothing_to_foretell_is_an_empty_table():
    needs = needs_table({})
    assert list(needs.columns)[:2] == ["comparison", "difference"] and power_curve_table(needs).empty
    one_class = predictions().assign(truth=True)
    assert auc_differences(one_class, "scratch", "SeLIP").shape == (0, 2)
