"""Times that exclude what a series is called set it aside; an inversion or a balanced echo may explain them."""

import pytest

from selip_core.datasets.acquisition import contradiction, is_susceptible, of_acquisition
from selip_core.datasets.sequences import sequence_of_header

AS_T2, AS_T1 = {"RepetitionTime": "5000", "EchoTime": "100"}, {"RepetitionTime": "450", "EchoTime": "10"}
SPIN = {"ScanningSequence": ["SE"]}


@pytest.mark.parametrize(
    ("said", "header", "other"),
    [("T1 tra", AS_T2, "T2"), ("T1 +C", AS_T2, "T2"), ("T2 tra", {**AS_T1, **SPIN}, "T1"),
     ("FLAIR tra", {**AS_T1, **SPIN}, "T1")],
)  # fmt: skip
def test_a_name_that_the_times_exclude_is_set_aside_with_both(said, header, other):
    sequence, reason = sequence_of_header({"SeriesDescription": said, **header})
    assert sequence is None and reason.startswith("it is called ") and reason.endswith(f"of a {other}")
    assert header["RepetitionTime"] in reason and header["EchoTime"] in reason


@pytest.mark.parametrize(
    ("said", "header", "sequence"),
    [
        ("T1 FLAIR", {**AS_T2, "InversionTime": "860"}, "T1"), ("T1 IR", {**AS_T2, "ScanningSequence": "IR"}, "T1"),
        ("T2 CISS", {"RepetitionTime": "6", "EchoTime": "2.5", "ScanningSequence": ["GR"]}, "T2"),
        ("T2 tra", AS_T1, "T2"), ("T2 tra", {**SPIN, **AS_T2}, "T2"), ("T1 tra", {**SPIN, **AS_T1}, "T1"),
        ("FLAIR", {**SPIN, **AS_T2}, "FLAIR"), ("T1 SPACE", {"RepetitionTime": "700", "EchoTime": "25"}, "T1"),
        ("FLAIR", {**AS_T1, **SPIN, "InversionTime": "2500"}, "FLAIR"), ("T1", {"RepetitionTime": "5000"}, "T1"),
        ("T2", {**SPIN, "RepetitionTime": "0", "EchoTime": "0"}, "T2"),
    ],
)  # fmt: skip
def test_what_an_inversion_or_a_gradient_explains_or_the_header_lacks_stays_what_it_is_called(said, header, sequence):
    assert sequence_of_header({"SeriesDescription": said, **header}) == (sequence, "")


def test_only_what_is_weighted_by_its_times_can_contradict_them():
    assert contradiction("DWI", {**AS_T1, **SPIN}) == contradiction("ADC", AS_T2) == ""


def test_times_alone_tell_a_sequence_and_a_long_gradient_echo():
    assert of_acquisition(AS_T1) == ("T1", "") and of_acquisition(AS_T2) == ("T2", "")
    assert of_acquisition({"RepetitionTime": "650", "EchoTime": "20"}, "AX GRE") == (None, "susceptibility-weighted")
    assert is_susceptible({"EchoTime": "20", "ScanningSequence": "GR"}) and not is_susceptible(AS_T2)
