"""Studies of several series, and their whole reports as one text."""

import numpy as np
import pandas as pd

from selip_core.datasets.studies import findings_of_report, make_studies, report_text, sites_of_report
from selip_core.reports.sentences import NORMAL_STATEMENT, Finding, parse_sentence

ROWS = [
    ("p1", "T2", 0), ("p1", "T1", 1), ("p1", "T1ce", 2), ("p1", "DWI", 3), ("p2", "T1", 4), ("p3", "T1", 5),
    ("p3", "T2", 6), ("p4", "T1ce", 7), ("p5", "T1", 8),
]  # fmt: skip
SAID = [
    ("p1", "T2", "在脑桥表现为长信号"), ("p1", "T1", "在脑桥表现为长信号，在左侧额叶表现为短信号"),
    ("p1", "T1ce", "在脑桥表现为强化"),
    ("p2", "T1", NORMAL_STATEMENT), ("p3", "T1", NORMAL_STATEMENT), ("p3", "T2", NORMAL_STATEMENT),
    ("p4", "T1ce", "在脑桥表现为强化"),
]  # fmt: skip


def made(patients=("p1", "p2", "p3", "p4", "p5"), said=SAID):
    index = pd.DataFrame([(p, p, s, row) for p, s, row in ROWS], columns=["patient_id", "study_id", "sequence", "row"])
    sentences = pd.DataFrame(said, columns=["study_id", "sequence", "sentence"])
    return make_studies(np.zeros((9, 1, 2, 2, 2)), index, sentences, set(patients))


def test_a_study_has_all_its_usual_series_and_what_its_report_says_of_these():
    studies = made()
    assert studies.patients == ["p1", "p2", "p3"]  # p4 has T1ce alone, p5 no report
    assert studies.rows[0] == {"T1": 1, "T2": 0, "DWI": 3} and studies.sequences == ["T1+T2+DWI", "T1", "T1+T2"]
    assert studies.texts[0] == "T1，在脑桥表现为长信号，在左侧额叶表现为短信号。T2，在脑桥表现为长信号。"
    assert tuple(parse_sentence(studies.texts[0])) == findings_of_report(studies.reports[0])
    assert sites_of_report(studies.reports[0]) == {"脑桥", "左侧额叶"}


def test_normal_reports_are_one_whichever_series_there_are():
    studies = made()
    assert studies.texts[1] == studies.texts[2] == NORMAL_STATEMENT
    assert studies.reports[1] == {"T1": (), "T2": ()} and len(studies.distinct_reports) == 2
    assert list(studies.distinct_reports) == list(dict.fromkeys(studies.texts))


def test_a_sequence_called_normal_beside_findings_is_as_one_that_nothing_is_said_of():
    said = [("p3", "T1", NORMAL_STATEMENT), ("p3", "T2", "在脑桥表现为长信号")]
    assert made(["p3"], said).reports == [{"T2": (Finding("脑桥", "长信号"),)}]


def test_only_the_patients_asked_for_count():
    assert made(["p2"]).patients == ["p2"] and len(made([])) == 0
    assert report_text({"DWI": (Finding("脑桥", "高信号"),)}) == "DWI，在脑桥表现为高信号。"
