"""A map known by hand gets the score known by hand, and the controls are what they say."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import spearmanr

from selip_core.inspection.saliency_cases import FindingCases
from selip_core.inspection.saliency_tables import (
    ALL_SITES,
    OTHER,
    RANDOMISED,
    SHUFFLES,
    TRAINED,
    localisation,
    randomise,
    rank_correlation,
    saliency_controls,
    saliency_results,
    saliency_table,
)
from selip_core.metrics.resampling import SIGN_FLIPS
from tests.helpers.data import SENTENCES, SHAPE

SPACING = (8.0, 4.0, 4.0)


def test_localisation_by_hand():
    saliency = np.array([[[4.0, 1.0, 3.0, 100.0]]])
    mask, inside = np.array([[[1, 0, 0, 0]]], bool), np.array([[[1, 1, 1, 0]]], bool)
    assert localisation(saliency, mask, inside) == {"share": 0.5, "chance": pytest.approx(1 / 3), "hit": True}
    missed = localisation(saliency, np.roll(mask, 1), inside)
    assert missed["share"] == 0.125 and missed["hit"] is False
    assert localisation(0 * saliency, mask, inside)["share"] == 0


def test_rank_correlation_is_spearmans():
    rng = np.random.default_rng(0)
    first = rng.integers(0, 5, 40).astype(float)  # with ties
    second = first + rng.normal(0, 2, 40)
    assert rank_correlation(first, second) == pytest.approx(spearmanr(first, second).statistic)
    assert np.isnan(rank_correlation(first, np.ones(40)))


def test_a_randomised_copy_has_the_same_values_elsewhere(tiny_model, device):
    model = tiny_model.to(device)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    found = randomise(model, seed=0)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    moved = 0
    for name, tensor in found.state_dict().items():
        assert torch.equal(tensor.flatten().sort().values, before[name].flatten().sort().values)
        moved += not torch.equal(tensor, before[name])
    constant = sum(int(tensor.unique().numel() == 1) for tensor in before.values())
    templates = {name for name in before if name.startswith("image_encoder.templates.")}
    assert templates and all(torch.equal(found.state_dict()[name], before[name]) for name in templates)
    assert moved >= len(before) - constant - len(templates) - 1  # position numbers are no weights
    again = randomise(model, seed=0).state_dict()
    assert all(torch.equal(tensor, again[name]) for name, tensor in found.state_dict().items())


def some_cases(n=4):
    """Findings of two patients; the volume is a head in air."""
    rng = np.random.default_rng(0)
    volumes = np.full((n, 1, *SHAPE), -3.0, np.float16)
    volumes[:, :, :, 2:14, 2:14] = rng.normal(0, 0.3, (n, 1, SHAPE[0], 12, 12))
    masks = np.zeros((n, *SHAPE), bool)
    masks[:, 1:3, 6:9, 6:10] = True
    table = pd.DataFrame({
        "patient_id": ["A", "A", "B", "B"], "study_id": ["A", "A", "B", "B"], "sequence": ["T1", "T2", "T1", "FLAIR"],
        "site": ["额叶", "丘脑", "额叶", "额叶"], "side": "左侧", "text": [SENTENCES[0], SENTENCES[1]] * 2,
        "row": range(n),
    })  # fmt: skip
    return FindingCases(table, masks, pd.DataFrame()), volumes


def test_results_have_a_row_a_case_and_map(tiny_model, device):
    cases, volumes = some_cases()
    results = saliency_results(tiny_model.to(device), cases, volumes, spacing_mm=SPACING, progress=False)
    assert results["map"].value_counts().to_dict() == {TRAINED: 4, RANDOMISED: 4, OTHER: 2}  # T1 alone is of both
    own = results[results["map"] == TRAINED]
    assert np.allclose(own["rank_correlation"], 1) and (own["share"] > 0).all()
    randomised = results.loc[results["map"] == RANDOMISED, "rank_correlation"]
    assert (randomised < 0.9).all()
    assert results.groupby("case")["chance"].nunique().eq(1).all()


def test_another_patients_map_is_of_the_other_volume(tiny_model, monkeypatch):
    seen = []

    def spy(model, volumes, texts):
        seen.append([(float(volume.sum()), text) for volume, text in zip(volumes, texts, strict=True)])
        return np.ones((len(texts), *SHAPE), np.float32)

    monkeypatch.setattr("selip_core.inspection.saliency_tables.saliency_of_pairs", spy)
    cases, volumes = some_cases()
    results = saliency_results(tiny_model, cases, volumes, spacing_mm=SPACING, progress=False)
    sums = [float(v.astype(np.float32).sum()) for v in volumes]
    own = list(zip(sums, cases.table["text"], strict=True))
    others = [(sums[2], SENTENCES[0]), (sums[0], SENTENCES[0])]  # T1 alone is of both patients
    assert seen == [own] * (SHUFFLES + 1) + [others]
    assert np.allclose(results["share"], results["chance"])  # an even map is chance


def test_the_cases_of_a_pass_do_not_change_each_other(tiny_model, monkeypatch):
    cases, volumes = some_cases()
    together = saliency_results(tiny_model, cases, volumes, spacing_mm=SPACING, progress=False)
    three = 3 * int(np.prod(SHAPE)) + 1  # so that the last pass holds one
    monkeypatch.setattr("selip_core.inspection.saliency_tables._VOXELS_AT_ONCE", three)
    apart = saliency_results(tiny_model, cases, volumes, spacing_mm=SPACING, progress=False)
    pd.testing.assert_frame_equal(together, apart, rtol=1e-4)


def made_results(patients=20):
    """Shares of the model are 0.1 above chance at one site, and at chance at a rarer one; the control is at chance."""
    rows = []
    for i in range(patients):
        for site, share in (("额叶", 0.15 + 0.01 * (i % 2)), ("丘脑", 0.05)):
            if site == "丘脑" and i >= 5:
                continue
            for name, value, same in ((TRAINED, share, 1.0), (RANDOMISED, 0.05, 0.2)):
                rows.append({
                    "case": 2 * i + (site == "丘脑"), "patient_id": f"P{i}", "sequence": "T1", "site": site,
                    "side": "左侧", "map": name, "share": value, "chance": 0.05, "hit": name == TRAINED,
                    "rank_correlation": same,
                })  # fmt: skip
    return pd.DataFrame(rows)


def test_the_table_compares_with_chance_by_site():
    table = saliency_table(made_results(), samples=200, seed=0).set_index(["site", "map"])
    assert [site for site, _ in table.index][::2] == [ALL_SITES, "额叶", "丘脑"]
    frontal = table.loc["额叶", TRAINED]
    assert frontal["share"] == pytest.approx(0.155) and frontal["ratio"] == pytest.approx(3.1)
    assert frontal["low"] < 0.155 < frontal["high"] and frontal["above_low"] > 0.1 and frontal["p"] < 0.001
    assert frontal["hit"] == 1 and table.loc[ALL_SITES, TRAINED]["cases"] == 25
    few = table.loc["丘脑", TRAINED]
    assert np.isnan(few["low"]) and "5 patients" in few["note"]
    assert table.loc["额叶", RANDOMISED]["above_chance"] == pytest.approx(0)


def test_controls_are_compared_over_the_same_cases():
    results = made_results()
    kept = results[(results["map"] == TRAINED) | (results["case"] % 4 == 0)]  # the control lacks cases
    controls = saliency_controls(kept, samples=200, seed=0).set_index("site")
    assert controls.loc["额叶", "difference"] == pytest.approx(0.1)
    assert controls.loc["额叶", "cases"] == 10 and controls.loc["额叶", "rank_correlation"] == pytest.approx(0.2)
    assert controls.loc["额叶", "low"] <= 0.1 <= controls.loc["额叶", "high"]


def test_shuffled_weights_count_by_their_mean(tiny_model, monkeypatch):
    """Of the shuffles one map is all in the mask, the others nowhere: the share is one of their number."""
    cases, volumes = some_cases()
    cases = FindingCases(cases.table.iloc[:1], cases.masks[:1], cases.problems)
    maps = iter([np.ones(SHAPE), cases.masks[0], *[np.zeros(SHAPE)] * (SHUFFLES - 1)])
    of_pairs = "selip_core.inspection.saliency_tables.saliency_of_pairs"
    monkeypatch.setattr(of_pairs, lambda *_, **__: next(maps).astype(np.float32)[None])
    results = saliency_results(tiny_model, cases, volumes, spacing_mm=SPACING, progress=False).set_index("map")
    assert results.loc[RANDOMISED, "share"] == pytest.approx(1 / SHUFFLES)
    assert results.loc[RANDOMISED, "hit"] == pytest.approx(1 / SHUFFLES)
    assert results.loc[TRAINED, "share"] == pytest.approx(results.loc[TRAINED, "chance"])


def test_p_values_are_corrected_for_all_rows():
    results = made_results()
    for table in (saliency_table(results, samples=200, seed=0), saliency_controls(results, samples=200, seed=0)):
        assert (table["p_holm"].dropna() >= table["p"].dropna()).all() and (table["p_holm"] > table["p"]).any()
        assert set(table.loc[table["p"].notna(), "test"]) == {SIGN_FLIPS}
