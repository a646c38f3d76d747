"""The answer in sentences is right for every outcome of the comparisons, and the compact table leaves nothing out."""

import numpy as np
import pandas as pd
import pytest

from selip_core.downstream.answer import (
    CONSTANT,
    DECIDING,
    METHODS,
    PAPER,
    SOFT_PAIRS,
    answer_table,
    compact,
    for_figure,
    heads,
    is_planned,
    planned_p,
    said_of_data,
    sentences,
)
from selip_core.metrics.resampling import ALPHA, holm
from selip_core.pretraining.methods import PRETRAINED

FOUND, SITES = DECIDING
NAN = float("nan")
ESTIMATES = {
    "better": (0.05, 0.02, 0.08, True), "worse": (-0.05, -0.08, -0.02, True), "undecided": (0.02, -0.01, 0.05, False),
    "few": (0.05, NAN, NAN, False),
}  # fmt: skip


def scores(models=0.4, constant=0.1, half=0.03, outcome=FOUND):
    """Return the scores of one outcome: `models` is a value for all trained methods, or one for each."""
    models = dict.fromkeys(PRETRAINED, models) if np.isscalar(models) else models
    values = {CONSTANT: constant, **models}
    rows = [(outcome, method, value, value - half, value + half) for method, value in values.items()]
    return pd.DataFrame(rows, columns=["outcome", "method", "value", "low", "high"]).assign(n=93, data_source="a test")


def differences(**states):
    """Return differences as `collect` does: for each comparison the states of the deciding outcomes."""
    rows = []
    for (first, second), of in zip(SOFT_PAIRS, states.values(), strict=True):
        for outcome, state in zip(DECIDING, of, strict=True):
            if state != "missing":
                value, low, high, significant = ESTIMATES[state]
                p = NAN if state == "few" else 0.0002 if significant else 0.1
                rows.append((outcome, f"{second} − {first}", value, low, high, p))
    columns = ["outcome", "comparison", "difference", "low", "high", "p"]
    return corrected(pd.DataFrame(rows, columns=columns).assign(data_source="a test"))


def corrected(table):
    """Return differences with their two corrected p, as `collect` has them."""
    table = table.assign(p_holm=holm(table["p"].astype(float)), p_planned=planned_p(table))
    return table.assign(significant=table["p_planned"].fillna(table["p_holm"]) < ALPHA)


def of(paper=("better", "better"), sharp=("better", "better"), smoothing=("better", "better")):
    return differences(paper=paper, sharp=sharp, smoothing=smoothing)


def test_the_papers_comparison_is_the_first():
    assert SOFT_PAIRS[0] == PAPER and len(SOFT_PAIRS) == 3


@pytest.mark.parametrize(
    ("model", "constant", "half", "says"),
    [
        (0.4, 0.1, 0.03, "CLIP, SeLIP, label smoothing and sharp SeLIP read the image."),
        (0.12, 0.1, 0.03, "it is not shown that CLIP, SeLIP, label smoothing and sharp SeLIP read the image."),
        (0.1, 0.4, 0.03, "do worse than an answer that never looks"),
        (0.4, 0.1, NAN, "there are too few patients to say whether CLIP, SeLIP, label smoothing and sharp SeLIP read"),
    ],
    ids=["clear", "unclear", "below", "few"],
)
def test_whether_the_models_read_the_image(model, constant, half, says):
    said = sentences(scores(model, constant, half), of())[0]
    assert says in said and said.startswith("On the a test, ") and "over 93 queries" in said


def test_methods_that_differ_are_told_apart():
    said = sentences(scores({"CLIP": 0.4, "SeLIP": 0.1, "sharp SeLIP": 0.02}, 0.1), of())[0]
    assert "CLIP reads the image; sharp SeLIP does worse than an answer that never looks; it is not shown" in said
    assert "that SeLIP reads the image." in said
    assert "CLIP 0.400 (0.370 to 0.430)" in said and "constant answer 0.100 (0.070 to 0.130)" in said


@pytest.mark.parametrize("rows", [slice(1, None), slice(1), slice(0)], ids=["no constant", "no model", "none"])
def test_without_yardsticks_nothing_is_said_of_reading(rows):
    assert "was not measured here" in sentences(scores().iloc[rows], of())[0]


@pytest.mark.parametrize(
    ("states", "says"),
    [
        (("better", "better"), f"SeLIP is better than CLIP in {FOUND} (+0.050, +0.020 to +0.080, p 0.0012) and {SITES} "
                               "(+0.050"),
        (("better", "worse"), f"SeLIP is better than CLIP in {FOUND} (+0.050, +0.020 to +0.080, p 0.0012), and "
                              f"SeLIP is worse than CLIP in {SITES} (-0.050"),
        (("better", "undecided"), ", and SeLIP cannot be told from CLIP in side and site F1, first five (+0.020"),
        (("undecided", "undecided"), f"SeLIP cannot be told from CLIP in {FOUND} (+0.020, -0.010 to +0.050, p 0.2)"),
        (("few", "few"), f"there are too few patients to tell SeLIP from CLIP in {FOUND} and {SITES}."),
        (("missing", "missing"), f"SeLIP was not compared with CLIP in {FOUND} and {SITES}."),
        (("few", "missing"), f"in {FOUND}, and SeLIP was not compared with CLIP in {SITES}."),
    ],
)  # fmt: skip
def test_what_is_said_of_the_papers_soft_targets(states, says):
    said = sentences(scores(), of(paper=states))
    assert said[1].startswith("Do the paper's soft targets help? ")
    assert says[1:] in said[1]  # the first word may have become a capital
    assert "refute" not in " ".join(said)


@pytest.mark.parametrize("states", [("worse", "worse"), ("worse", "undecided"), ("few", "worse"), ("missing", "worse")])
def test_a_refuted_claim_is_the_first_sentence(states):
    said = sentences(scores(), of(paper=states))
    assert said[0].startswith("The numbers on the a test refute the paper's claim: ")
    assert "SeLIP is worse than CLIP" in said[0]
    assert "read the image" in said[1] and len(said) == 3


@pytest.mark.parametrize("state", [*ESTIMATES, "missing"])
@pytest.mark.parametrize("place", ["sharp", "smoothing"])
def test_the_sharp_targets_are_held_to_both_of_their_rivals(place, state):
    said = sentences(scores(), of(**{place: (state, state)}))[-1]
    words = {"better": "is better than", "worse": "is worse than", "undecided": "cannot be told from",
             "few": "too few patients to tell", "missing": "was not compared with"}  # fmt: skip
    clauses = said.removeprefix("The other soft targets: ").split("; ")
    rival = {"sharp": ("CLIP", 0), "smoothing": ("label smoothing", 1)}[place]
    assert words[state] in clauses[rival[1]] and rival[0] in clauses[rival[1]]
    assert "is better than" in clauses[1 - rival[1]]


def test_the_planned_comparisons_are_corrected_among_themselves():
    table = of(paper=("undecided", "undecided"))
    table.loc[0, "p"] = 0.009
    many = pd.concat([table, *[table.assign(outcome=f"other {i}", p=0.009) for i in range(40)]], ignore_index=True)
    table, many = corrected(table), corrected(many)
    assert is_planned(many).sum() == 6 and many["p_planned"].notna().equals(is_planned(many))
    assert many.loc[0, "p_planned"] == pytest.approx(0.018) and many.loc[0, "p_holm"] > 0.5
    said = sentences(scores(), many)
    assert said == sentences(scores(), table) and "over these 6 planned comparisons" in said[-1]
    assert "SeLIP is better than CLIP in findings recall@10 (+0.020, -0.010 to +0.050, p 0.018)" in said[1]


@pytest.mark.parametrize(
    ("states", "says"),
    [
        ({"sharp": ("few",) * 2, "smoothing": ("missing",) * 2}, "over these 2 planned comparisons."),
        ({"sharp": ("few",) * 2, "smoothing": ("few",) * 2, "paper": ("better", "few")}, "that was tested."),
    ],
)
def test_the_correction_counts_the_p_values_that_there_are(states, says):
    assert sentences(scores(), of(**states))[-1].endswith(says)


def test_without_any_p_value_no_correction_is_spoken_of():
    said = sentences(scores(), of(("few",) * 2, ("few",) * 2, ("few",) * 2))
    assert "Holm" not in " ".join(said) and len(said) == 3


def test_a_difference_of_no_known_value_is_too_few():
    table = of()
    table.loc[0, ["difference", "low", "high", "p"]] = NAN
    assert "too few patients to tell SeLIP from CLIP in findings recall@10" in sentences(scores(), corrected(table))[1]


def test_nothing_at_all_still_makes_sentences():
    said = sentences(scores().iloc[:0], of(("missing",) * 2, ("missing",) * 2, ("missing",) * 2))
    assert len(said) == 2 and said[1].startswith("Whether soft targets help was not measured here")


def test_the_compact_table_has_the_methods_in_one_order_and_keeps_what_is_empty():
    table = pd.concat([
        scores({"SeLIP": 0.7, "CLIP": 0.6}, outcome="kind of finding, linear probe, 100 %, AUC").iloc[1:],
        scores({"SeLIP": 0.7}, outcome="kind of finding, linear probe, 10 %, AUC"), scores(half=NAN),
        scores({"SeLIP": 0.5}, outcome="tumour on FLAIR, 100 %, Dice").iloc[1:],
        scores({"SeLIP": 0.5}, outcome="BraTS, core, 100 %, Dice"),
        scores({"SeLIP": NAN}, outcome="BraTS, whole, 100 %, Dice"),
    ])  # fmt: skip
    answer = answer_table(table)
    assert list(answer["outcome"].unique()) == [
        FOUND, "kind of finding, linear probe, AUC", "tumour on FLAIR, Dice", "BraTS, whole tumour, Dice",
    ]  # fmt: skip
    rows = dict(compact(answer))
    assert rows[FOUND][0] == ("0.100", "") and len(rows[FOUND]) == len(METHODS) == len(heads()) - 1
    probe = dict(zip(METHODS, rows["kind of finding, linear probe, AUC"], strict=True))
    assert probe[CONSTANT] == ("0.500", "") and probe["CLIP"] == ("0.600", "0.570 to 0.630")
    assert probe["scratch"] == ("", "")
    dice = dict(zip(METHODS, rows["BraTS, whole tumour, Dice"], strict=True))
    assert dice["SeLIP"] == ("too few", "") and dict(zip(METHODS, rows["tumour on FLAIR, Dice"]))[CONSTANT] == ("", "")


def test_a_constant_answer_that_was_measured_is_not_replaced():
    table = scores({"CLIP": 0.9}, 0.52, outcome="normal or findings, AUC")
    assert answer_table(table).set_index("method").loc[CONSTANT, "value"] == 0.52


def test_the_figure_has_the_first_outcomes_that_are_known():
    probes = [f"{kind}, linear probe, 100 %, AUC" for kind in "abc"]
    known = [SITES, "percentile in its sequence", "normal or findings, AUC", *probes]
    parts = [scores(), *(scores(outcome=name) for name in known)]
    parts[0]["value"] = NAN
    shown = for_figure(answer_table(pd.concat(parts)))
    assert list(shown["outcome"].unique()) == [
        "percentile in its sequence", "normal or findings, AUC", SITES, "a, linear probe, AUC",
    ]  # fmt: skip
    assert len(shown) == 4 * 5 and for_figure(answer_table(parts[0])).empty


def test_each_row_is_said_which_data_it_is_from():
    gliomas = scores(outcome="BraTS, whole, 100 %, Dice").assign(data_source="B")
    answer = answer_table(pd.concat([scores(), scores(outcome=SITES), gliomas]))
    assert said_of_data(answer) == "Data: a test; of “BraTS, whole tumour, Dice”: B."
    assert said_of_data(answer.iloc[:3]) == "Data: a test."
