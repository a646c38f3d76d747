"""Queries of every run, and the examples that are shown."""

import numpy as np
import pytest
import torch

from selip_core.datasets.pairs import Pairs
from selip_core.downstream.retrieval import evaluate_runs, example_queries
from selip_core.downstream.yardsticks import FINDINGS_RANK
from selip_core.errors import SelipError
from selip_core.pretraining.validation import encode_pairs
from selip_core.reports.sentences import NORMAL_STATEMENT
from selip_core.similarity.examples import example_reports
from tests.helpers.small_runs import retrieval_study, tiny_pairs


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return retrieval_study(tmp_path_factory.mktemp("models"))


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


def test_the_constant_answer_knows_mirror_images_and_which_queries_have_findings():
    pairs = tiny_pairs(4)  # left and right frontal, each of two looks
    asked = Pairs(pairs.volumes, pairs.rows, [(), *pairs.findings[1:]], pairs.patients, pairs.sequences)
    train = asked.take(np.array([0, 0, 0, 1, 1]))  # normal, and one of the left; the mirror image is the fourth text
    queries = evaluate_runs({}, asked, device=torch.device("cpu"), train=train, flip=True)
    one = queries[(queries["direction"] == "image to text") & (queries["seed"] == 0)].set_index("query")
    assert one.loc[0, "rank"] == 1 and np.isnan(one.loc[0, FINDINGS_RANK])
    assert set(one.loc[[1, 3], "rank"]) <= {2, 3} and one.loc[2, "rank"] == 4
    assert (one["rank"] - one[FINDINGS_RANK])[1:].tolist() == [1, 1, 1]
    plain = evaluate_runs({}, asked, device=torch.device("cpu"), train=train, flip=False)
    assert plain.set_index(["direction", "seed", "query"]).loc["image to text"].loc[0].loc[1, "rank"] == 2


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


def test_no_pair_to_evaluate_is_told_before_the_constant_answer():
    models, train = {}, tiny_pairs(8)
    with pytest.raises(SelipError, match="no test patient has a series"):
        evaluate_runs(models, train.take(np.arange(0)), device=torch.device("cpu"), train=train)
