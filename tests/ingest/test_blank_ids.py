"""Ids that are nobody's: what an anonymiser leaves is no patient, and what somebody is called is one."""

import pytest

from selip_core.ingest.blank_ids import is_nobody, is_nothing


@pytest.mark.parametrize(
    "given",
    ["", "***", "0", "000-000", "-1", "123456", "123456789", "XXXX", "REDACTED", "HIDDEN", "DELETED", "No ID", "NOID",
     "Anonymous Patient", "ANON^ANON", "Masked", "PSEUDO", "*ANON*", "[REMOVED]", "anonymized", "Unknown", "n/a",
     "(null)",
     "匿名患者", "无名氏", "不详"],
)  # fmt: skip
def test_an_id_that_everybody_has(given):
    assert is_nobody(given)


@pytest.mark.parametrize(
    "given",
    ["007", "P000", "anon12", "ANON_001", "A", "XX", "王伟", "1", "12345", "123457", "PSEUDO-7", "Nana", "Hidden7",
              "1.2.3.4.5.6", "Patience", "Noida"]
)  # fmt: skip
def test_an_id_that_somebody_has(given):
    assert not is_nobody(given)


@pytest.mark.parametrize("given", ["NULL", "(null)", "N/A", "#N/A", "nan", "None", "无", "無", "-", "—", ""])
def test_a_cell_that_holds_nothing(given):
    assert is_nothing(given)


@pytest.mark.parametrize("given", ["0", "A", "无锡1", "NULL1", "NA12", "test"])
def test_a_cell_that_holds_an_id(given):
    assert not is_nothing(given)
