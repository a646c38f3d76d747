"""A volume holds all slices that the headers of its series tell, of one echo and one b-value."""

import nibabel as nib
import numpy as np
import pydicom
import pytest

from selip_core.ingest.conversion import convert
from selip_core.ingest.own_slices import doubt_of_slices, own_shell, places_mm
from tests.helpers.dicom_files import head, write_series


def made(folder, change, sequence="T2", stacks=1, **header):
    """Return why a series makes no volume, and the volume; `change` has each header, its stack and its place."""
    files = []
    for stack in range(stacks):
        for i, path in enumerate(write_series(folder / f"{stack}", series="1.2.3.1", **header)):
            data = pydicom.dcmread(path)
            data.InstanceNumber = 12 * stack + i + 1
            change(data, stack, i)
            data.save_as(path)
            files.append(path)
    reason = convert(files, sequence, folder / "volume.nii.gz")
    return reason, nib.load(folder / "volume.nii.gz") if (folder / "volume.nii.gz").exists() else None


@pytest.mark.parametrize(("one", "other"), [(90, 92), (90, 90.001), (90.112, 90.096)])
@pytest.mark.parametrize("maker", ["SIEMENS", "GE MEDICAL SYSTEMS"])
def test_slices_of_one_echo_that_is_not_written_alike_are_one_volume(tmp_path, one, other, maker):
    def echo(data, _, i):
        data.EchoTime = str(one if i % 3 else other)

    reason, image = made(tmp_path, echo, Manufacturer=maker)
    assert reason == "" and image.shape == (32, 32, 12) and nib.affines.voxel_sizes(image.affine)[2] == 5
    assert np.array_equal(np.sort(image.get_fdata(), axis=None), np.sort(head(), axis=None))


def test_of_two_echoes_that_miss_images_none_is_a_volume(tmp_path):
    def echo(data, _, i):
        data.EchoTime, data.EchoNumbers = (90, 2) if i in (0, 2, 3, 5, 6, 8, 9) else (14, 1)

    reason, image = made(tmp_path, echo)
    assert reason.startswith("dcm2niix used 7 of its 12 slices") and image is not None  # to be shown


@pytest.mark.parametrize("times", [(14, 90), (90, 92)])
def test_of_two_whole_echoes_the_longer_is_used(tmp_path, times):
    def echo(data, stack, _):
        data.EchoTime, data.EchoNumbers = times[stack], stack + 1
        data.PixelData = (head()[0] + times[stack]).astype(np.uint16).tobytes()

    reason, image = made(tmp_path, echo, stacks=2)
    assert reason == "" and image.shape == (32, 32, 12) and np.all(image.get_fdata() == times[1])


def slices(places, **more):
    """Return headers of axial slices at some places."""
    heads = []
    for place in places:
        one = pydicom.Dataset()
        one.ImagePositionPatient, one.ImageOrientationPatient = [0, 0, place], [1, 0, 0, 0, 1, 0]
        one.Rows, one.Columns = 32, 16
        for key, value in more.items():
            setattr(one, key, value)
        heads.append(one)
    return heads


@pytest.mark.parametrize(
    ("places", "more", "found"),
    [
        ([5, 0, 10, 5.02], {}, [0, 5, 10]), ([0, 5], {"NumberOfFrames": 1}, [0, 5]),
        ([0, 5], {"NumberOfFrames": 9}, []), ([0, 5], {"ImageOrientationPatient": None}, []),
        ([0, 5], {"ImageType": ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]}, []),
    ],
)  # fmt: skip
def test_each_place_counts_once_where_headers_tell_it(places, more, found):
    assert places_mm(slices(places, **more)) == pytest.approx(found)


def test_what_a_volume_holds_is_counted_by_its_voxels_however_it_is_turned():
    assert doubt_of_slices((16, 32, 3), slices([0, 5, 10])) == doubt_of_slices((3, 16, 32), slices([0, 5, 10])) == ""
    assert doubt_of_slices((16, 32, 3, 2), slices([0, 5, 10, 0, 5, 10])) == ""
    assert doubt_of_slices((16, 2, 32), slices([0, 5, 10])).startswith("dcm2niix used 2 of its 3 slices")


def weighted(public, private, directions=()):
    """Return a change that gives each stack its b-value, in DiffusionBValue, in GE's own element, or in both."""

    def change(data, stack, _):
        b_value, level = ((0, 100), (1000, 2000), (1000, 2002))[stack]
        if public:
            data.DiffusionBValue = float(b_value)
        if private:
            data.private_block(0x0043, "GEMS_PARM_01", create=True).add_new(0x39, "IS", [b_value, 8, 0, 0])
        for element, part in zip((0xBB, 0xBC, 0xBD), directions[stack] if directions else (0, 0, 0)):
            data.private_block(0x0019, "GEMS_ACQU_01", create=True).add_new(element, "DS", str(part))
        data.PixelData = (head()[0] + level).astype(np.uint16).tobytes()
        data.AcquisitionTime = f"1015{stack:02d}"

    return change


@pytest.mark.parametrize(("signed", "reason"), [(0, "uneven: its slices lie 5 to 7 mm apart"), (1, "")])
def test_slices_unevenly_far_apart_are_set_aside_where_they_are_not_resampled(tmp_path, signed, reason):
    def apart(data, _, i):
        data.ImagePositionPatient = [-80, -80, i // 2 * 12 + i % 2 * 5]
        data.PixelRepresentation = signed

    found, _ = made(tmp_path, apart)
    assert found.startswith(reason) if reason else found == ""


@pytest.mark.parametrize(("places", "even"), [([0, 0.9, 1.9, 2.8, 3.8], True), ([0, 5, 10.4, 15.4], True),
                                              ([0, 5, 10.7, 15], False), ([0, 0.5, 1, 1.8], False)])  # fmt: skip
def test_gaps_that_rounding_may_make_are_even(places, even):
    found = doubt_of_slices((16, 32, len(places)), slices(places))
    assert found == "" if even else found.startswith("uneven")


GE = {"Manufacturer": "GE MEDICAL SYSTEMS", "SeriesDescription": "Ax DWI", "ScanningSequence": ["EP", "SE"]}


@pytest.mark.parametrize(("public", "private"), [(False, True), (True, False), (True, True)])
def test_of_weighted_images_without_a_direction_those_near_1000_are_used(tmp_path, public, private):
    reason, image = made(tmp_path, weighted(public, private), "DWI", stacks=2, **GE)
    assert reason == "" and image.shape == (32, 32, 12) and np.all(image.get_fdata() == 2000)


def test_the_directions_of_a_b_value_are_one_volume_with_and_without_their_gradients(tmp_path):
    for name, directions in (("with", [(0, 0, 0), (1, 0, 0), (0, 1, 0)]), ("without", ())):
        reason, image = made(tmp_path / name, weighted(False, True, directions), "DWI", stacks=3, **GE)
        assert reason == "" and np.all(image.get_fdata() == 2001)


@pytest.mark.parametrize(
    ("b_values", "shell"),
    [
        ([0, 1000], [False, True]), ([0, 50], None), ([1000, 1000], None), ([0, None], None), ([None, 1000], None),
        ([0, 500, 900, 2000], [False, False, True, False]), ([0, 995, 1005], [False, True, True]),
    ],
)  # fmt: skip
def test_slices_are_told_by_their_own_b_values_where_all_are_known(b_values, shell):
    heads = slices(range(len(b_values)))
    for one, b_value in zip(heads, b_values):
        if b_value is not None:
            one.DiffusionBValue = float(b_value)
    found = own_shell(heads)
    assert found is None if shell is None else found.tolist() == shell
    heads[0].NumberOfFrames = 20
    assert own_shell(heads) is None
