"""The b-value that only a vendor's own elements tell, in files with VRs and without."""

import numpy as np
import pydicom
import pytest

from selip_core.datasets.sequences import sequence_of_header
from selip_core.ingest.dicom import group_series, read_slices
from selip_core.ingest.private_b_value import private_b_value
from tests.helpers.dicom_files import write_series

SIEMENS = ("SIEMENS MR HEADER", 0x0019, 0x0C, "IS")
GE = ("GEMS_PARM_01", 0x0043, 0x39, "IS")
PHILIPS = ("Philips Imaging DD 001", 0x2001, 0x03, "FL")
UNITED = ("Image Private Header", 0x0065, 0x09, "FD")


def header_of(folder, description, creator, group, element, vr, values, syntax=None, **header):
    """Return the header of a series whose slices carry a private element, each its own value."""
    paths = write_series(folder, voxels=np.ones((len(values), 8, 8), np.uint16), SeriesDescription=description)
    for path, value in zip(paths, values, strict=True):
        data = pydicom.dcmread(path)
        data.private_block(group, creator, create=True).add_new(element, vr, value)
        for key, more in header.items():
            setattr(data, key, more)
        if syntax:
            data.file_meta.TransferSyntaxUID = syntax
            data.save_as(path, implicit_vr=True, little_endian=True)
        else:
            data.save_as(path)
    slices, refused = read_slices(paths)
    assert not refused
    return group_series(slices)[0].header


@pytest.mark.parametrize("syntax", [None, pydicom.uid.ImplicitVRLittleEndian])
@pytest.mark.parametrize(
    ("place", "values", "b_value"),
    [
        (SIEMENS, [0, 1000], 1000), (SIEMENS, [0, 0], 0), (GE, [[1000001000, 8, 0, 0]] * 2, 1000),
        (GE, [[800, 0, 0, 0]] * 2, 800), (GE, [[0, 0, 0, 0]] * 2, None),
        (GE, [[-1, 0, 0, 0]] * 2, None), (SIEMENS, [-1, -1], None), (SIEMENS, [60000, 60000], None),
        (PHILIPS, [1000.0] * 2, 1000),
        (UNITED, [1000.0] * 2, 1000), (("Somebody else", 0x0019, 0x0C, "IS"), [1000] * 2, None),
    ],
)  # fmt: skip
def test_a_vendors_own_element_is_read(tmp_path, place, values, b_value, syntax):
    assert header_of(tmp_path, "ep2d", *place, values, syntax)["b_value"] == b_value


@pytest.mark.parametrize(
    ("description", "values", "found"),
    [
        ("ep2d_diff", [1000, 1000], ("DWI", "")),
        ("ep2d_diff", [0, 0], (None, "diffusion without weighting (b-value 0)")),
        ("T2_tse", [1000, 1000], (None, "it is called T2, but its b-value is 1000 s/mm²")),
        ("ep2d_diff_ADC", [0, 0], ("ADC", "")),
        ("ep2d_diff_ADC", [1000, 1000], ("ADC", "")),
    ],
)  # fmt: skip
def test_it_counts_as_the_headers_own(tmp_path, description, values, found):
    assert sequence_of_header(header_of(tmp_path, description, *SIEMENS, values)) == found


def test_the_headers_own_stands_before_it(tmp_path):
    assert header_of(tmp_path, "ep2d", *SIEMENS, [0, 0], DiffusionBValue=1000.0)["b_value"] == 1000


@pytest.mark.parametrize("value", [b"\xff\xfe", b"", b"many"])
def test_what_is_no_number_is_none(tmp_path, value):
    header = header_of(tmp_path, "ep2d", "SIEMENS MR HEADER", 0x0019, 0x0C, "UN", [value] * 2)
    assert header["b_value"] is None


@pytest.mark.parametrize("place", [SIEMENS, GE])
def test_a_0_of_ge_counts_in_what_is_known_to_be_diffusion(place):
    creator, group, element, vr = place
    data = pydicom.Dataset()
    data.private_block(group, creator, create=True).add_new(element, vr, [0, 8, 0, 0])
    assert private_b_value(data, of_diffusion=True) == 0 and private_b_value(data) == (None if place is GE else 0)
