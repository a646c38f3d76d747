"""Several reports of one study: versions give the final one, contradictions none."""

import datetime

import pytest

from selip_core.ingest.examinations import Examination
from selip_core.ingest.report_doubles import without_doubles

NOON, LATER = datetime.datetime(2024, 1, 2, 12), datetime.datetime(2024, 1, 2, 15)
FINAL, DRAFT = Examination(final=True), Examination(final=False)
NONE = Examination()


def kept(*rows, study="S1", last=False):
    ids = {"patient_id": "P1", "study_id": study, "impression": ""}
    rows = [{**ids, "findings": text, "where": str(i), "examination": seen} for i, (text, seen) in enumerate(rows)]
    problems = []
    found = without_doubles(rows, problems, key=lambda row: row["study_id"], last=last)
    return [row["findings"] for row in found], [problem[3] for problem in problems]


@pytest.mark.parametrize(
    ("rows", "final"),
    [
        ([("a", DRAFT), ("b", FINAL)], "b"), ([("b", FINAL), ("a", DRAFT), ("c", DRAFT)], "b"),
        ([("a", Examination(reported=NOON)), ("b", Examination(reported=LATER))], "b"),
        ([("a", Examination(final=True, reported=LATER)), ("b", Examination(final=True, reported=NOON))], "a"),
    ],
)  # fmt: skip
def test_the_final_version_replaces_the_others(rows, final):
    texts, problems = kept(*rows)
    assert texts == [final] and set(problems) == {"an earlier version of a report"} and len(problems) == len(rows) - 1


@pytest.mark.parametrize(
    "rows",
    [
        [("a", NONE), ("b", NONE)], [("a", FINAL), ("b", FINAL)], [("a", DRAFT), ("b", DRAFT)],
        [("a", NONE), ("b", FINAL)],
        [("a", Examination(reported=NOON)), ("b", Examination(reported=NOON))],
        [("a", Examination(reported=NOON)), ("b", NONE)],
        [("a", DRAFT), ("补充报告：b", FINAL)], [("a", DRAFT), ("Addendum: b", FINAL)],
        [("a", DRAFT), ("b", Examination("another part", final=True))],
        [("a", DRAFT), ("b", Examination(date=NOON.date(), final=True))],
    ],
)  # fmt: skip
def test_contradictions_and_additions_are_not_decided(rows):
    texts, problems = kept(*rows)
    assert texts == [] and set(problems) == {"2 reports of one study differ"} and len(problems) == 2


def test_the_same_text_is_kept_once():
    assert kept(("a", DRAFT), ("a", FINAL)) == (["a"], ["report given twice, the same text"])


def test_without_a_study_the_days_of_a_patient_are_examinations_of_their_own():
    rows = [("a", Examination(date=NOON.date())), ("b", Examination(date=datetime.date(2020, 1, 1)))]
    assert kept(*rows, study="")[0] == ["a", "b"]
    assert kept(("a", NONE), ("b", Examination("by CT")), study="")[0] == ["a", "b"]
    assert kept(("a", NONE), ("b", NONE), study="")[0] == []


WHOLE = "左侧额叶见片状长T1长T2信号影，FLAIR呈高信号，周围见水肿带。"
ADDED = [
    "补充报告：b", "【补充报告】补充：b", "*** ADDENDUM *** b", "1. 补充报告 b", "補充報告：b", "補充：b",
    "（2）附加报告：b", "更正：b", "修正：b",
    "勘误：b", "勘誤：b", "Nachtrag: b", "--- Addendum 1: b", "Additif : b", "Adenda: b", "[Correction] b",
    "Ergänzung: b",
]  # fmt: skip


@pytest.mark.parametrize("text", ADDED)
@pytest.mark.parametrize(
    "seen",
    [(NONE, NONE), (FINAL, FINAL),
     (Examination(reported=NOON), Examination(reported=LATER))],
)  # fmt: skip
def test_an_addition_stands_behind_its_report(text, seen):
    texts, problems = kept((text, seen[1]), (WHOLE, seen[0]))
    assert texts == [f"{WHOLE}\n{text}"]
    assert problems in (["an addition to a report"], ["a correction of a report"])


def test_additions_stand_in_the_order_of_their_times_and_once():
    first, second = Examination(reported=NOON), Examination(reported=LATER)
    rows = [("补充报告：c", second), ("补充报告：b", first), ("补充报告：b", first), (WHOLE, first)]
    assert kept(*rows)[0] == [f"{WHOLE}\n补充报告：b\n补充报告：c"]


def test_an_addition_to_versions_stands_behind_the_final_one():
    rows = [("x" * 9, DRAFT), ("y" * 9, FINAL), ("补充报告：b", FINAL)]
    assert kept(*rows)[0] == ["y" * 9 + "\n补充报告：b"]


@pytest.mark.parametrize("seen", [Examination("by CT"), Examination(date=NOON.date()), Examination(unread="x")])
def test_an_addition_to_another_examination_is_joined_to_none(seen):
    assert kept((WHOLE, NONE), ("补充报告：b", seen))[0] == []


def test_an_addition_alone_waits_for_its_report_and_is_none_in_the_end():
    assert kept(("补充报告：b", NONE))[0] == ["补充报告：b"]
    assert kept(("补充报告：b", NONE), last=True) == ([], ["an addition to a report that is not there"])
    assert kept(("补充扫描示左侧额叶异常", NONE), last=True)[0] == ["补充扫描示左侧额叶异常"]
    assert kept((WHOLE, NONE), last=True) == ([WHOLE], [])


def test_a_correction_that_writes_the_report_anew_is_a_version_of_it():
    anew = "更正报告：" + WHOLE.replace("左侧", "右侧")
    rows = [(WHOLE, Examination(reported=NOON)), (anew, Examination(reported=LATER))]
    assert kept(*rows) == ([anew], ["an earlier version of a report"])
    assert kept((WHOLE, NONE), (anew, NONE))[0] == []


def test_a_short_text_of_other_words_replaces_no_report_in_silence():
    short = "右额另见小灶"
    assert kept((WHOLE, Examination(reported=NOON)), (short, Examination(reported=LATER)))[0] == []
    texts, problems = kept((WHOLE, DRAFT), (short, FINAL))
    assert texts == [short] and "of other words and much longer" in problems[0]
    own = WHOLE[:12]  # a shortened version is one
    assert kept((WHOLE, Examination(reported=NOON)), (own, Examination(reported=LATER))) == (
        [own], ["an earlier version of a report"])  # fmt: skip


def test_reports_of_two_patients_are_never_one():
    rows = [{"patient_id": p, "study_id": "S1", "findings": p, "impression": "", "where": p,
             "examination": Examination(reported=time)} for p, time in (("P1", NOON), ("P2", LATER))]  # fmt: skip
    assert len(without_doubles(rows, [], key=lambda row: row["study_id"])) == 2  # whose it is the source decides
    rows = [{**row, "named": row["patient_id"], "patient_id": "P"} for row in rows]
    assert without_doubles(rows, [], key=lambda row: row["study_id"], last=True) == []


def test_without_number_and_day_reports_that_were_written_many_weeks_apart_are_of_two_examinations():
    def at(days):
        return Examination(reported=NOON + datetime.timedelta(days=days))

    assert kept(("a", at(0)), ("b", at(90)), study="")[0] == ["a", "b"]
    assert kept(("a", at(0)), ("b", at(50)), study="")[0] == ["b"]  # a late version
    assert kept(("a", at(0)), ("补充报告：b", at(90)), study="")[0] == ["a\n补充报告：b"]
    assert kept(("a", at(0)), ("b", at(90)))[0] == ["b"]  # of one number
    dated = [Examination(date=NOON.date(), reported=NOON + datetime.timedelta(days=days)) for days in (0, 90)]
    assert kept(("a", dated[0]), ("b", dated[1]), study="")[0] == ["b"]
