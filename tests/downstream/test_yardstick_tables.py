"""Tables of the measures of retrieval, on untrained models and cohorts that lack something."""

import pytest
import torch

from selip_core.datasets.pairs import Pairs
from selip_core.downstream.retrieval import evaluate_runs
from selip_core.downstream.yardstick_tables import yardstick_difference_table, yardstick_table
from selip_core.downstream.yardsticks import KIND, MEASURES, NORMAL_AUC
from selip_core.metrics.resampling import holm
from tests.helpers.small_runs import retrieval_study, tiny_pairs

DRAWING = {"samples": 100, "seed": 0}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return retrieval_study(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def queries(study):
    models, pairs, _ = study
    kinds = {patient: frozenset([f"kind {i % 2}"]) for i, patient in enumerate(pairs.patients)}
    return evaluate_runs(models, pairs, device=torch.device("cpu"), train=tiny_pairs(), kinds=kinds)


def test_every_measure_has_its_methods_with_the_constant_answer_first(queries):
    table = yardstick_table(queries, **DRAWING)
    assert table["measure"].unique().tolist() == list(MEASURES)
    assert all(part["method"].tolist() == ["constant answer", "CLIP", "SeLIP"] for _, part in table.groupby("measure"))
    ranks = queries[(queries["method"] == "CLIP") & (queries["direction"] == "image to text") & ~queries["normal"]]
    row = table[(table["measure"] == "findings recall@10") & (table["method"] == "CLIP")].iloc[0]
    assert row["value"] == pytest.approx((ranks["rank"] <= 10).mean()) and row["low"] <= row["value"] <= row["high"]
    assert row["queries"] == 22


def test_differences_are_those_of_the_values_and_corrected_together(queries):
    table, values = yardstick_difference_table(queries, **DRAWING), yardstick_table(queries, **DRAWING)
    assert set(table["comparison"]) == {"SeLIP − CLIP"} and len(table) == len(MEASURES)
    of = values.pivot(index="measure", columns="method", values="value").loc[table["measure"]]
    assert table["difference"].tolist() == pytest.approx((of["SeLIP"] - of["CLIP"]).tolist())
    assert table["p_holm"].equals(holm(table["p"]).rename("p_holm")) and table["p"].notna().any()
    assert all(len(text.split(",")) == 2 for text in table["by_seed"])


def test_cohorts_without_labels_normal_patients_or_many_have_notes_and_no_numbers(study):
    models, pairs, _ = study
    few = pairs.take([5, 6, 7])
    table = yardstick_table(evaluate_runs(models, few, device=torch.device("cpu"), train=tiny_pairs()), **DRAWING)
    assert KIND not in set(table["measure"])
    at_10 = table[table["measure"] == "recall@10"]
    assert at_10["value"].isna().all() and at_10["note"].str.contains("gallery of 3").all()
    of_normal = table[table["measure"] == NORMAL_AUC]
    assert of_normal["value"].isna().all() and of_normal["note"].str.contains("no normal statement").all()
    assert table["low"].isna().all() and (table["note"] != "").all()


def test_a_cohort_of_normal_patients_alone_has_no_measure_of_findings(study):
    models, pairs, _ = study
    normal = Pairs(pairs.volumes, pairs.rows, [()] * len(pairs), pairs.patients, pairs.sequences)
    queries = evaluate_runs(models, normal, device=torch.device("cpu"), train=tiny_pairs())
    table = yardstick_table(queries, **DRAWING)
    known = table[table["value"].notna()]
    assert known["measure"].unique().tolist() == ["mean reciprocal rank"] and known["value"].eq(1).all()
    assert len(known) == 3 and set(table["measure"]) == set(MEASURES) - {KIND}
    assert (table[table["value"].isna()]["note"] != "").all()
    differences = yardstick_difference_table(queries, **DRAWING)
    tested = differences[differences["p"].notna()]
    assert tested["measure"].tolist() == ["mean reciprocal rank"] and tested["p_holm"].tolist() == [1]
