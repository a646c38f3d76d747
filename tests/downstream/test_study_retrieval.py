"""Retrieval by study: who stands where, by each way to make a study's feature, and what needs no image."""

import numpy as np
import pytest
import torch

from selip_core.downstream.study_retrieval import (
    DIRECTIONS,
    FINDINGS_RECALL,
    KINDS,
    LEARNED,
    MEAN,
    MEASURES,
    PERCENTILE,
    SITES,
    alone,
    evaluate_studies,
    without,
)
from selip_core.encoders.model import SelipModel
from selip_core.encoders.study import USUAL, StudyFusion
from selip_core.metrics.yardsticks import CONSTANT
from selip_core.pretraining.study_features import study_features
from selip_core.reports.sentences import NORMAL_STATEMENT
from tests.helpers.small_runs import fresh_model
from tests.helpers.small_studies import tiny_studies

CPU = torch.device("cpu")


def saved(folder, *, fused):
    model = fresh_model()
    if fused:
        fusion = StudyFusion(16, USUAL)
        with torch.no_grad():
            fusion.image.query.normal_(generator=torch.Generator().manual_seed(0))
        model.take_study_fusion(fusion)
    return model.save_pretrained(folder)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    models = {("CLIP", 0): saved(folder / "fused", fused=True), ("scratch", 0): saved(folder / "plain", fused=False)}
    studies = tiny_studies(20, normal=3, without_t2=2)
    kinds = {patient: frozenset({"infarct" if i % 2 else "tumour"}) for i, patient in enumerate(studies.patients)}
    train = tiny_studies(32, seed=1, normal=4)
    return models, studies, evaluate_studies(models, studies, device=CPU, train=train, flip=True, kinds=kinds)


def of(queries, method, fusion, direction=DIRECTIONS[0]):
    part = queries[(queries["method"] == method) & (queries["fusion"] == fusion) & (queries["direction"] == direction)]
    return part[part["seed"] == 0].set_index("query")


def test_ranks_are_those_of_the_cosines_with_whole_reports(study):
    models, studies, queries = study
    model = SelipModel.from_pretrained(models["scratch", 0])
    features, mean = study_features(model, studies), StudyFusion(16, USUAL)
    cosines = (features.image.fused(mean.image) @ features.text.fused(mean.text).T).detach().numpy()
    ranks = [int((row >= row[own]).sum()) for row, own in zip(cosines, features.own)]
    found = of(queries, "scratch", MEAN)
    some = found["findings MRR"].notna()
    assert some.tolist() == [False] * 3 + [True] * 17
    assert (1 / found["findings MRR"][some]).round().astype(int).tolist() == ranks[3:]
    assert found["recall@10"].tolist() == [float(rank <= 10) for rank in ranks]


def test_every_way_is_there_on_the_studies_that_have_the_series(study):
    _, studies, queries = study
    assert set(queries.loc[queries["method"] == "scratch", "fusion"]) == {
        MEAN, *(name(s, MEAN) for s in ("T1", "T2") for name in (alone, without))
    }  # fmt: skip
    assert {LEARNED, MEAN, alone("T2", LEARNED)} <= set(queries.loc[queries["method"] == "CLIP", "fusion"])
    assert of(queries, "CLIP", alone("T2", LEARNED)).index.tolist() == list(range(18))  # two have T1 alone
    assert len(of(queries, "CLIP", LEARNED)) == len(studies) == 20


def test_one_series_left_out_of_two_is_the_other_alone(study):
    _, _, queries = study
    one, other = of(queries, "CLIP", without("T1", LEARNED)), of(queries, "CLIP", alone("T2", LEARNED))
    assert np.array_equal(one[list(MEASURES)].to_numpy(), other[list(MEASURES)].to_numpy(), equal_nan=True)


def test_back_and_to_other_studies(study):
    _, studies, queries = study
    back = of(queries, "CLIP", LEARNED, DIRECTIONS[1])
    assert len(back) == len(studies.distinct_reports) and (back["gallery"] == 20).all()
    normal = list(studies.distinct_reports).index(NORMAL_STATEMENT)
    assert np.isnan(back.loc[normal, FINDINGS_RECALL]) and not np.isnan(back.loc[normal, "recall@10"])
    like = of(queries, "CLIP", LEARNED, DIRECTIONS[2])
    assert len(like) == 17 and like[SITES].between(0, 1).all() and like[KINDS].between(0, 1).all()


def test_likeness_is_of_the_first_five_other_patients(study):
    models, studies, queries = study
    features = study_features(SelipModel.from_pretrained(models["scratch", 0]), studies)
    image = features.image.fused(StudyFusion(16, USUAL).image).detach().numpy()
    sites = [{f.site for findings in report.values() for f in findings} for report in studies.reports]
    query = 7
    order = [i for i in np.argsort(-(image @ image[query])) if i != query][:5]
    f1 = np.mean([2 * len(sites[query] & sites[i]) / (len(sites[query]) + len(sites[i])) for i in order])
    found = of(queries, "scratch", MEAN, DIRECTIONS[2]).loc[query]
    assert found[SITES] == pytest.approx(f1) and found[KINDS] == pytest.approx(np.mean([i % 2 for i in order]))


def test_agreement_of_kind_is_among_those_whose_kinds_are_known(study):
    models, studies, _ = study
    known = {patient: frozenset({"tumour"}) for patient in studies.patients[:6]}
    queries = evaluate_studies({("scratch", 0): models["scratch", 0]}, studies, device=CPU, kinds=known)
    found = of(queries, "scratch", MEAN, DIRECTIONS[2])[KINDS]
    assert (found.dropna() == 1).all() and found.notna().sum() == 3  # three of the six are normal


def test_the_constant_answer_is_in_the_table_and_has_the_normal_report_left_out_of_findings(study):
    _, _, queries = study
    constant = queries[queries["method"] == CONSTANT]
    assert set(constant["fusion"]) == {CONSTANT} and constant["seed"].nunique() == 10
    assert set(constant["direction"]) == set(DIRECTIONS)


def test_the_percentile_is_among_reports_of_studies_with_the_same_series(study):
    _, studies, queries = study
    percentiles = of(queries, "CLIP", LEARNED)[PERCENTILE]
    assert studies.texts[18] == studies.texts[19] and percentiles[[18, 19]].isna().all()  # the only two without T2
    assert percentiles[:18].between(0, 1).all()


def test_no_study_has_no_queries():
    assert evaluate_studies({}, tiny_studies(0), device=CPU).empty
