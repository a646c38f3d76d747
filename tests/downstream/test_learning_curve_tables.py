"""The tables of the learning curves: one row a measure, method and share, and differences at each."""

import numpy as np
import pandas as pd
import pytest

from selip_core.downstream.learning_curve_tables import learning_curve_differences, learning_curves
from selip_core.downstream.measured import VALUES
from selip_core.metrics.classification import DELONG
from selip_core.metrics.resampling import SIGN_FLIPS
from selip_core.metrics.yardsticks import CONSTANT
from selip_core.pretraining.methods import PAIRS, PRETRAINED

PATIENTS, DRAWING = {0.25: 10, 1.0: 40}, {"samples": 100, "seed": 0}
GOOD = PRETRAINED[-1]


def values():
    rng, rows = np.random.default_rng(0), []
    for method in (CONSTANT, *PRETRAINED):
        for f in PATIENTS:
            for s in (0, 1):
                found = rng.random(40) + (method == GOOD and f < 1)
                rows += [("findings recall@10", method, s, q, f"P{q // 2}", 60, v, f) for q, v in enumerate(found)]
    return pd.DataFrame(rows, columns=[*VALUES, "fraction"])


def predictions(examples=5):
    rng, rows = np.random.default_rng(1), []
    for method in PRETRAINED:
        for f in PATIENTS:
            for s in (0, 1):
                for label in ("a", "b"):
                    truth = np.arange(40) % 3 == 0
                    rows.append(pd.DataFrame({
                        "measure": "probe", "method": method, "seed": s, "fraction": f, "label": label, "truth": truth,
                        "patient_id": [f"P{i}" for i in range(40)], "predicted": truth,
                        "score": rng.normal(size=40) + 2.0 * truth * (method == GOOD or label == "b"),
                        "examples": examples if label == "b" and f < 1 else 5,
                    }))  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def test_every_method_has_each_measure_at_each_share_and_the_constant_answer_those_of_retrieval():
    table = learning_curves(values(), predictions(), PATIENTS, **DRAWING)
    counted = table.groupby(["measure", "fraction"])["method"].apply(list).to_dict()
    assert counted["findings recall@10", 0.25] == [CONSTANT, *PRETRAINED] and counted["probe", 1.0] == [*PRETRAINED]
    assert dict(zip(table["fraction"], table["training_patients"], strict=True)) == PATIENTS
    row = table[(table["method"] == GOOD) & (table["fraction"] == 0.25)].iloc[0]
    assert row["value"] == pytest.approx(values().query("method == @GOOD and fraction == 0.25")["value"].mean())
    assert (row["queries"], row["patients"], row["seeds"]) == (40, 20, 2) and row["low"] < row["value"] < row["high"]


def test_differences_are_of_what_is_pretrained_and_corrected_over_the_table():
    table = learning_curve_differences(values(), predictions(), PATIENTS, **DRAWING)
    compared = [f"{second} − {first}" for first, second in PAIRS if first in PRETRAINED]
    assert table.groupby(["measure", "fraction"])["comparison"].apply(list).tolist() == [compared] * 4
    tests = {"findings recall@10": SIGN_FLIPS, "probe": DELONG}
    assert (table["test"] == table["measure"].map(tests)).all()
    smallest = table["p"].min()
    assert table["p_holm"].min() == pytest.approx(smallest * len(table))
    few = table[(table["fraction"] == 0.25) & (table["measure"] != "probe")]
    assert few[few["comparison"].str.startswith(GOOD)]["difference"].gt(0.5).all()
    assert len(few["by_seed"].iloc[0].split(", ")) == 2


def test_a_label_without_an_example_in_a_share_is_scored_there_for_no_method():
    table = learning_curves(values(), predictions(examples=0), PATIENTS, **DRAWING)
    probe = table[(table["measure"] == "probe") & (table["method"] == PRETRAINED[0])].set_index("fraction")["value"]
    assert probe[0.25] < 0.65 < probe[1.0]  # label "b", which all tell, counts on all patients only


def test_without_labels_there_are_no_probes():
    nothing = pd.DataFrame(columns=["measure"])
    table = learning_curves(values(), nothing, PATIENTS, **DRAWING)
    assert set(table["measure"]) == {"findings recall@10"}
    assert len(learning_curve_differences(values(), nothing, PATIENTS, **DRAWING))
