"""Scores of reading: the kinds of error by hand, and what counts."""

import pandas as pd
import pytest

from selip_core.datasets.findings import describe_cohort
from selip_core.reports.scoring import error_kinds, score_reports


def test_error_kinds_worked_by_hand():
    true = {("T1", "左侧额叶", "长信号"), ("T2", "脑桥", "高信号"), ("FLAIR", "右侧丘脑", "高信号"), ("DWI", "枕叶", "高信号")}
    read = {("T1", "右侧额叶", "长信号"), ("T2", "脑桥", "低信号"), ("DWI", "右侧丘脑", "高信号")}
    kinds = error_kinds(true, read)
    assert kinds == {"wrong side": 1, "wrong appearance": 1, "wrong sequence": 1, "missed": 1}


@pytest.mark.parametrize(
    ("read", "kind"),
    [
        (("T1", "右侧额叶", "长信号"), "wrong side"),
        (("T1", "左侧顶叶", "长信号"), "wrong site"),
        (("T1", "左侧额叶", "短信号"), "wrong appearance"),
        (("T2", "左侧额叶", "长信号"), "wrong sequence"),
    ],
)
def test_one_wrong_word_has_one_name(read, kind):
    assert error_kinds({("T1", "左侧额叶", "长信号")}, {read}) == {kind: 1}


def test_scores_count_exact_findings_of_acquired_sequences(tmp_path):
    truth = tmp_path / "truth"
    truth.mkdir()
    (truth / "findings.csv").write_text(
        "patient_id,sequence,site,appearance\nA,T1,左侧额叶,长信号\nA,T2,左侧额叶,长信号\nB,T1,脑桥,短信号\n", encoding="utf-8"
    )
    (truth / "reports.csv").write_text("patient_id,style,held_out_style,normal\nA,x,0,0\nB,x,0,0\n")
    reports = pd.DataFrame({
        "patient_id": ["A", "B"], "study_id": ["A", "B"], "impression": ["", ""],
        "findings": ["左侧额叶见长T1长T2信号影", "脑桥见长T1信号影"],
    })  # fmt: skip
    series = pd.DataFrame({"patient_id": ["A", "B"], "study_id": ["A", "B"], "sequence": ["T1", "T1"]})
    scores, errors = score_reports(tmp_path, reports, series, samples=100, seed=0)
    total = scores[scores["sequence"] == "all"].iloc[0]
    assert (total["precision"], total["recall"], total["n"]) == (0.5, 0.5, 2)  # the T2 of A was not acquired
    assert errors["wrong appearance"].tolist() == [1]
    described = describe_cohort(reports, series, progress=False)
    assert described[["patient_id", "sequence", "kind"]].values.tolist() == [["A", "T1", "findings"], ["B", "T1", "findings"]]
    assert score_reports(tmp_path / "none", reports, series, samples=100, seed=0)[0].empty
