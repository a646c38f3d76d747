"""Left is left after preprocessing, whatever the scanner wrote: marks on a head, through every orientation."""

from itertools import permutations, product

import nibabel as nib
import numpy as np
import pytest

from selip_core.preprocessing import preprocess_array

GRID = {"spacing_mm": (6.0, 6.0, 6.0), "shape": (28, 36, 32), "clip_percentiles": (0.0, 100.0)}
MARKS = {"left": (-36, 0, 0), "anterior": (0, 48, 0), "superior": (0, 0, 36)}
"""Where the marks are, in mm to the right, the front and the top of the centre; their brightness tells them apart."""

BRIGHTNESS = {"left": 900.0, "anterior": 600.0, "superior": 300.0}
ORIENTATIONS = [c for axes in permutations(("LR", "PA", "IS")) for c in product(*axes)]
OBLIQUE = {
    "turned": {"z": 0.35}, "nodding": {"x": -0.3}, "leaning": {"y": 0.25}, "all": {"z": -0.3, "y": 0.15, "x": 0.2},
}  # fmt: skip


def marked(codes=("R", "A", "S"), turn=None, spacing=(4.0, 3.0, 5.0)) -> nib.Nifti1Image:
    """Return a head with the marks, sampled by a scanner of this orientation, its own axes turned in space."""
    shape = (44, 60, 34)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = -np.array(spacing) * (np.array(shape) - 1) / 2
    if turn is not None:
        affine = nib.affines.from_matvec(nib.eulerangles.euler2mat(**turn)) @ affine
    places = nib.affines.apply_affine(affine, np.moveaxis(np.indices(shape), 0, -1))  # mm in the body
    voxels = 100.0 * (((places / (70, 80, 65)) ** 2).sum(-1) < 1)
    for name, place in MARKS.items():
        voxels[np.abs(places - place).max(-1) < 7] = BRIGHTNESS[name]
    image = nib.Nifti1Image(voxels.astype(np.float32), affine)
    wanted = nib.orientations.axcodes2ornt(codes)
    return image.as_reoriented(nib.orientations.ornt_transform(nib.io_orientation(image.affine), wanted))


def found(path) -> dict[str, np.ndarray]:
    """Return where each mark is in the model input, in (D, H, W) mm from the middle of the field of view."""
    volume, _ = preprocess_array(path, **GRID)
    levels = np.interp(volume, [volume.min(), volume.max()], [0, max(BRIGHTNESS.values())])
    centre = (np.array(volume.shape) - 1) / 2
    places = {}
    for name, place in MARKS.items():
        near = np.indices(volume.shape).reshape(3, -1).T - centre - np.array(place[::-1]) / 6
        around = (np.abs(near).max(axis=1) <= 3).reshape(volume.shape) & (levels > 200)
        places[name] = 6 * (np.argwhere(around).mean(axis=0) - centre) if around.any() else np.full(3, np.nan)
        assert 0.4 * BRIGHTNESS[name] < np.where(around, levels, 0).max() < 1.25 * BRIGHTNESS[name]
    return places


def check(path) -> None:
    for name, place in found(path).items():
        np.testing.assert_allclose(place, MARKS[name][::-1], atol=7.0)  # about a voxel of the model input


@pytest.mark.parametrize("codes", ORIENTATIONS, ids="".join)
def test_left_front_and_top_stay_where_they_are(tmp_path, codes):
    image = marked(codes)
    assert nib.aff2axcodes(image.affine) == codes
    nib.save(image, tmp_path / "v.nii")
    check(tmp_path / "v.nii")


@pytest.mark.parametrize("turn", OBLIQUE)
@pytest.mark.parametrize("codes", ["RAS", "LPS", "PSR", "SLA"])
def test_an_oblique_scan_is_straightened(tmp_path, codes, turn):
    nib.save(marked(tuple(codes), OBLIQUE[turn]), tmp_path / "v.nii")
    check(tmp_path / "v.nii")


@pytest.mark.parametrize("codes", ["RAS", "LAS", "LPS", "PIR"])
def test_a_quaternion_says_the_same_as_an_affine(tmp_path, codes):
    image = marked(tuple(codes), OBLIQUE["all"])
    image.set_qform(image.affine, code=1)
    image.set_sform(None, code=0)
    nib.save(image, tmp_path / "v.nii")
    check(tmp_path / "v.nii")


def test_the_check_sees_a_mirrored_head(tmp_path):
    image = marked()
    nib.save(nib.Nifti1Image(image.get_fdata(dtype=np.float32)[::-1], image.affine), tmp_path / "v.nii")
    with pytest.raises(AssertionError):
        check(tmp_path / "v.nii")
