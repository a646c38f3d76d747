import gzip

import nibabel as nib
import numpy as np
import pandas as pd
import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from selip_core.ingest import ingest
from selip_core.ingest.conversion import convert
from selip_core.ingest.dicom import group_series, is_dicom, read_slices
from tests.helpers.dicom_files import write_series


def _series(files):
    slices, refused = read_slices(files)
    assert not refused
    return group_series(slices)


def test_series_that_lie_mixed_in_one_folder_come_apart(tmp_path):
    first = write_series(tmp_path / "a", series="1.2.3.1")
    second = write_series(tmp_path / "b", series="1.2.3.2", SeriesDescription="t1_tse_tra")
    mixed = [*first, *second][::-1]
    found = {one.header["SeriesInstanceUID"]: one for one in _series(mixed)}
    assert {uid: len(one.files) for uid, one in found.items()} == {"1.2.3.1": 12, "1.2.3.2": 12}
    assert not any(one.reason for one in found.values())


def test_mosaics_of_several_volumes_are_left_to_the_converter(tmp_path):
    files, header = [], {"series": "1.2.3.1", "ImageType": ["ORIGINAL", "PRIMARY", "DIFFUSION", "MOSAIC"]}
    for i in range(3):
        files += write_series(tmp_path / f"{i}", voxels=np.full((1, 8, 8), i, np.uint16), **header)
    (found,) = _series(files)
    assert not found.reason and len(found.files) == 3


def test_missing_slices_are_counted(tmp_path):
    (found,) = _series(write_series(tmp_path, skip=(4, 5, 9)))
    assert found.reason.startswith("incomplete: 3 of 12 slices are missing")


def test_copies_of_slices_are_used_once_but_other_slices_in_their_place_are_refused(tmp_path):
    files = write_series(tmp_path / "a", series="1.2.3.1")
    copy = tmp_path / "copy"
    copy.write_bytes(files[3].read_bytes())
    (found,) = _series([*files, copy])
    assert (
        not found.reason and found.notes == ("1 files were copies of others and not used",) and len(found.files) == 12
    )
    again = write_series(tmp_path / "b", series="1.2.3.1", skip=tuple(range(1, 12)))
    (found,) = _series([*files, *again])
    assert found.reason.startswith("doubled or incomplete: 1 slices are there more often")


def _moved(data):
    data.StationName, data.RetrieveAETitle = "MR2", "PACS2"


def _packed(data):
    data.compress(RLELossless, generate_instance_uid=False)


def _altered(data):
    data.StationName, data.PixelData = "MR2", data.PixelData[:-2] + b"\1\0"


def _scaled(data):
    data.StationName, data.RescaleSlope, data.RescaleIntercept = "MR2", 2, 0


@pytest.mark.parametrize(("change", "copies"), [(_moved, 12), (_packed, 12), (_altered, 0), (_scaled, 0)])
def test_a_series_exported_twice_is_one_where_its_images_are_the_same(tmp_path, change, copies):
    files = write_series(tmp_path / "first", series="1.2.3.1")
    (tmp_path / "second").mkdir()
    again = [tmp_path / "second" / path.name for path in files]
    for path, to in zip(files, again):
        data = pydicom.dcmread(path)
        change(data)
        data.save_as(to)
    (found,) = _series([*files, *again])
    assert len(found.files) == 24 - copies
    assert any(note == "12 files were copies of others and not used" for note in found.notes) == bool(copies)


def test_a_scout_in_several_planes_is_no_volume(tmp_path):
    files = write_series(tmp_path / "a", series="1.2.3.1") + write_series(
        tmp_path / "b", series="1.2.3.1", normal=(1, 0, 0)
    )
    (found,) = _series(files)
    assert found.reason.startswith("mixed: its slices lie in 2 orientations")


def test_files_that_are_no_images_are_refused_each_with_its_reason(tmp_path):
    (tmp_path / "cut").write_bytes(write_series(tmp_path / "a")[0].read_bytes()[:200])
    assert is_dicom(tmp_path / "cut") and not is_dicom(tmp_path / "none")
    slices, refused = read_slices([tmp_path / "cut"])
    assert not slices and len(refused) == 1


def test_what_tells_the_person_is_gathered_in_the_ways_it_is_written(tmp_path):
    (found,) = _series(write_series(tmp_path))
    assert {"Qiuxian", "Yuzhen", "MRN0012345", "1970-04-12", "1970年4月12日", "ACC778899"} <= found.personal


@pytest.mark.parametrize(
    ("name", "forms"),
    [("Wang^Wei=王^伟", {"王伟", "王^伟", "WangWei", "WeiWang", "Wang Wei", "Wei Wang"}), ("王^小东", {"王小东"})],
)
def test_a_name_in_two_scripts_is_gathered_in_each(tmp_path, name, forms):
    files = write_series(tmp_path, PatientName=name, SpecificCharacterSet="ISO_IR 192")
    (found,) = _series(files)
    assert forms <= found.personal
    assert not {"王", "伟", "Wei王"} & found.personal


def test_damaged_headers_are_refused_and_never_end_in_a_traceback(tmp_path, capfd):
    data = write_series(tmp_path / "a")[0].read_bytes()
    rng = np.random.default_rng(0)
    files = []
    for i in range(150):
        spoiled = bytearray(data)
        for at in rng.integers(132, min(len(data), 900), 3):
            spoiled[at] = rng.integers(256)
        files.append(tmp_path / f"{i}")
        files[-1].write_bytes(spoiled)
    slices, refused = read_slices(files)
    group_series(slices)
    assert len(slices) + len(refused) == 150 and "".join(capfd.readouterr()) == ""


def test_slices_left_out_at_an_end_are_remarked(tmp_path):
    (found,) = _series(write_series(tmp_path, skip=(0, 10, 11)))
    assert found.notes[0].startswith("1 of its instance numbers")  # nothing tells of the last two
    (found,) = _series(write_series(tmp_path / "b", skip=(0, 1)))
    assert found.notes == ("2 of its instance numbers are missing: slices may have been left out at an end",)


def _rewritten(files, change):
    for i, path in enumerate(files):
        data = pydicom.dcmread(path)
        change(data, i)
        data.save_as(path)
    return files


def test_slices_that_differ_and_carry_one_instance_uid_are_all_used(tmp_path):
    def one_uid(data, i):
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = "1.2.9"

    files = _rewritten(write_series(tmp_path / "in"), one_uid)
    copy = tmp_path / "in" / "copy"
    copy.write_bytes(files[0].read_bytes())
    (found,) = _series([*files, copy])
    assert len(found.files) == 12 and not found.reason
    assert found.notes[0] == "1 files were copies of others and not used"
    assert found.notes[1] == "12 different slices carry 1 SOP instance UIDs; all are used"
    assert convert(found.files, "T2", tmp_path / "volume.nii.gz") == ""
    assert nib.load(tmp_path / "volume.nii.gz").shape[2] == 12


@pytest.mark.parametrize("shift_mm", [0.05, 3.0])
def test_a_stack_that_is_sheared_is_set_aside_and_rounded_positions_are_not(tmp_path, shift_mm):
    def shear(data, i):
        x, y, z = data.ImagePositionPatient
        data.ImagePositionPatient = [x, y + shift_mm * i, z]

    (found,) = _series(_rewritten(write_series(tmp_path), shear))
    assert ("stacked askew, the last lies 33 mm beside the first" in found.reason) == (shift_mm > 1)
    assert bool(found.reason) == (shift_mm > 1)


def _without_preamble(path):
    path.write_bytes(path.read_bytes()[132:])


def _without_meta(path):
    data = pydicom.dcmread(path)
    data.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    data.save_as(path)
    read = path.read_bytes()
    path.write_bytes(read[read.index(b"\x08\x00\x08\x00") :])


def _gzipped(path):
    path.write_bytes(gzip.compress(path.read_bytes()))


def _deflated(path):
    data = pydicom.dcmread(path)
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data.save_as(path)


@pytest.mark.parametrize("spoil", [_without_preamble, _without_meta, _gzipped, _deflated])
def test_files_that_few_programs_read_become_the_same_volume(tmp_path, spoil):
    plain, odd = write_series(tmp_path / "plain"), write_series(tmp_path / "odd")
    for path in odd:
        spoil(path)
        assert is_dicom(path)
    (found,) = _series(odd)
    volumes = []
    for name, files in (("plain", plain), ("odd", found.files)):
        assert convert(files, "T2", tmp_path / f"{name}.nii.gz") == ""
        volumes.append(nib.load(tmp_path / f"{name}.nii.gz"))
    assert np.array_equal(*(v.get_fdata() for v in volumes)) and np.allclose(*(v.affine for v in volumes))


def test_other_files_are_no_dicom(tmp_path):
    others = {
        "zeros": bytes(200), "text": b"patient_id,findings\n" * 20, "nifti": b"\x5c\x01\0\0" + bytes(400),
        "gzip": gzip.compress(b"abc"), "short": b"\x08\0", "cut": gzip.compress(bytes(500))[:20],
    }  # fmt: skip
    for name, data in others.items():
        (tmp_path / name).write_bytes(data)
        assert not is_dicom(tmp_path / name), name


def test_blank_series_uids_leave_series_apart_and_header_values_warn_of_nothing(tmp_path, recwarn):
    def blank(data, i):
        data.SeriesInstanceUID = ""

    first = _rewritten(write_series(tmp_path / "a", SeriesDescription="t1_se"), blank)
    second = _rewritten(write_series(tmp_path / "b"), blank)
    found = _series([*first, *second])
    assert sorted(len(one.files) for one in found) == [12, 12] and not any(one.reason for one in found)
    assert all("without a series UID" in one.notes[0] for one in found)
    assert all(type(value) in (str, int, float, list, type(None)) for one in found for value in one.header.values())
    assert not [w for w in recwarn if "pydicom" in str(w.filename)]


@pytest.mark.parametrize(
    ("b_values", "highest"),
    [([0] * 12, 0.0), ([1000] * 12, 1000.0), ([None] * 12, None), ([0] * 6 + [None] * 6, None),
     ([0] * 6 + [1000] * 6, 1000.0), ([1000] * 6 + [None] * 6, 1000.0)],
)  # fmt: skip
def test_the_highest_b_value_of_a_series_is_none_where_nobody_knows_it(tmp_path, b_values, highest):
    def weight(data, i):
        if b_values[i] is not None:
            data.DiffusionBValue = float(b_values[i])

    (found,) = _series(_rewritten(write_series(tmp_path, SeriesDescription="DWI"), weight))
    assert found.header["b_value"] == highest


def _used(folder, *headers):
    """Return which of several series of a study stand for its sequences, by the numbers of the series."""
    for number, header in enumerate(headers, start=1):
        write_series(folder / "in" / str(number), SeriesNumber=number, **header)
    ingest(folder / "in", folder / "out", progress=False, workers=1)
    quality = pd.read_csv(folder / "out" / "quality.csv", keep_default_na=False)
    return {row.sequence: row.description.split(";")[0] for row in quality.itertuples() if not row.reason}


def test_a_series_that_is_called_by_its_sequence_goes_before_one_that_times_tell(tmp_path):
    times = {"RepetitionTime": 500, "EchoTime": 12}
    used = _used(tmp_path, {"SeriesDescription": "axial", **times}, {"SeriesDescription": "t1_se", **times})
    assert used == {"T1": "series 2: t1_se"}


def test_of_diffusion_series_that_are_equal_else_the_b_value_nearest_to_1000_is_used(tmp_path):
    series = [{"SeriesDescription": "DWI", "DiffusionBValue": float(b)} for b in (2000, 500, 900, 50)]
    assert _used(tmp_path, {"SeriesDescription": "DWI"}, *series) == {"DWI": "series 4: DWI"}


@pytest.mark.parametrize(
    ("outside", "inside", "told"),
    [(0, 1, ""), (np.nan, 1, ""), (1, 1, "fills 100% of the volume"), (0, 0, "fills no voxel"),
     (0, 0.4, "are fractions")],
)  # fmt: skip
def test_a_mask_that_is_none_is_set_aside_and_a_doubtful_one_remarked(tmp_path, outside, inside, told):
    head, mask = np.zeros((24, 24, 12), np.float32), np.full((24, 24, 12), outside, np.float32)
    head[4:20, 4:20, 2:10] = 300 + np.arange(8)
    mask[10:14, 10:14, 5:8] = inside
    (tmp_path / "in" / "P1").mkdir(parents=True)
    for name, voxels in (("FLAIR", head), ("mask", mask)):
        nib.save(nib.Nifti1Image(voxels, np.diag([8.0, 8.0, 12.0, 1.0])), tmp_path / "in" / "P1" / f"{name}.nii.gz")
    counts = ingest(tmp_path / "in", tmp_path / "out", masks="tumour", progress=False, workers=1)
    quality = (tmp_path / "out" / "quality.html").read_text(encoding="utf-8")
    assert counts["masks"] == (inside != 0.4) and told in quality
    assert ("a mask that fills" in quality) == ("fills" in told)
