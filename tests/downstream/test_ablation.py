"""The ablation: what is run, on whom, and what its tables say."""

import numpy as np
import pandas as pd
import pytest

from selip_core.config import AblationSettings, get_settings
from selip_core.downstream.ablation import plan_runs, share_settings
from selip_core.downstream.ablation_tables import (
    PROBE,
    SCORES,
    by_disagreement,
    gap_table,
    shown_differences,
    text_disagreement,
    variant_scores,
)
from selip_core.metrics.classification import DELONG
from selip_core.metrics.resampling import SIGN_FLIPS
from selip_core.pretraining.methods import PRETRAINED, VARIANTS
from selip_core.similarity.scores import ReportCorpus
from tests.helpers.small_runs import TEXTS, tiny_settings


def plans(tmp_path, **changes):
    settings = AblationSettings(**{"variants": ("best matching",), "fractions": (0.5,), "fewest_steps": 1} | changes)
    return plan_runs(settings, tiny_settings(), [4, 5], shared=tmp_path / "shared", own=tmp_path / "own")


def test_what_04_trains_is_shared_in_every_seed_and_variants_have_their_own_number_of_seeds(tmp_path):
    made = plans(tmp_path)
    whole = [(p.variant, p.seed) for p in made if p.fraction == 1]
    assert whole == [(v, 4) for v in (*PRETRAINED, "best matching")] + [(v, 5) for v in PRETRAINED]
    assert {p.directory.parent.name for p in made if p.variant == "CLIP" and p.fraction == 1} == {"shared"}
    few = [p for p in made if p.fraction < 1]
    assert [(p.variant, p.seed) for p in few] == [(m, 4) for m in PRETRAINED]
    assert len({p.directory for p in made}) == len(made) and {p.directory.parent.name for p in few} == {"own"}


def test_an_unknown_variant_is_named(tmp_path):
    with pytest.raises(ValueError, match="unknown variant 'harder'"):
        plans(tmp_path, variants=("harder",))


def test_all_variants_can_be_asked_for_at_once(tmp_path):
    made = [p for p in plans(tmp_path, variants="all", fractions=()) if p.seed == 4]
    assert [p.variant for p in made] == list(VARIANTS)
    assert made[-1].directory.name == "fixed_temperature_seed4"


def test_a_share_has_fewer_steps_for_all_methods_alike_and_as_many_looks_at_validation(tmp_path):
    made = plans(tmp_path, fractions=(0.25,), fraction_seeds=2)
    few = [p for p in made if p.fraction < 1]
    assert {(p.settings.steps, p.settings.warmup_steps, p.settings.validate_every) for p in few} == {(6, 2, 2)}
    assert {p.settings.steps for p in made if p.fraction == 1} == {12}
    assert [p.settings.soft_target_weight for p in few[:2]] == [0, 1]  # each with what makes it what it is


@pytest.mark.parametrize(
    ("power", "fewest", "steps"), [(0.5, 1, 250), (1, 1, 62), (0, 1, 1000), (1, 200, 200), (1, 2000, 1000)]
)
def test_steps_of_a_share_lie_between_the_fewest_and_all(power, fewest, steps):
    budget = get_settings("study", pretraining={"steps": 1000}).pretraining
    assert share_settings(budget, 1 / 16, power=power, fewest=fewest).steps == steps
    assert share_settings(budget, 1.0, power=power, fewest=fewest) == budget


def values(n=60, seed=0):
    """Two variants and SeLIP, which has a seed more; one variant is much worse, and so is the constant answer."""
    rng, tables = np.random.default_rng(seed), []
    seeds = {"SeLIP": 3, "best matching": 2, "CLIP": 2, "constant answer": 1}
    for method, limit in (("SeLIP", 30), ("best matching", 30), ("CLIP", 200), ("constant answer", 200)):
        for run in range(seeds[method]):
            tables.append(pd.DataFrame({
                "measure": "findings recall@10", "query": range(n), "patient_id": [f"P{i // 2}" for i in range(n)],
                "value": (rng.integers(1, limit, n) <= 10) * 1.0, "gallery": 300, "method": method, "seed": run,
            }))  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def test_variants_are_held_against_selip_in_the_seeds_that_both_have():
    made = values()
    table = variant_scores(made, None, samples=300, seed=0).set_index("variant")
    mean = made.groupby(["method", "seed"])["value"].mean()
    assert table.loc["CLIP", "value"] == pytest.approx(mean["CLIP"].mean())
    assert table.loc["CLIP", "difference"] == pytest.approx(mean["CLIP"].mean() - mean["SeLIP"][:2].mean())
    assert np.isnan(table.loc["SeLIP", "difference"]) and np.isnan(table.loc["SeLIP", "p_holm"])
    assert table.loc["CLIP", "difference"] < 0 and table.loc["CLIP", "p_holm"] < 0.05
    assert table.loc["CLIP", "p_holm"] >= 2 * table.loc["CLIP", "p"]
    assert table["seeds"].to_dict() == {"SeLIP": 3, "best matching": 2, "CLIP": 2, "constant answer": 1}


def test_the_figure_shows_the_differences_of_the_table():
    made = values()
    few = made.assign(measure="recall@10")
    table = variant_scores(pd.concat([made, few]), None, samples=100, seed=0)
    shown = shown_differences(table)
    assert table.columns.tolist() == SCORES and shown["variant"].tolist() == ["best matching", "CLIP"]
    both = shown.merge(table, on=["variant", "measure", "difference"])
    assert len(both) == len(shown) and set(shown["measure"]) == {"findings recall@10"}
    assert shown_differences(variant_scores(made.assign(gallery=10), None, samples=100, seed=0)).empty


def test_every_p_value_names_its_test():
    labels = pd.DataFrame({"patient_id": [f"P{i}" for i in range(40)], "truth": [True, False] * 20, "label": "lacune"})
    rng = np.random.default_rng(0)
    probes = pd.concat([
        labels.assign(method=method, seed=seed, score=rng.random(40), predicted=True)
        for method, seed in (("SeLIP", 0), ("SeLIP", 1), ("CLIP", 0))
    ])  # fmt: skip
    found = variant_scores(values().query("method in ['SeLIP', 'CLIP']"), probes, samples=100, seed=0)
    recall = "findings recall@10"
    assert found.set_index(["variant", "measure"])["test"].to_dict() == {
        ("SeLIP", recall): "", ("CLIP", recall): SIGN_FLIPS, ("SeLIP", PROBE): "", ("CLIP", PROBE): DELONG,
    }  # fmt: skip
    assert (found["test"] == "").equals(found["p"].isna())


def test_disagreement_is_the_mean_distance_of_syntax_and_semantics():
    texts = TEXTS[:4]
    parts = [ReportCorpus(texts, kind=k).similarity().numpy() for k in ("syntax", "semantic")]
    expected = [np.mean([abs(parts[0][i, j] - parts[1][i, j]) for j in range(4) if j != i]) for i in range(4)]
    assert text_disagreement(texts) == pytest.approx(expected, abs=1e-6)


def test_groups_of_disagreement_are_of_equal_size_for_every_method():
    texts = [TEXTS[i % len(TEXTS)] for i in range(60)]
    table = by_disagreement(values(), texts, samples=100, seed=0)
    assert table.groupby("method")["queries"].apply(list).map(sorted).tolist() == [[20, 20, 20]] * 4
    assert table.drop_duplicates("group")["disagreement"].is_monotonic_increasing
    mean = values().query("method == 'SeLIP'")["value"].mean()
    assert table[table["method"] == "SeLIP"]["recall"].mean() == pytest.approx(mean)


def validations():
    table = pd.DataFrame(
        [("CLIP", s, 0.5, step, 3.0 + s, 2.0, 0.1 * step, 0.3 / step) for s in (0, 1) for step in (1, 2)],
        columns=["variant", "seed", "fraction", "step", "loss", "train_loss", "recall_at_10", "mean_reciprocal_rank"],
    )
    return table.assign(training_patients=50, batch_size=8)


def test_the_gap_is_of_the_last_step_and_spans_the_seeds():
    row = gap_table(validations()).iloc[0]
    assert (row["training_patients"], row["gap"], row["low"], row["high"], row["runs"]) == (50, 1.5, 1, 2, 2)
    assert row["best_recall_at_10"] == pytest.approx(0.2)
