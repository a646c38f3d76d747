"""Enhanced DICOM files: what stands in their functional groups is read as if it stood in the header."""

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from selip_core.datasets.sequences import sequence_of_header
from selip_core.ingest.dicom import group_series, read_slices
from tests.helpers.dicom_files import write_series


def item(**values):
    made = Dataset()
    for key, value in values.items():
        setattr(made, key, value)
    return made


def times(echo_ms, repetition_ms=2000.0, **more):
    return item(MREchoSequence=[item(EffectiveEchoTime=echo_ms)],
                MRTimingAndRelatedParametersSequence=[item(RepetitionTime=repetition_ms)], **more)  # fmt: skip


def diffusion(b_value):
    return item(MRDiffusionSequence=[item(DiffusionBValue=b_value)])


INVERTED = {"MRModifierSequence": [item(InversionTimes=2500.0)]}


def header_of(folder, description, **values):
    """Return the header of a series of one enhanced file, which has no times of its own."""
    (path,) = write_series(folder, voxels=np.ones((1, 8, 8), np.uint16), SeriesDescription=description)
    data = pydicom.dcmread(path)
    del data.EchoTime, data.RepetitionTime
    for key, value in values.items():
        setattr(data, key, value)
    data.save_as(path)
    slices, refused = read_slices([path])
    assert not refused
    return group_series(slices)[0].header


@pytest.mark.parametrize(
    ("description", "values", "found"),
    [
        ("T1W_3D_TFE", {"ContrastBolusAgentSequence": [item(CodeMeaning="Gadolinium")]}, ("T1ce", "")),
        ("T1W_3D_TFE", {"ContrastBolusAgentSequence": [item(CodeMeaning="No contrast")]}, ("T1", "")),
        ("T1W_3D_TFE", {"ContrastBolusAgentSequence": []}, ("T1", "")),
        ("T2W_TSE", {"PerFrameFunctionalGroupsSequence": [diffusion(0.0), diffusion(1000.0)]},
         (None, "it is called T2, but its b-value is 1000 s/mm²")),
        ("DWI", {"PerFrameFunctionalGroupsSequence": [diffusion(0.0), diffusion(1000.0)]}, ("DWI", "")),
        ("DWI", {"PerFrameFunctionalGroupsSequence": [diffusion(0.0)]},
         (None, "diffusion without weighting (b-value 0)")),
        ("DWI", {}, ("DWI", "")),
        ("x", {"SharedFunctionalGroupsSequence": [times(100.0, 4000.0)]}, ("T2", "")),
        ("x", {"PerFrameFunctionalGroupsSequence": [times(10.0, 500.0), times(90.0, 4000.0)]}, ("T1", "")),
        ("x", {"SharedFunctionalGroupsSequence": [times(100.0, 9000.0, **INVERTED)]}, ("FLAIR", "")),
        ("T2", {"SharedFunctionalGroupsSequence": [times(25.0)], "EchoPulseSequence": "GRADIENT"},
         (None, "susceptibility-weighted")),
        ("T2", {"SharedFunctionalGroupsSequence": [times(25.0)], "EchoPulseSequence": "SPIN"}, ("T2", "")),
        ("T2", {"SharedFunctionalGroupsSequence": [item(MREchoSequence=[])], "EchoPulseSequence": ""}, ("T2", "")),
    ],
)  # fmt: skip
def test_times_b_value_and_agent_are_read_of_the_groups(tmp_path, description, values, found):
    assert sequence_of_header(header_of(tmp_path, description, **values)) == found


def test_what_the_header_says_itself_counts(tmp_path):
    header = header_of(tmp_path, "x", EchoTime=100, RepetitionTime=4000, DiffusionBValue=0.0,
                       PerFrameFunctionalGroupsSequence=[times(10.0, 500.0)])  # fmt: skip
    assert (float(header["EchoTime"]), float(header["RepetitionTime"]), header["b_value"]) == (100, 4000, 0)


def region(name):
    return [item(AnatomicRegionSequence=[item(CodeMeaning=name)])]


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("Knee", {"AnatomicRegionSequence": [item(CodeMeaning="Knee joint")]}, (None, "not of the head")),
        ("Brain", {"AnatomicRegionSequence": [item(CodeMeaning="Brain")]}, ("T1", "")),
        ("Pelvis", {"SharedFunctionalGroupsSequence": [item(FrameAnatomySequence=region("Pelvis"))]},
         (None, "not of the head")),
        ("none", {"SharedFunctionalGroupsSequence": [item(FrameAnatomySequence=[item()])]}, ("T1", "")),
        ("said", {"BodyPartExamined": "BRAIN", "AnatomicRegionSequence": [item(CodeMeaning="Knee")]}, ("T1", "")),
    ],
)  # fmt: skip
def test_the_part_of_the_body_is_read_of_its_codes(tmp_path, name, values, found):
    header = header_of(tmp_path, "t1_se", **({"BodyPartExamined": ""} | values))
    assert sequence_of_header(header) == found


AXIAL, SAGITTAL = [1.0, 0, 0, 0, 1, 0], [0.0, 1, 0, 0, 0, -1]


def frames(places, turned=AXIAL):
    """Return the groups of frames at some places, without an orientation that all share."""
    told = {"PlaneOrientationSequence": [item(ImageOrientationPatient=turned)]} if turned else {}
    placed = ([item(ImagePositionPatient=list(map(float, place)))] for place in places)
    return [item(PlanePositionSequence=place, **told) for place in placed]


STACK = [(0, 0, 5 * i) for i in range(12)]


@pytest.mark.parametrize(
    ("groups", "shared", "reason"),
    [
        (frames(STACK), [], ""), (frames(STACK * 2), [], ""), (frames(STACK[::-1]), [], ""),
        (frames(STACK, None), frames(STACK[:1]), ""), ([item()] * 12, frames(STACK[:1]), "all of its 12 slices"),
        ([item()] * 12, [], ""), (frames(STACK[:11]) + [item()], [], ""),
        (frames(STACK[:5] + STACK[8:]), [], "incomplete: 3 of 12 slices"),
        (frames([(0, 3 * i, 5 * i) for i in range(12)]), [], "sheared"),
        (frames(STACK[:6] + [(0, 0, 90 + z) for _, _, z in STACK[:6]]), [], "incomplete: 12 of 24 slices"),
        (frames(STACK[:6]) + frames([(5 * i, 0, 0) for i in range(6)], SAGITTAL), [], "in 2 orientations"),
        (frames(STACK + STACK[:4]), [], "4 slices are there more often"),
    ],
)  # fmt: skip
def test_the_places_of_frames_are_checked_as_those_of_slices(tmp_path, groups, shared, reason):
    (path,) = write_series(tmp_path, voxels=np.ones((1, 8, 8), np.uint16))
    data = pydicom.dcmread(path)
    del data.ImagePositionPatient, data.ImageOrientationPatient
    data.NumberOfFrames, data.PixelData = len(groups), bytes(128 * len(groups))
    data.PerFrameFunctionalGroupsSequence, data.SharedFunctionalGroupsSequence = groups, shared
    data.save_as(path)
    (found,) = group_series(read_slices([path])[0])
    assert reason in found.reason if reason else found.reason == ""
