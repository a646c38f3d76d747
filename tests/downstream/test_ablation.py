"""The ablation: what is run, on whom, and what its tables say."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from selip_core.config import AblationSettings
from selip_core.downstream.ablation import plan_runs, run_plan
from selip_core.downstream.ablation_tables import gap_table, recall_by_disagreement, text_disagreement, variant_scores
from selip_core.errors import SelipError
from selip_core.metrics.classification import DELONG
from selip_core.metrics.resampling import SIGN_FLIPS
from selip_core.pretraining.methods import PRETRAINED, VARIANTS
from selip_core.similarity.scores import ReportCorpus
from tests.helpers.small_runs import TEXTS, fresh_model, tiny_pairs, tiny_settings


def plans(tmp_path, **changes):
    settings = AblationSettings(**{"variants": ("best matching",), "n_seeds": 2, "fractions": (0.5,)} | changes)
    return plan_runs(settings, [4, 5, 6], shared=tmp_path / "shared", own=tmp_path / "own")


def test_what_04_trains_is_shared_and_every_variant_has_the_same_seeds(tmp_path):
    made = plans(tmp_path)
    whole = [(p.variant, p.seed) for p in made if p.fraction == 1]
    assert whole == [(v, s) for s in (4, 5) for v in (*PRETRAINED, "best matching")]
    assert {p.directory.parent.name for p in made if p.variant == "CLIP" and p.fraction == 1} == {"shared"}
    few = [p for p in made if p.fraction < 1]
    assert [(p.variant, p.seed) for p in few] == [(m, 4) for m in PRETRAINED]
    assert len({p.directory for p in made}) == len(made) and {p.directory.parent.name for p in few} == {"own"}


def test_an_unknown_variant_is_named(tmp_path):
    with pytest.raises(ValueError, match="unknown variant 'harder'"):
        plans(tmp_path, variants=("harder",))


def test_all_variants_can_be_asked_for_at_once(tmp_path):
    made = plans(tmp_path, variants="all", n_seeds=1, fractions=())
    assert [p.variant for p in made] == list(VARIANTS)
    assert made[-1].directory.name == "fixed_temperature_seed4"


def test_a_run_is_trained_once_and_variants_differ(tmp_path):
    start = fresh_model().save_pretrained(tmp_path / "start")
    pairs, cpu = tiny_pairs(), torch.device("cpu")
    made = {p.variant: replace(p, shared=False) for p in plans(tmp_path, n_seeds=1, fractions=())}
    steps, validations = run_plan(made["SeLIP"], start, pairs, pairs, tiny_settings(), device=cpu)
    smooth, _ = run_plan(made["label smoothing"], start, pairs, pairs, tiny_settings(), device=cpu)
    assert steps["clip"].iloc[0] == smooth["clip"].iloc[0] and steps["clip"].iloc[-1] != smooth["clip"].iloc[-1]
    assert set(validations["variant"]) == {"SeLIP"} and {"loss", "train_loss"} <= set(validations)
    written = (made["SeLIP"].directory / "last" / "state.json").stat().st_mtime_ns
    again, _ = run_plan(made["SeLIP"], start, pairs, pairs, tiny_settings(), device=cpu)
    pd.testing.assert_frame_equal(steps, again)
    assert (made["SeLIP"].directory / "last" / "state.json").stat().st_mtime_ns == written
    shared = replace(made["SeLIP"], shared=True)
    pd.testing.assert_frame_equal(steps, run_plan(shared, start, pairs, pairs, tiny_settings(), device=cpu)[0])
    with pytest.raises(SelipError, match="run 04_pretraining again"):
        run_plan(shared, start, pairs, pairs, tiny_settings(learning_rate_image=1e-3), device=cpu)
    assert (made["SeLIP"].directory / "last" / "state.json").stat().st_mtime_ns == written


def queries(n=60, seed=0):
    """Two variants and SeLIP; one variant is much worse."""
    rng = np.random.default_rng(seed)
    tables = []
    for method, limit in (("SeLIP", 30), ("best matching", 30), ("CLIP", 200)):
        for run in (0, 1):
            tables.append(pd.DataFrame({
                "direction": "image to text", "query": range(n), "patient_id": [f"P{i // 2}" for i in range(n)],
                "rank": rng.integers(1, limit, n), "n_relevant": 1, "gallery": 300, "normal": False, "method": method,
                "seed": run,
            }))  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def test_variants_are_held_against_selip():
    table = variant_scores(queries(), None, samples=300, seed=0).set_index("variant")
    ranks = queries().query("method == 'CLIP'")["rank"]
    assert table.loc["CLIP", "value"] == pytest.approx((ranks <= 10).mean())
    assert np.isnan(table.loc["SeLIP", "difference"]) and np.isnan(table.loc["SeLIP", "p_holm"])
    assert table.loc["CLIP", "difference"] < 0 and table.loc["CLIP", "p_holm"] < 0.05
    assert table.loc["CLIP", "p_holm"] == pytest.approx(min(1, 2 * table.loc["CLIP", "p"]))


def test_every_p_value_names_its_test():
    labels = pd.DataFrame({"patient_id": [f"P{i}" for i in range(40)], "truth": [True, False] * 20, "label": "lacune"})
    rng = np.random.default_rng(0)
    probes = pd.concat([
        labels.assign(method=method, seed=0, score=rng.random(40), predicted=True)
        for method in ("SeLIP", "CLIP")
    ])  # fmt: skip
    found = variant_scores(queries().query("method != 'best matching'"), probes, samples=100, seed=0)
    assert found.set_index(["variant", "score"])["test"].to_dict() == {
        ("SeLIP", "recall"): "", ("CLIP", "recall"): SIGN_FLIPS, ("SeLIP", "probe"): "", ("CLIP", "probe"): DELONG,
    }  # fmt: skip
    assert (found["test"] == "").equals(found["p"].isna())


def test_disagreement_is_the_mean_distance_of_syntax_and_semantics():
    texts = TEXTS[:4]
    parts = [ReportCorpus(texts, kind=k).similarity().numpy() for k in ("syntax", "semantic")]
    expected = [np.mean([abs(parts[0][i, j] - parts[1][i, j]) for j in range(4) if j != i]) for i in range(4)]
    assert text_disagreement(texts) == pytest.approx(expected, abs=1e-6)


def test_recall_by_disagreement_has_groups_of_equal_size():
    texts = [TEXTS[i % len(TEXTS)] for i in range(60)]
    table = recall_by_disagreement(queries(), texts, samples=100, seed=0)
    assert table.groupby("method")["queries"].apply(list).map(sorted).tolist() == [[20, 20, 20]] * 3
    assert table.drop_duplicates("group")["disagreement"].is_monotonic_increasing


def test_the_gap_is_of_the_last_step_and_spans_the_seeds():
    table = pd.DataFrame(
        [("CLIP", s, 0.5, step, 3.0 + s, 2.0, 0.1 * step) for s in (0, 1) for step in (1, 2)],
        columns=["variant", "seed", "fraction", "step", "loss", "train_loss", "recall_at_10"],
    )
    row = gap_table(table, 100).iloc[0]
    assert (row["training_patients"], row["gap"], row["low"], row["high"], row["runs"]) == (50, 1.5, 1, 2, 2)
    assert row["best_recall_at_10"] == pytest.approx(0.2)
