"""What a header states of sides and spacing is doubted where it contradicts itself, or fits no head."""

import nibabel as nib
import numpy as np
import pydicom
import pytest

from selip_core.ingest.dicom import group_series, read_slices
from selip_core.ingest.geometry import geometry_doubts, slice_doubts
from tests.helpers.dicom_files import write_series

RIGHT = np.diag([2.0, 2.0, 6.0, 1.0])


def image(sform=RIGHT, qform=RIGHT, codes=(1, 1), shape=(96, 112, 24)):
    made = nib.Nifti1Image(np.zeros(shape, np.float32), sform)
    made.set_sform(sform, codes[0])
    made.set_qform(qform, codes[1])
    return made


def turned(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0, 0], [s, c, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]) @ RIGHT


@pytest.mark.parametrize(
    ("made", "doubt"),
    [
        (image(), ""), (image(qform=np.eye(4), codes=(1, 0)), ""), (image(sform=np.eye(4), codes=(0, 1)), ""),
        (image(qform=turned(2)), ""), (image(qform=np.diag([-2.0, 2, 6, 1])), "disagree"),
        (image(qform=turned(90)), "disagree"), (image(qform=np.diag([1.0, 1, 1, 1])), "disagree"),
        (image(codes=(0, 0)), "states no orientation"),
        (image(np.eye(4), np.eye(4), shape=(512, 512, 22)), "fits no head"),
        (image(np.eye(4), np.eye(4), shape=(160, 192, 150)), ""),
        (image(np.diag([0.45, 0.45, 6.5, 1]), np.diag([0.45, 0.45, 6.5, 1]), shape=(512, 512, 22)), ""),
        (image(shape=(96, 112, 9)), "field of view is 192 × 224 × 54 mm, which is no whole head"),
        (image(shape=(96, 112, 14)), ""), (image(shape=(96, 176, 24)), "352"), (image(shape=(96, 175, 24)), ""),
        (image(shape=(96, 112)), ""),
    ],
)  # fmt: skip
def test_doubts(made, doubt):
    found = "; ".join(geometry_doubts(made))
    assert (doubt in found) if doubt else found == ""


def test_other_formats_are_not_doubted():
    assert geometry_doubts(nib.MGHImage(np.zeros((9, 9, 9), np.float32), np.eye(4))) == []


def test_a_quaternion_that_is_none_beside_a_sform_is_a_doubt():
    made = image()
    made.header["quatern_b"], made.header["quatern_c"], made.header["quatern_d"] = 0.9, 0.9, 0.9
    assert any("disagree" in doubt for doubt in geometry_doubts(made))


def _headers(folder, change, **header):
    files = write_series(folder, **header)
    for i, path in enumerate(files):
        data = pydicom.dcmread(path)
        change(data, i)
        data.save_as(path)
    slices, refused = read_slices(files)
    assert not refused
    return [one.header for one in slices]


UNPLACED, UNMEASURED = ["no position or orientation"], ["no spacing of its pixels or slices"]
COUNTED = ["its header counts 12 slices, 3 are there"]


def _without(*keywords):
    return lambda data, _: [delattr(data, keyword) for keyword in keywords]


def _nothing(data, i):
    pass


@pytest.mark.parametrize(
    ("change", "header", "doubts"),
    [
        (_nothing, {}, []),
        (_without("ImagePositionPatient", "ImageOrientationPatient"), {}, UNPLACED),
        (_without("ImageOrientationPatient"), {}, UNPLACED),
        (_without("PixelSpacing"), {}, UNMEASURED),
        (_without("PixelSpacing", "SliceThickness", "ImagePositionPatient", "ImageOrientationPatient"), {},
         UNPLACED + UNMEASURED),
        (_without("SliceThickness", "ImagePositionPatient"), {}, UNPLACED + UNMEASURED),
        (_without("SliceThickness"), {}, []),
        (_nothing, {"ImagesInAcquisition": 12}, []),
        (_nothing, {"ImagesInAcquisition": 6}, []),
        (_nothing, {"ImagesInAcquisition": 12, "skip": tuple(range(9))}, COUNTED),
        (_nothing, {"NumberOfSlices": 12, "skip": tuple(range(3, 12))}, COUNTED),
        (_nothing, {"ImagesInAcquisition": 12, "skip": tuple(range(3, 12)), "ImageType": ["DERIVED", "SECONDARY"]}, []),
        (_nothing, {"skip": (0,)}, ["1 of its instance numbers are missing"]),
        (_without("ImagePositionPatient"), {"ImageType": ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]}, []),
    ],
)  # fmt: skip
def test_slices_without_place_spacing_or_neighbours_are_remarked(tmp_path, change, header, doubts):
    found = slice_doubts(_headers(tmp_path, change, **header))
    assert len(found) == len(doubts) and all(said in one for said, one in zip(doubts, found, strict=True))


def test_the_doubts_of_slices_are_remarks_of_their_series(tmp_path):
    files = write_series(tmp_path, ImagesInAcquisition=20)
    (found,) = group_series(read_slices(files)[0])
    assert not found.reason
    assert found.notes == ("its header counts 20 slices, 12 are there: the others may have been left out",)
