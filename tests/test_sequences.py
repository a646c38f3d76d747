"""The table of sequences."""

from selip_core.reports.sentences import SEQUENCES as IN_REPORTS
from selip_core.sequences import SEQUENCES


def test_the_order_is_that_of_figures_and_tables():
    assert SEQUENCES == ("T1", "T2", "FLAIR", "DWI", "ADC", "T1ce") == IN_REPORTS
