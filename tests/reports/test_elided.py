"""What a sentence leaves out is read, and what it says twice is read once."""

import pytest

from selip_core.reports.parser import parse_report


def found(text):
    return {
        (sequence, finding.site, finding.appearance)
        for sequence, findings in parse_report(text).items()
        for finding in findings
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("There are T2 lesions in the left frontal lobe.", "There are high T2 signal lesions in the left frontal lobe."),
        ("FLAIR changes in the left thalamus.", "High FLAIR signal in the left thalamus."),
        ("Oedema on FLAIR in the right parietal lobe.", "Hyperintense oedema on FLAIR in the right parietal lobe."),
        (
            "The left frontal lobe is hypointense on T1 with contrast enhancement.",
            "The left frontal lobe is hypointense on T1 and enhances.",
        ),
    ],
)
def test_what_is_left_out_is_as_if_it_were_said(text, said):
    assert found(text) == found(said) != set()


@pytest.mark.parametrize(
    "text",
    ["T2 lesions: none.", "No T2 lesions in the left frontal lobe.", "No FLAIR changes in the pons.", "FLAIR changes: none."],
)
def test_what_is_denied_is_not_bright(text):
    assert found(text) == set()


def test_a_place_that_a_signal_is_compared_to_has_none():
    text = "A mass in the left frontal lobe is isointense to the pons on T2."
    assert {site for _, site, _ in found(text)} == {"左侧额叶"}
