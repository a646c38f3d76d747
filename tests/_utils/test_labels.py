"""Masks as programs write them: the same labels, or a sentence that says why they are none."""

import nibabel as nib
import numpy as np
import pytest

from selip_core._utils.labels import as_labels
from selip_core.preprocessing import VolumeError, preprocess_mask

LESION = np.zeros((20, 24, 16), np.float32)
LESION[5:10, 5:12, 4:9] = 1


def _with_nan(outside):
    return np.where(LESION > 0, LESION, np.float32(outside))


@pytest.mark.parametrize(
    "voxels",
    [LESION, LESION.astype(np.uint8), LESION > 0, LESION.astype(np.int64), _with_nan(np.nan), _with_nan(np.inf),
     _with_nan(1e-6), LESION * 0.9999, LESION[..., None], LESION.astype(np.float64)],
    ids=["float", "uint8", "bool", "int64", "NaN", "infinite", "tiny", "nearly 1", "4-D", "double"],
)  # fmt: skip
def test_a_mask_is_the_same_in_whatever_type_it_is_stored(voxels):
    labels, reason = as_labels(voxels)
    assert not reason and np.array_equal(labels, LESION)


def test_labels_near_whole_numbers_are_those_numbers():
    labels, reason = as_labels(np.where(LESION > 0, 1.9999, 0).astype(np.float32))
    assert not reason and set(np.unique(labels)) == {0, 2}


GREY = np.arange(LESION.size, dtype=np.int16).reshape(LESION.shape)
COLOURS = np.zeros(LESION.shape, dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])


@pytest.mark.parametrize(
    ("voxels", "reason"),
    [(COLOURS, "voxels are colours"), (LESION.astype(np.complex64), "of type complex64"),
     (LESION * 0.4, "are fractions"), (LESION / 255, "are fractions"), (GREY, "7680 different values"),
     (GREY.astype(np.float32), "grey values"), (np.stack([LESION] * 2, -1), "4-D, not 3-D")],
    ids=["colours", "complex", "probabilities", "255ths", "grey", "grey floats", "two masks"],
)  # fmt: skip
def test_what_is_no_mask_is_refused_with_what_it_is(tmp_path, voxels, reason):
    assert reason in as_labels(voxels)[1]
    nib.save(nib.Nifti1Image(voxels, np.diag([4.0, 4.0, 8.0, 1.0])), tmp_path / "m.nii.gz")
    with pytest.raises(VolumeError, match=f"m.nii.gz: .*{reason}"):
        preprocess_mask(tmp_path / "m.nii.gz", np.diag([4.0, 4.0, 8.0, 1.0]), values=(), shape=(16, 24, 20))


def test_an_atlas_of_some_hundred_labels_is_a_mask():
    assert as_labels((GREY % 900).astype(np.int16))[1] == ""
    assert as_labels(np.where(LESION > 0, 14175, 2).astype(np.int32))[1] == ""


@pytest.mark.parametrize("outside", [np.nan, 1e-6])
def test_a_preprocessed_mask_fills_what_it_fills(tmp_path, outside):
    grid = {"target": np.diag([4.0, 4.0, 8.0, 1.0]), "values": (), "shape": (16, 24, 20)}
    found = []
    for name, voxels in (("plain", LESION), ("odd", _with_nan(outside))):
        nib.save(nib.Nifti1Image(voxels, np.diag([4.0, 4.0, 8.0, 1.0])), tmp_path / f"{name}.nii.gz")
        found.append(preprocess_mask(tmp_path / f"{name}.nii.gz", **grid))
    assert np.array_equal(*found) and found[0].sum() == (LESION > 0).sum()
