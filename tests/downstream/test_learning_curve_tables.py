"""The tables of the learning curves: one row a measure, method and share, and differences at each."""

import numpy as np
import pandas as pd
import pytest

from selip_core.downstream.ablation_tables import PROBE
from selip_core.downstream.learning_curve_tables import (
    labels_of_all_shares,
    learning_curve_differences,
    learning_curves,
    said_of_labels,
)
from selip_core.downstream.learning_curves import FEW_LABELS
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


def predictions():
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
                        "examples": 5,
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


def test_a_label_without_an_example_at_some_share_counts_at_none():
    """Label "b", which all tell, has none at the smaller share in one seed: the curve is of "a" at both shares."""
    made = predictions()
    made.loc[(made["label"] == "b") & (made["fraction"] < 1) & (made["seed"] == 1), "examples"] = 0
    table = learning_curves(values(), made, PATIENTS, **DRAWING)
    whole = learning_curves(values(), made[made["label"] == "a"], PATIENTS, **DRAWING)
    pd.testing.assert_frame_equal(table, whole)
    assert table.set_index("measure")["labels"]["probe"].eq(1).all() and table["labels"].isna().any()
    assert set(learning_curve_differences(values(), made, PATIENTS, **DRAWING)["labels"].dropna()) == {1}
    assert said_of_labels(made).startswith("“probe” is of 1 labels at every share: 1 of 2 dropped, of which some share")
    assert learning_curves(values(), predictions(), PATIENTS, **DRAWING)["labels"].max() == 2
    assert said_of_labels(predictions()) == "" and labels_of_all_shares(predictions()) == {"probe": ["a", "b"]}


def test_a_probe_of_all_patients_that_stands_under_two_names_is_corrected_for_once():
    few = predictions().assign(measure=FEW_LABELS)
    both = pd.concat([predictions().assign(measure=PROBE), few], ignore_index=True)
    table = learning_curve_differences(values(), both, PATIENTS, **DRAWING)
    shares = table.groupby("measure")["fraction"].unique().map(sorted).to_dict()
    assert shares == {"findings recall@10": [0.25, 1.0], PROBE: [0.25, 1.0], FEW_LABELS: [0.25]}
    assert table["p_holm"].min() == pytest.approx(table["p"].min() * len(table))
    curves = learning_curves(values(), both, PATIENTS, **DRAWING)
    assert set(curves.loc[curves["measure"] == FEW_LABELS, "fraction"]) == {0.25, 1.0}  # the figure has it


def test_without_labels_there_are_no_probes():
    nothing = pd.DataFrame(columns=["measure"])
    table = learning_curves(values(), nothing, PATIENTS, **DRAWING)
    assert set(table["measure"]) == {"findings recall@10"}
    assert len(learning_curve_differences(values(), nothing, PATIENTS, **DRAWING)) and said_of_labels(nothing) == ""
