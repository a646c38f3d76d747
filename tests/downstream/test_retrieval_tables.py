"""What the queries of retrieval say: recall, groups, differences, and what is not worth saying."""

import numpy as np
import pytest
import torch

from selip_core.downstream.retrieval import evaluate_runs
from selip_core.downstream.retrieval_tables import group_table, recall_difference_table, recall_table, worth_saying_of
from selip_core.metrics.resampling import SIGN_FLIPS, Estimate
from tests.helpers.small_runs import retrieval_study

DRAWING = {"samples": 200, "seed": 0}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return retrieval_study(tmp_path_factory.mktemp("models"))


def test_recall_is_the_share_of_ranks_up_to_k(study):
    models, pairs, queries = study
    table = recall_table(queries, **DRAWING)
    assert len(table) == 2 * 2 * 10
    ranks = queries[(queries["direction"] == "image to text") & (queries["method"] == "CLIP")]["rank"]
    row = table[(table["direction"] == "image to text") & (table["method"] == "CLIP") & (table["k"] == 3)].iloc[0]
    assert row["recall"] == pytest.approx((ranks <= 3).mean()) and row["low"] <= row["recall"] <= row["high"]
    assert row["chance"] == pytest.approx(3 / row["gallery"])


def test_a_recall_of_findings_among_ten_answers_is_not_told():
    """The constant answer leaves the normal statement out, so that eleven sentences are ten."""
    one = Estimate(1.0, 1.0, 1.0, 20, 20)
    assert np.isnan(worth_saying_of("findings recall@10", one, 11, constant=True).value)
    assert worth_saying_of("findings recall@10", one, 12, constant=True) == one
    assert worth_saying_of("findings recall@10", one, 11) == one == worth_saying_of("recall@10", one, 11, constant=True)


def test_groups_and_difference(study):
    _, _, queries = study
    groups = group_table(queries, "sequence", **DRAWING)
    assert groups["queries"].tolist() == [24, 24] and groups["ndcg_at_10"].between(0, 1).all()
    difference = recall_difference_table(queries, (1, 5), **DRAWING)
    means = (
        queries[queries["direction"] == "image to text"]
        .assign(hit=lambda t: t["rank"] <= 5)
        .groupby("method")["hit"]
        .mean()
    )
    row = difference[(difference["direction"] == "image to text") & (difference["k"] == 5)].iloc[0]
    assert row["difference"] == pytest.approx(means["SeLIP"] - means["CLIP"])
    assert len(row["by_seed"].split(",")) == 2
    assert set(difference.loc[difference["p"].notna(), "test"]) == {SIGN_FLIPS}


def test_a_gallery_that_cannot_be_missed_is_not_scored(study):
    models, pairs, _ = study
    few = pairs.take(np.arange(4))
    table = recall_table(evaluate_runs(models, few, device=torch.device("cpu")), **DRAWING)
    at_10 = table[(table["k"] == 10) & (table["direction"] == "image to text")]
    assert at_10["recall"].isna().all() and at_10["note"].str.contains("gallery of 3").all()
