"""Choosing sentences and reports to show the similarity on."""

import pandas as pd
import pytest

from selip_core.errors import SelipError
from selip_core.reports.sentences import NORMAL_STATEMENT
from selip_core.similarity.examples import count_sentences, example_reports, reports_with_findings

ONE, TWO = "在左侧额叶表现为长信号", "在右侧额叶表现为高信号"
TABLE = pd.DataFrame({"patient_id": ["A", "A", "B", "C"], "sentence": [ONE, TWO, ONE, "在脑桥表现为高信号"]})


def test_sentences_of_the_patients_are_counted_most_frequent_first():
    assert count_sentences(TABLE, ["A", "B"]).to_dict() == {ONE: 2, TWO: 1}


def test_one_sentence_is_nothing_to_compare():
    with pytest.raises(SelipError, match="1 distinct sentence.*add patients"):
        count_sentences(TABLE, ["B"])


def test_reports_of_one_finding_each_can_be_shown():
    one, other = example_reports([ONE, TWO])
    assert {one[0].site, other[0].site} == {"左侧额叶", "右侧额叶"}


def test_reports_with_findings_are_of_several_or_where_there_are_none_of_one():
    normal, both = NORMAL_STATEMENT, f"{ONE}，{TWO}"
    assert reports_with_findings([normal, ONE, TWO]) == [ONE, TWO]
    assert reports_with_findings([normal, ONE, both]) == [both]
    assert reports_with_findings([ONE, TWO], limit=1) == [ONE] and reports_with_findings([]) == []
