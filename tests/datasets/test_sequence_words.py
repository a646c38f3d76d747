"""What exports call the sequences: no name stands for two."""

import re

import pytest

from selip_core.datasets.sequence_words import MASK_WORDS, NAMES, OTHER_SEQUENCES, PLAIN_WORDS, SET_ASIDE
from selip_core.sequences import SEQUENCES, TABLE


def test_every_sequence_of_the_table_has_its_names():
    assert set(NAMES) == set(TABLE)


@pytest.mark.parametrize("names", ["aliases", "bids", "brats"])
def test_a_name_stands_for_one_sequence(names):
    given = [name for sequence in NAMES.values() for name in getattr(sequence, names)]
    assert len(given) == len(set(given)) and not set(given) & set(SEQUENCES) - {"FLAIR", "ADC"}


def test_words_are_upper_case_for_the_text_is_brought_to_it():
    words = [word for sequence in NAMES.values() for word in sequence.words]
    words += [word for aside in SET_ASIDE + OTHER_SEQUENCES for word in aside.words + aside.hints]
    words += [*MASK_WORDS, *PLAIN_WORDS]
    assert [word for word in words if re.sub(r"\\[a-z]", "", word) != re.sub(r"\\[a-z]", "", word).upper()] == []
