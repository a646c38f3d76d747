"""One person under two ids is told, for training and test would share a head."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from selip_core.ingest.build import ingest
from tests.helpers.dicom_files import head


def _write(path, seed, flipped=False):
    voxels = (head().transpose(2, 1, 0) + np.random.default_rng(seed).integers(0, 30, head().T.shape)).astype(np.int16)
    affine = np.diag([-5.0, -5.0, 5.0, 1.0])
    image = nib.Nifti1Image(voxels, affine)
    path.parent.mkdir(parents=True)
    nib.save(nib.as_closest_canonical(image) if flipped else image, path)


def _told(tmp_path, keep_ids=True):
    ingest(tmp_path / "src", tmp_path / "out", progress=False, workers=1, keep_ids=keep_ids)
    found = pd.read_csv(tmp_path / "out" / "quality.csv", keep_default_na=False)
    return dict(zip(found["patient_id"], found["description"], strict=True))


def test_the_same_volume_of_two_patients_is_remarked_whichever_way_it_is_stored(tmp_path):
    for patient, seed, flipped in (("P001", 0, False), ("anon17", 0, True), ("P003", 1, False)):
        _write(tmp_path / "src" / patient / "T2.nii.gz", seed, flipped)
    told = _told(tmp_path)
    assert "same volume as one of anon17" in told["P001"] and "same volume as one of P001" in told["anon17"]
    assert "perhaps" not in told["P003"]


@pytest.mark.parametrize(("first", "second"), [("0012345", "12345"), ("mrn12", "MRN 0012"), ("P_001", "P-1")])
def test_ids_that_differ_in_what_is_easily_lost_are_remarked(tmp_path, first, second):
    for seed, patient in enumerate((first, second, "P9")):
        _write(tmp_path / "src" / patient / "T2.nii.gz", seed)
    told = _told(tmp_path)
    assert f"same person as {second}" in told[first] and f"same person as {first}" in told[second]
    assert "perhaps" not in told["P9"]


def test_ids_of_a_centre_and_a_number_are_not_run_together(tmp_path):
    for seed, patient in enumerate(("01-112", "11-12", "2-12", "21-2")):
        _write(tmp_path / "src" / patient / "T2.nii.gz", seed)
    told = _told(tmp_path)
    assert [patient for patient, remark in told.items() if "perhaps" in remark] == []


def test_others_are_told_by_the_ids_of_the_cohort_alone(tmp_path):
    for seed, patient in enumerate(("wang12", "Wang012")):
        _write(tmp_path / "src" / patient / "T2.nii.gz", seed)
    told = _told(tmp_path, keep_ids=None)
    assert all("perhaps" in remark and "ang" not in remark for remark in told.values())
    assert all(other in told[patient] for patient, other in zip(told, reversed(list(told)), strict=True))
