import numpy as np
import pytest

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
