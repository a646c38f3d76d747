"""Learning curves are of the patients of each share, and of nobody else."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from selip_core.config import AblationSettings, SegmentationSettings
from selip_core.downstream import learning_curves
from selip_core.downstream.ablation import plan_runs
from selip_core.downstream.ablation_tables import PROBE
from selip_core.downstream.classification import ClassificationTask
from selip_core.downstream.learning_curves import (
    FEW_LABELS,
    dice_values,
    patients_by_share,
    share_models,
    share_patients,
    share_probes,
    share_segmentation,
    share_values,
)
from selip_core.downstream.measured import FINDINGS_RECALL, MEASURED
from selip_core.downstream.segmentation_data import Cases
from selip_core.metrics.yardsticks import CONSTANT
from selip_core.pretraining.methods import PRETRAINED
from tests.helpers.small_runs import tiny_pairs, tiny_settings

CPU = torch.device("cpu")


@pytest.fixture
def plans(tmp_path):
    settings = AblationSettings(variants=("best matching",), fractions=(0.5, 0.25), fraction_seeds=2, fewest_steps=1)
    return plan_runs(settings, tiny_settings(), [0, 1], shared=tmp_path / "shared", own=tmp_path / "own")


def test_a_share_has_its_own_patients_in_each_seed_and_the_smaller_lies_in_the_larger(plans):
    train = tiny_pairs()
    few, more = (share_patients(plans, f, train) for f in (0.25, 0.5))
    assert set(few) == {0, 1} and few[0] != few[1]
    assert all(few[s] < more[s] for s in few)
    assert patients_by_share(plans, train) == {0.25: 12, 0.5: 24, 1.0: 48}
    assert list(share_models(plans, 0.5)) == [(m, s) for s in (0, 1) for m in PRETRAINED]
    assert ("best matching", 0) not in share_models(plans, 1.0)


def test_the_constant_answer_of_a_share_knows_the_sentences_of_its_patients_alone(plans, monkeypatch):
    """A sentence that no patient of the share has is found by the order of ties only."""
    monkeypatch.setattr(learning_curves, "evaluate_runs", _only_constant(learning_curves.evaluate_runs))
    train, test = tiny_pairs(), tiny_pairs(24)
    found = share_values(plans, 0.25, train, test, device=CPU)
    assert set(found["seed"]) == {0, 1} and set(found["method"]) == {CONSTANT}
    assert set(found["measure"]) == set(MEASURED) and set(found["fraction"]) == {0.25}
    ranks = found[found["measure"] == "mean reciprocal rank"].set_index(["seed", "query"])["value"]
    for seed, patients in share_patients(plans, 0.25, train).items():
        known = {text for text, patient in zip(train.texts, train.patients, strict=True) if patient in patients}
        seen = np.array([text in known for text in test.texts])
        assert seen.any() and not seen.all()
        assert ranks[seed][seen].mean() > 2 * ranks[seed][~seen].mean()
    whole = share_values(plans, 1.0, train, test, device=CPU)
    assert set(whole["seed"]) == {0} and FINDINGS_RECALL in set(whole["measure"])


def _only_constant(evaluate):
    def evaluated(models, pairs, **options):
        if "train" in options:
            assert options["flip"] is False  # as the runs of `tiny_settings`
            return evaluate({}, pairs, **options)
        return evaluate({}, pairs, device=CPU, train=tiny_pairs()).head(0)

    return evaluated


def test_few_labels_are_those_of_the_shares_patients(monkeypatch):
    rng = np.random.default_rng(0)
    patients = [f"P{i:02d}" for i in range(60)]
    truth = pd.DataFrame({"a": rng.random(60) < 0.5}, index=patients)
    parts = {"train": np.arange(40), "validation": np.arange(40, 50), "test": np.arange(50, 60)}
    index = pd.DataFrame({"row": range(60), "patient_id": patients, "sequence": "T1"})
    task = ClassificationTask(np.zeros((60, 1, 2, 2, 2)), index, truth, parts, np.zeros(60), "")
    features = {(m, s): rng.normal(size=(60, 3)) for m in ("CLIP", "SeLIP") for s in (0, 1)}
    monkeypatch.setattr(learning_curves, "series_features", lambda *args, **options: features)
    chosen = {0: {"P01", "P03", "P05", "P55"}, 1: set(patients[:20])}
    found = share_probes(dict.fromkeys(features, Path()), task, chosen, 0.25, device=CPU)
    one = found.drop_duplicates(["measure", "method", "seed"]).set_index(["measure", "method", "seed"])["examples"]
    assert set(found["fraction"]) == {0.25}
    assert one[PROBE, "CLIP", 0] == truth["a"].iloc[:40].sum()
    assert one[FEW_LABELS, "CLIP", 0] == truth["a"].iloc[[1, 3, 5]].sum()  # of P55, a test patient, nothing is learnt
    assert one[FEW_LABELS, "SeLIP", 1] == truth["a"].iloc[:20].sum()


def test_segmentation_of_a_share_learns_from_the_masks_of_its_patients(monkeypatch):
    taken = []

    def results(models, parts, regions, settings, *, task, **about):
        taken.append((list(models), parts["train"].patients, settings.fractions, task))
        rows = [(m, s, "Q", 0, regions[0], task, 0.5, 1.0) for m, s in models]
        columns = ["method", "seed", "patient_id", "case", "region", "task", "dice", "fraction"]
        return pd.DataFrame(rows, columns=columns), {}

    monkeypatch.setattr(learning_curves, "segmentation_results", results)
    cases = Cases(np.zeros((4, 1, 2, 2, 2)), np.zeros((4, 1, 2, 2, 2), bool), list("ABCD"))
    parts = {"train": cases, "validation": cases, "test": cases}
    models = {("CLIP", 0): Path(), ("CLIP", 1): Path()}
    found = share_segmentation(models, {"tumour": parts}, {0: {"A"}, 1: {"B", "C"}}, 0.25, SegmentationSettings())
    assert taken == [([("CLIP", 0)], ["A"], (1.0,), "tumour"), ([("CLIP", 1)], ["B", "C"], (1.0,), "tumour")]
    assert dice_values(found)[["measure", "value", "fraction"]].values.tolist() == [["tumour, Dice", 0.5, 0.25]] * 2
    nothing = share_segmentation(models, {"tumour": parts}, {0: {"A"}, 1: {"Z"}}, 0.25, SegmentationSettings())
    assert nothing.empty and dice_values(nothing).empty  # a target is told in all seeds or in none
