"""Names in Latin letters of letters and notes: out, and no finding with them."""

import pytest

from selip_core.ingest.comparable import comparable
from selip_core.ingest.letter_names import letter_names
from selip_core.ingest.person_words import with_holes


def without_names(text):
    return with_holes(text, letter_names(comparable(text)))[0]


@pytest.mark.parametrize("name", ["John Smith", "JOHN SMITH", "María O’Neil", "Mary K. Jones"])
@pytest.mark.parametrize(
    "text",
    [
        "I, {}, have reviewed the images.", "Patient {} is a 45-year-old man.", "Pt. {}, 45M, with headache.",
        "{} is a 40 year old man.",
        "Headache. {} was 12 years old.", "Signed: {}", "Electronically signed: {} 01/02/2024", "Signature: {}",
        "Seen with {}.",
        "cc: {}", "Re: {}", "RE: {}\nDOB: none", "Thank you for referring {}.", "Dear {},\nthank you", "Name {} Age 45",
        "Referred by: {}", "Ordered by {}", "Consultant: {}", "Consultant Radiologist\n{}",
        "No infarct.\n{}\nConsultant Radiologist",
        "No infarct. {}, Attending Neuroradiologist", "Reporting doctor {}", "Report dictated and signed {}",
    ],
)  # fmt: skip
def test_names_go(text, name):
    assert without_names(text.format(name)) == text.format("＊＊")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Reviewed and agreed. J. Smith", "Reviewed and agreed. ＊＊"), ("Signed: J. Smith", "Signed: ＊＊"),
        ("Re: SMITH, John  DOB: 1/2/1950", "Re: ＊＊  DOB: 1/2/1950"), ("SMITH^JOHN^A, pons", "＊＊, pons"),
        ("R. Patel\nConsultant Radiologist", "＊＊\nConsultant Radiologist"), ("signed J SMITH", "signed ＊＊"),
        ("cc: J. Smith", "cc: ＊＊"), ("Stable.\ncc: Smith", "Stable.\ncc: ＊＊"),
        ("Normal brain.\nSignature: Smith", "Normal brain.\nSignature: ＊＊"),
        ("Stable.\nCC: Patel", "Stable.\nCC: ＊＊"),
        ("Stable.\nElectronic Signature: Patel", "Stable.\nElectronic Signature: ＊＊"),
        ("Signature: Smith 01/03/2024", "Signature: ＊＊ 01/03/2024"),
        ("cc: dr. Smith", "cc: dr. ＊＊"), ("30 cc. Re: John Smith", "30 cc. Re: ＊＊"),
    ],
)  # fmt: skip
def test_first_letters_and_headers_go(text, left):
    assert without_names(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "Re: Left Frontal Meningioma", "RE: MRI Brain With Contrast", "cc: Neurology Clinic", "Signed: JS",
        "Patient Motion Artifact is severe",
        "Patient Left Frontal was treated", "White Matter Disease, 45 years", "Seen with Gradient Echo Imaging",
        "Dear Colleague,", "Dear Doctor,",
        "I, II and III are normal", "reviewed by Neurology", "Consultant: Not Given", "Reported and signed. Normal",
        "Small Vessel Disease, 3 mm",
        "Grade II. C. Normal", "Name Brain Protocol Date 2020", "Consultant Radiologist\nFindings",
        "Attending Radiologist\nNormal Study",
        "Old Infarct, 5 years", "Approved: No Change", "Verified: Stable Disease",
        "CC: Seizures, Left weakness", "CC: Syncope, Nausea", "Hematoma volume 30 cc, Midline shift 6 mm",
        "Re: Vertigo",
        "RE: SEIZURE DISORDER", "Re: Trigeminal Neuralgia", "cc: Blurred vision", "Imaging signature: Heterogeneous",
    ],
)  # fmt: skip
def test_words_stay(text):
    assert without_names(text) == text


@pytest.mark.parametrize("text", ["A. " * 20_000, "Aa-" * 20_000, "A^" * 20_000, "Re: " * 20_000, "." + " " * 60_000])
def test_a_long_text_comes_to_its_end_without_a_name(text):
    assert letter_names(text) == []
