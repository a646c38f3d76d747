"""The table of sequences: no name stands for two."""

import re

import pytest

from selip_core.reports.sentences import SEQUENCES as IN_REPORTS
from selip_core.sequences import MASK_WORDS, PLAIN_WORDS, SEQUENCES, SET_ASIDE, TABLE


def test_the_order_is_that_of_figures_and_tables():
    assert SEQUENCES == ("T1", "T2", "FLAIR", "DWI", "ADC", "T1ce") == IN_REPORTS


@pytest.mark.parametrize("names", ["aliases", "bids", "brats"])
def test_a_name_stands_for_one_sequence(names):
    given = [name for sequence in TABLE.values() for name in getattr(sequence, names)]
    assert len(given) == len(set(given)) and not set(given) & set(SEQUENCES) - {"FLAIR", "ADC"}


def test_words_are_upper_case_for_the_text_is_brought_to_it():
    words = [word for sequence in TABLE.values() for word in sequence.words]
    words += [word for aside in SET_ASIDE for word in aside.words + aside.hints] + [*MASK_WORDS, *PLAIN_WORDS]
    assert [word for word in words if re.sub(r"\\[a-z]", "", word) != re.sub(r"\\[a-z]", "", word).upper()] == []
