"""A T1 acquired before the agent that its header names is plain; the time counts only where it separates two alike."""

from pathlib import Path

import pytest

from selip_core.ingest.contrast_times import before_the_agent, by_agent_alone
from selip_core.ingest.dicom import DicomSeries

HEADER = {
    "SeriesDescription": "t1_tse_tra", "ProtocolName": "", "PatientID": "P", "StudyInstanceUID": "1.2.3",
    "StudyDate": "20240102", "AcquisitionDate": "", "SeriesTime": "", "AcquisitionTime": "101500",
    "ContrastBolusAgent": "Gadovist", "ContrastBolusVolume": "", "ContrastBolusStartTime": "103000",
    "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "PixelSpacing": [0.5, 0.5], "SliceThickness": "5",
}  # fmt: skip
LATER = {"AcquisitionTime": "104500.25"}


def _before(first, second, reason=""):
    series = [DicomSeries((Path("x"),), {**HEADER, **header}, frozenset(), reason) for header in (first, second)]
    return before_the_agent(series)


@pytest.mark.parametrize(
    ("first", "second"),
    [({}, LATER), ({"AcquisitionTime": "", "SeriesTime": "1015"}, LATER), ({"ContrastBolusStartTime": ""}, LATER),
     ({}, {**LATER, "AcquisitionDate": "20240102"}), ({}, {"AcquisitionTime": "103000"})],
)  # fmt: skip
def test_of_two_alike_the_one_before_the_agent_is_plain(first, second):
    assert _before(first, second) == {0} and {*_before(second, first)} == {1}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}), (LATER, LATER), ({}, {**LATER, "SeriesDescription": "t1_mprage"}),
        ({}, {**LATER, "SliceThickness": "1"}),
        ({}, {**LATER, "StudyInstanceUID": "1.2.4"}), ({}, {**LATER, "AcquisitionDate": "20240103"}),
        ({}, {**LATER, "ContrastBolusAgent": "NONE"}), ({}, {**LATER, "SeriesDescription": "t1_tse_tra +C"}),
        ({}, {"AcquisitionTime": "N/A"}),
        *(({"ContrastBolusStartTime": word}, {**LATER, "ContrastBolusStartTime": word}) for word in ("", "0", "no")),
    ],
)  # fmt: skip
def test_a_time_that_separates_no_two_alike_or_is_of_another_day_tells_nothing(first, second):
    assert _before(first, second) == set()


def test_broken_numbers_stop_nothing():
    broken = {"PixelSpacing": "N/A", "ImageOrientationPatient": None, "SliceThickness": ["x"]}
    assert _before(broken, {**broken, **LATER}) == {0}


def test_what_cannot_be_used_is_not_asked():
    assert _before({}, LATER, "incomplete") == set()


@pytest.mark.parametrize(
    ("header", "alone"),
    [({}, True), ({"SeriesDescription": "t1 +C"}, False), ({"SeriesDescription": "t2_tse"}, False),
     ({"ContrastBolusAgent": ""}, False), ({"SeriesDescription": "t1 pre"}, False)],
)  # fmt: skip
def test_a_name_of_an_enhanced_t1_tells_it_without_the_agent(header, alone):
    assert by_agent_alone({**HEADER, **header}) is alone
