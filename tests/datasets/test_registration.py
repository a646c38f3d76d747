"""A head onto the template head: an affine that is known is found again."""

import nibabel as nib
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from selip_core.datasets import registration
from selip_core.preprocessing import VolumeError

POINTS = np.array([[x, y, z, 1] for x in (-40, 40) for y in (-60, 40) for z in (-20, 50)], float).T


def displaced(sequence, noise=0.02):
    """Return the template head turned, shrunk and shifted, as a scanner may hold it, and the way back."""
    image = registration.template_head(sequence)
    moved = np.eye(4)
    moved[:3, :3] = 0.88 * Rotation.from_euler("xyz", [9, -5, 6], degrees=True).as_matrix()
    moved[:3, 3] = [12, -20, 33]
    voxels = image.get_fdata()
    voxels = voxels + np.random.default_rng(0).normal(0, noise * voxels.max(), voxels.shape)
    return nib.Nifti1Image(np.abs(voxels).astype(np.float32), moved @ image.affine), np.linalg.inv(moved)


@pytest.mark.parametrize(("grid_mm", "off_mm"), [(8.0, 8), pytest.param(4.0, 5, marks=pytest.mark.slow)])
def test_a_known_affine_is_found_again(tmp_path, monkeypatch, grid_mm, off_mm):
    if grid_mm != registration.WORKING_MM:
        monkeypatch.setattr(registration, "WORKING_MM", grid_mm)
        monkeypatch.setattr(registration, "_rendered", registration._rendered.__wrapped__)
    image, back = displaced("FLAIR")
    nib.save(image, tmp_path / "head.nii.gz")
    found = registration.onto_template(tmp_path / "head.nii.gz", "FLAIR")
    assert found.doubt == "" and found.scale == pytest.approx(1 / 0.88, rel=0.03)
    in_scanner = np.linalg.inv(back) @ POINTS
    off = np.linalg.norm((found.to_template @ in_scanner - POINTS)[:3], axis=0)
    assert off.max() < off_mm  # of 66 that they were off
    assert np.linalg.norm((in_scanner - POINTS)[:3], axis=0).min() > 20


def test_every_sequence_has_a_template_head_and_unknown_ones_that_of_t1():
    t1, unknown = registration.template_head("T1"), registration.template_head("no such")
    assert t1 is unknown
    flair = registration.template_head("FLAIR")
    assert flair.shape == t1.shape and not np.allclose(flair.get_fdata(), t1.get_fdata())
    assert np.allclose(nib.affines.voxel_sizes(t1.affine), registration.WORKING_MM)


@pytest.mark.parametrize(
    ("affine", "said"),
    [(np.diag([2.0, 2, 2, 1]), "0.50 times as long"), (np.diag([-1.0, 1, 1, 1]), "no affine"), (None, "no affine")],
)
def test_what_cannot_be_the_head_is_not_used(tmp_path, monkeypatch, affine, said):
    image, _ = displaced("T1")
    nib.save(image, tmp_path / "head.nii.gz")
    monkeypatch.setattr(registration, "_affine", lambda static, moving: affine if affine is not None else 1 / 0)
    found = registration.onto_template(tmp_path / "head.nii.gz", "T1")
    assert said in found.doubt and np.array_equal(found.to_template, np.eye(4))


def test_a_file_that_is_no_volume_is_named(tmp_path):
    (tmp_path / "head.nii.gz").write_bytes(b"")
    with pytest.raises(VolumeError, match="head.nii.gz"):
        registration.onto_template(tmp_path / "head.nii.gz", "T1")
