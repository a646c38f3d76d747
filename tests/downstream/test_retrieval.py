import numpy as np
import pytest
import torch

from selip_core.datasets.pairs import Pairs
from selip_core.downstream.retrieval import difference_table, evaluate_runs, example_queries, group_table, recall_table
from selip_core.pretraining.start import starting_model
from selip_core.pretraining.validation import encode_pairs
from selip_core.reports.sentences import NORMAL_STATEMENT
from selip_core.similarity.examples import example_reports
from tests.helpers.small_runs import fresh_model, tiny_pairs

DRAWING = {"samples": 200, "seed": 0}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Return two untrained models a method and their queries on tiny pairs, two of them normal."""
    folder, pairs = tmp_path_factory.mktemp("models"), tiny_pairs(24)
    pairs = Pairs(pairs.volumes, pairs.rows, [()] * 2 + pairs.findings[2:], pairs.patients, pairs.sequences)
    models = {(m, s): folder / f"{m}{s}" for m in ("CLIP", "SeLIP") for s in (0, 1)}
    for number, path in enumerate(models.values()):
        fresh_model(seed=number).save_pretrained(path)
    return models, pairs, evaluate_runs(models, pairs, device=torch.device("cpu"))


def test_recall_is_the_share_of_ranks_up_to_k(study):
    models, pairs, queries = study
    table = recall_table(queries, **DRAWING)
    assert len(table) == 2 * 2 * 10
    ranks = queries[(queries["direction"] == "image to text") & (queries["method"] == "CLIP")]["rank"]
    row = table[(table["direction"] == "image to text") & (table["method"] == "CLIP") & (table["k"] == 3)].iloc[0]
    assert row["recall"] == pytest.approx((ranks <= 3).mean()) and row["low"] <= row["recall"] <= row["high"]
    assert row["chance"] == pytest.approx(3 / row["gallery"])


def test_normal_queries_are_told_apart(study):
    _, pairs, queries = study
    one = queries[(queries["method"] == "CLIP") & (queries["seed"] == 0)]
    assert one[one["direction"] == "image to text"]["normal"].sum() == 2
    assert one[one["direction"] == "text to image"]["normal"].sum() == 1


def test_ranks_are_those_of_the_features(study, device):
    from selip_core.encoders.model import SelipModel

    models, pairs, _ = study
    queries = evaluate_runs(models, pairs, device=torch.device(device))
    image, text, texts = encode_pairs(SelipModel.from_pretrained(models["SeLIP", 1]), pairs)
    cosines = (image @ text.T).numpy()
    by_hand = [int((row >= row[texts.index(t)]).sum()) for row, t in zip(cosines, pairs.texts, strict=True)]
    mask = (queries["direction"] == "image to text") & (queries["method"] == "SeLIP") & (queries["seed"] == 1)
    assert queries[mask].sort_values("query")["rank"].tolist() == by_hand


def test_groups_and_difference(study):
    _, _, queries = study
    groups = group_table(queries, "sequence", **DRAWING)
    assert groups["queries"].tolist() == [24, 24] and groups["ndcg_at_10"].between(0, 1).all()
    difference = difference_table(queries, (1, 5), **DRAWING)
    means = (
        queries[queries["direction"] == "image to text"]
        .assign(hit=lambda t: t["rank"] <= 5)
        .groupby("method")["hit"]
        .mean()
    )
    row = difference[(difference["direction"] == "image to text") & (difference["k"] == 5)].iloc[0]
    assert row["difference"] == pytest.approx(means["SeLIP"] - means["CLIP"])
    assert len(row["by_seed"].split(",")) == 2


def test_a_gallery_that_cannot_be_missed_is_not_scored(study):
    models, pairs, _ = study
    few = Pairs(pairs.volumes, pairs.rows[:4], pairs.findings[:4], pairs.patients[:4], pairs.sequences[:4])
    table = recall_table(evaluate_runs(models, few, device=torch.device("cpu")), **DRAWING)
    at_10 = table[(table["k"] == 10) & (table["direction"] == "image to text")]
    assert at_10["recall"].isna().all() and at_10["note"].str.contains("gallery of 3").all()


def test_examples_are_abnormal_and_list_the_closest_sentences(study):
    models, pairs, _ = study
    examples = example_queries({"CLIP": models["CLIP", 0]}, pairs, device=torch.device("cpu"), n=3, seed=0)
    assert len(examples) == 3 and all(e["true"] != NORMAL_STATEMENT and len(e["found"]) == 5 for e in examples)
    assert all(np.all(np.diff([cosine for _, cosine in e["found"]]) <= 0) for e in examples)


def test_example_reports_are_alike_in_part():
    texts = ["在左侧额叶表现为长信号", "在左侧额叶表现为点状短信号", "在右侧丘脑表现为等低信号"]
    one, other = example_reports(texts)
    assert one != other and one[0].site == other[0].site
    assert example_reports(texts[:1])


def test_the_starting_model_is_made_once_and_is_the_same_for_a_seed(tmp_path):
    from selip_core.config import get_settings

    settings = get_settings("smoke", text_encoder={"warm_start_steps": 2}, image_encoder={"width": 8})
    texts = ["在左侧额叶表现为长信号", "在右侧丘脑表现为点状高信号"]
    make = lambda folder, **extra: starting_model(  # noqa: E731
        settings, training_texts=texts, seed=3, directory=tmp_path / folder, extra=extra, progress=False
    )
    first, again, twin = make("a", data="x"), make("a", data="x"), make("b", data="x")
    for name, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]) and torch.equal(value, twin.state_dict()[name])
    assert make("a", data="y").config["data"] == "y"
