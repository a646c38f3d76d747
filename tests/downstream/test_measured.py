"""The long table of measures: what goes in, and what is said of it."""

import numpy as np
import pandas as pd
import pytest

from selip_core.downstream.measured import (
    FINDINGS_RECALL,
    MEASURED,
    VALUES,
    difference_between,
    estimate_of,
    measured_queries,
)
from selip_core.metrics.yardsticks import CONSTANT


def queries(gallery=50):
    """Two seeds of CLIP and three orders of the constant answer's ties; every second query has findings."""
    tables = []
    for method, seeds in (("CLIP", (4, 5)), (CONSTANT, (0, 1, 2))):
        for seed in seeds:
            table = pd.DataFrame({"query": range(24), "patient_id": [f"P{i // 2}" for i in range(24)]})
            table = table.assign(direction="image to text", method=method, seed=seed, gallery=gallery)
            tables.append(table.assign(**dict.fromkeys(MEASURED, seed * 1.0 + table["query"])))
    table = pd.concat([*tables, tables[0].assign(direction="text to image")], ignore_index=True)
    table.loc[table["query"] % 2 == 0, FINDINGS_RECALL] = np.nan
    return table


def test_queries_become_one_row_a_measure_method_and_seed():
    found = measured_queries(queries())
    assert found.columns.tolist() == VALUES and set(found["measure"]) == set(MEASURED)
    clip = found[(found["method"] == "CLIP") & (found["measure"] == "recall@10")]
    assert len(clip) == 48 and clip["value"].mean() == 4.5 + 11.5


def test_the_orders_of_the_constant_answers_ties_are_averaged():
    constant = measured_queries(queries()).query("method == @CONSTANT and measure == 'recall@10'")
    assert len(constant) == 24 and (constant["value"] == 1 + constant["query"]).all()


def test_a_measure_leaves_out_queries_that_it_does_not_apply_to():
    found = measured_queries(queries()).query("measure == @FINDINGS_RECALL")
    assert set(found["query"] % 2) == {1}


def one(method="CLIP", seeds=(0, 1), shift=0.0, gallery=50):
    rng, cells = np.random.default_rng(0), [(s, q) for s in seeds for q in range(30)]
    rows = [("recall@10", method, s, q, f"P{q // 2}", gallery, rng.random() + shift * s) for s, q in cells]
    return pd.DataFrame(rows, columns=VALUES)


def test_a_recall_in_a_gallery_of_ten_is_withheld():
    assert np.isnan(estimate_of(one(gallery=10), samples=100, seed=0).value)
    assert "not reported" in difference_between(one(gallery=10), one(gallery=10), samples=100, seed=0).note


def test_a_difference_is_of_the_seeds_that_both_have():
    more = pd.concat([one(), one(seeds=(2,)).assign(value=99.0)])
    assert difference_between(one(), more, samples=100, seed=0).value == 0
    assert difference_between(one(), one(seeds=(1, 2)).assign(value=2.0), samples=100, seed=0).value == pytest.approx(
        2 - one().query("seed == 1")["value"].mean()
    )


def test_the_constant_answer_is_held_against_all_seeds():
    constant = one(CONSTANT, seeds=(7,)).assign(value=0.0)
    found = difference_between(constant, one(shift=1.0), samples=100, seed=0)
    assert found.value == pytest.approx(one(shift=1.0)["value"].mean()) and found.low > 0
