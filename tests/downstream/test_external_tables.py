import numpy as np
import pandas as pd

from selip_core.downstream import external_tables as tables


def test_a_mask_on_the_other_side_is_told_and_midline_is_not_asked():
    positions = pd.DataFrame({"patient_id": list("abc"), "right_mm": [9.0, -8.0, 1.0], "anterior_mm": [20.0, 10.0, 0.0],
                              "up_mm": [5.0, 15.0, 0.0]})  # fmt: skip
    codes = pd.DataFrame({"patient_id": list("abc"), "institution": "CS", "side": ["right", "right", "midline"],
                          "lobe": ["frontal lobe", "frontal lobe", ""], "grade": "G2"})  # fmt: skip
    found = tables.sides_of_masks(positions, codes)
    assert found["agrees"].tolist() == [True, False, None]
    assert tables.lobes_of_masks(found).to_numpy().tolist() == [["frontal lobe", 15.0, 10.0, 2]]


def percentiles(shift):
    rng = np.random.default_rng(0)
    rows = [
        {"method": method, "seed": seed, "patient_id": f"P{i:02d}", "sequence": sequence,
         "percentile": float(np.clip(rng.uniform(0, 0.6) + shift * (method == "SeLIP"), 0, 1))}
        for method in ("CLIP", "SeLIP") for seed in (0, 1) for i in range(30) for sequence in ("FLAIR", "T1")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_a_difference_in_percentile_is_found_and_no_difference_is_not():
    table = tables.percentile_table(percentiles(0.3), samples=200, seed=0)
    assert table["method"].tolist() == ["CLIP", "SeLIP"] and table["patients"].tolist() == [30, 30]
    assert table["percentile"].iloc[1] - table["percentile"].iloc[0] > 0.2
    found = tables.percentile_differences(percentiles(0.3), samples=200, seed=0)
    assert found["comparison"].tolist() == ["SeLIP − CLIP"] and found["low"].iloc[0] > 0 and found["p"].iloc[0] < 0.01
    none = tables.percentile_differences(percentiles(0.0), samples=200, seed=0)
    assert none["low"].iloc[0] < 0 < none["high"].iloc[0]


def test_the_worth_of_pretraining_is_told_by_share():
    rows = [
        ("CLIP − scratch", 0.05, 0.05, 0.01), ("CLIP − scratch", 1.0, 0.01, 0.3),
        ("SeLIP − scratch", 0.05, -0.15, 0.04), ("SeLIP − CLIP", 0.05, 0.15, 0.001),
    ]  # fmt: skip
    told = tables.worth_of_pretraining(pd.DataFrame(rows, columns=["comparison", "fraction", "difference", "p_holm"]))
    assert told == [
        "CLIP: better than from scratch at 5% of the training patients.",
        "SeLIP: worse at 5% of the training patients.",
    ]


def test_heads_left_in_their_own_place_are_counted_and_no_scale_is_told_of_them():
    registered = pd.DataFrame({
        "sequence": ["T1"] * 3 + ["FLAIR"], "scale": [1.0, 1.1, 1.0, 1.0], "doubt": ["", "", "lost", "lost"],
    })  # fmt: skip
    table = tables.placed_heads(registered)
    assert table[["sequence", "heads", "in_own_place"]].to_numpy().tolist() == [["T1", 2, 1], ["FLAIR", 0, 1]]
    assert table["scale_high"].iloc[0] > 1.09 and table["scale_high"].isna().iloc[1]
