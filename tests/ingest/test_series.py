"""Several series of one sequence: the one before contrast medium is used; what is too small is told in one way."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from selip_core.errors import SelipError
from selip_core.ingest.build import ingest
from tests.helpers.dicom_files import head, write_series

T1 = {"SeriesDescription": "t1_tse_tra", "EchoTime": 10, "RepetitionTime": 500, "study": "1.2.3.1"}
THICK = {"spacing_mm": (6, 5, 5)}
REMARK = "may be after contrast medium"


def _voxels(seed):
    return (head() + np.random.default_rng(seed).integers(0, 30, head().shape)).astype(np.uint16)


def _ingested(tmp_path, *headers):
    for i, header in enumerate(headers):
        write_series(tmp_path / "src" / str(i), **{"voxels": _voxels(i), **T1, **header})
    ingest(tmp_path / "src", tmp_path / "out", progress=False, workers=1)
    return pd.read_csv(tmp_path / "out" / "quality.csv", keep_default_na=False)


@pytest.mark.parametrize(
    "headers",
    [
        ({"SeriesNumber": 12}, {"SeriesNumber": 5}),
        ({"SeriesNumber": 5, "AcquisitionTime": "103500"}, {"SeriesNumber": 5, "AcquisitionTime": "101500.25"}),
        ({"SeriesNumber": "", "SeriesTime": "103500"}, {"SeriesNumber": "", "SeriesTime": "101500"}),
    ],
)
def test_of_two_t1_alike_the_first_by_number_and_time_is_used_with_a_remark(tmp_path, headers):
    found = _ingested(tmp_path, *headers)
    assert list(found["sequence"]) == ["T1", "T1"] and found["description"].str.contains(REMARK).all()
    used = nib.load(tmp_path / "out" / found.loc[found["reason"] == "", "path"].item()).get_fdata()
    assert np.array_equal(np.sort(used, axis=None), np.sort(_voxels(1), axis=None))


@pytest.mark.parametrize(
    ("second", "sequences"),
    [
        ({"SeriesDescription": "t1_tse_tra CON CONTRASTE"}, ["T1", "T1ce"]),
        ({"ContrastBolusAgent": "Gadovist"}, ["T1", "T1ce"]),
        ({"ContrastBolusAgent": "NONE"}, ["T1", "T1"]),
        ({"SeriesDescription": "t1_mprage"}, ["T1", "T1"]),
        ({"spacing_mm": (4, 5, 5)}, ["T1", "T1"]),
        ({"SeriesDescription": "t2_tse_tra"}, ["T1", "T2"]),
    ],
)
def test_where_names_headers_or_geometry_tell_two_apart_nothing_is_remarked(tmp_path, second, sequences):
    found = _ingested(tmp_path, {"SeriesNumber": 5}, {"SeriesNumber": 12, **second})
    assert sorted(found["sequence"]) == sequences and not found["description"].str.contains(REMARK).any()


GIVEN = {"ContrastBolusAgent": "Gadovist"}
BEFORE, AFTER = {"SeriesNumber": 3, "AcquisitionTime": "101500"}, {"SeriesNumber": 9, "AcquisitionTime": "104500"}


def test_of_two_t1_whose_headers_name_an_agent_the_one_before_it_is_plain(tmp_path):
    given = {**GIVEN, "ContrastBolusStartTime": "103000"}
    found = _ingested(tmp_path, {**AFTER, **given}, {**BEFORE, **given})
    told = dict(zip(found["sequence"], found["description"].str.split(";").str[0], strict=True))
    assert told == {"T1": "series 3: t1_tse_tra", "T1ce": "series 9: t1_tse_tra"} and not found["reason"].any()


def test_without_the_time_of_the_agent_the_later_is_the_enhanced_one_with_a_remark(tmp_path):
    found = _ingested(tmp_path, {**AFTER, **GIVEN}, {**BEFORE, **GIVEN})
    assert list(found["sequence"]) == ["T1ce", "T1ce"]
    assert found["description"].str.contains("the later is used for T1ce").all()
    assert "series 9" in found.loc[found["reason"] == "", "description"].item()


def test_two_of_them_beside_a_plain_t1_are_no_doubt_and_of_two_called_so_the_first_is_used(tmp_path):
    found = _ingested(tmp_path, {**BEFORE, "SeriesDescription": "t1 pre"}, {**AFTER, **GIVEN},
                      {**AFTER, **GIVEN, "SeriesNumber": 10})  # fmt: skip
    assert not found["description"].str.contains("the later is used").any()
    called = _ingested(tmp_path / "b", *({"SeriesDescription": "t1 +C", "SeriesNumber": n, **GIVEN} for n in (4, 8)))
    assert called.loc[called["reason"] == "", "description"].item().split(";")[0] == "series 4: t1 +C"


def test_a_t1_repeated_beside_an_enhanced_one_is_no_doubt_and_a_whole_one_is_used_rather_than_the_first(tmp_path):
    found = _ingested(tmp_path, {"SeriesNumber": 5, "skip": (0, 1), **THICK}, {"SeriesNumber": 12, **THICK},
                      {"SeriesNumber": 20, "SeriesDescription": "t1 +C"})  # fmt: skip
    assert not found["description"].str.contains(REMARK).any()
    assert found.loc[found["reason"] == "", "description"].str.contains("series 12|series 20").all()


def _of(slices, spacing_mm, side=96):
    return {"voxels": head((slices, side, side)), "spacing_mm": (spacing_mm, 192 / side, 192 / side)}


def test_a_whole_head_is_used_rather_than_a_slab_of_more_slices_which_is_remarked(tmp_path):
    slab = {"SeriesNumber": 4, "SeriesDescription": "t1 IAC", **_of(40, 1.3, side=128)}
    found = _ingested(tmp_path, {"SeriesNumber": 3, **_of(24, 6)}, slab)
    whole = found["description"] == "series 3: t1_tse_tra"
    assert list(found["shape"][whole]) == ["96×96×24"] and list(found["reason"] == "") == list(whole)
    assert "192 × 192 × 52 mm, which is no whole head" in found.loc[~whole, "description"].item()


def test_of_whole_heads_the_one_of_more_slices_is_used(tmp_path):
    found = _ingested(tmp_path, {"SeriesNumber": 3, **_of(24, 6)}, {"SeriesNumber": 4, **_of(36, 3.5)})
    assert found.loc[found["reason"] == "", "shape"].item() == "96×96×36"


def test_files_are_sorted_by_their_numbers_too(tmp_path):
    for number, shape in ((12, (12, 33, 32)), (5, (12, 32, 32))):
        path = tmp_path / "src" / "P1" / f"t1_tse_20240101120000_{number}.nii.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        nib.save(nib.Nifti1Image(head(shape).transpose(2, 1, 0).astype(np.float32), np.diag([5, 5, 5, 1.0])), path)
    ingest(tmp_path / "src", tmp_path / "out", progress=False, workers=1, keep_ids=True)
    found = pd.read_csv(tmp_path / "out" / "quality.csv", keep_default_na=False)
    assert list(found["shape"]) == ["32×32×12", "32×33×12"] and found["description"].str.contains(REMARK).all()


def test_single_slices_are_told_alike_without_a_path_of_the_machine(tmp_path):
    sizes = [{"voxels": np.full((1, n, n), 5, np.uint16) + np.eye(n, dtype=np.uint16)} for n in (32, 48)]
    with pytest.raises(SelipError, match="most often: a single slice, or too small: fewer than 2 × 8 × 8 voxels"):
        _ingested(tmp_path, *({"SeriesNumber": i + 3, **size} for i, size in enumerate(sizes)))
    found = pd.read_csv(tmp_path / "out" / "quality.csv", keep_default_na=False)
    assert found["reason"].nunique() == 1 and sorted(found["shape"]) == ["32×32×1", "48×48×1"]
    assert sorted(found["description"]) == ["series 3: t1_tse_tra", "series 4: t1_tse_tra"]
    for table in ("quality.csv", "quality.html"):
        text = (tmp_path / "out" / table).read_text(encoding="utf-8")
        assert not any(word in text for word in (".ingest", "volume.nii", str(tmp_path)))
