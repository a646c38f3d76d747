import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from selip_core.datasets.coded_reports import CodedReports
from selip_core.downstream.code_agreement import agreement_table, dice, jaccard, text_measures
from selip_core.reports.sentences import Finding

SITES, LOOKS = ["lung base", "lung apex", "aorta", "spine"], ["opacity", "nodule", "tortuous"]


def made(n=60, told=True, tokens=False):
    """Return reports of one or two codes, whose text says them, or says nothing of them."""
    rng = np.random.default_rng(0)
    codes = [[(rng.choice(LOOKS), rng.choice(SITES)) for _ in range(rng.integers(1, 3))] for _ in range(n)]
    noise = [[f"w{rng.integers(40)}" for _ in range(6)] for _ in range(n)]
    words = [[*(w for code in of if told for w in " ".join(code).split()), *extra]
             for of, extra in zip(codes, noise, strict=True)]  # fmt: skip
    return CodedReports(
        "made", words, [] if tokens else [" ".join(w) for w in words],
        [frozenset(of) for of in codes], [frozenset(w for code in of for w in " ".join(code).split()) for of in codes],
        [] if tokens else [tuple(dict.fromkeys(Finding(site, look) for look, site in of)) for of in codes],
    )  # fmt: skip


def test_sets_are_compared_by_the_definition():
    sets = [{"a", "b"}, {"b"}, set()]
    assert np.allclose(dice(sets)[:2, :2], [[1, 2 / 3], [2 / 3, 1]]) and dice(sets)[2, 2] == 0
    assert np.allclose(jaccard(sets)[:2, :2], [[1, 0.5], [0.5, 1]])


def test_the_auc_is_that_of_all_pairs():
    reports = made()
    row = agreement_table(reports, seed=0, samples=20).set_index("measure").loc["Dice of words"]
    above = np.triu_indices(len(reports), k=1)
    sharing = [bool(reports.keys[i] & reports.keys[j]) for i, j in zip(*above, strict=True)]
    values = text_measures(reports)["Dice of words"]()[above]
    assert row["auc"] == pytest.approx(roc_auc_score(sharing, values)) and row["sharing"] == sum(sharing)
    assert row["auc_low"] < row["auc"] < row["auc_high"]


def test_texts_that_say_the_codes_agree_with_them_and_others_do_not():
    good, bad = (agreement_table(made(told=told), seed=0, samples=50).set_index("measure") for told in (True, False))
    assert good.loc["TF-IDF cosine", "auc"] > 0.7 and good.loc["Dice of words", "rank_correlation"] > 0.4
    low, high = bad.loc["TF-IDF cosine", ["auc_low", "auc_high"]]
    assert low < 0.5 < high
    codes = good[good["of"] == "codes"]["auc"]
    assert codes.min() > 0.8 and codes["mixed, best"] > codes["syntax by characters, mean"]


def test_tokens_without_findings_have_measures_of_text_alone():
    table = agreement_table(made(tokens=True), seed=0, samples=20)
    assert set(table["of"]) == {"text"} and "Dice of tokens" in set(table["measure"])
