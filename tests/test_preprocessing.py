import errno
import gzip
import re
import struct

import nibabel as nib
import numpy as np
import pytest
import torch
from scipy import ndimage

from selip_core import preprocessing
from selip_core.config import get_settings
from selip_core.datasets.cohort import load_cohort
from selip_core.datasets.volume_cache import build_cache, open_cache
from selip_core.errors import SelipError
from selip_core.preprocessing import (
    VolumeError,
    check_volume,
    fingerprint,
    preprocess,
    preprocess_array,
    preprocess_mask,
    target_affine,
)

OPTIONS = {"spacing_mm": (6.0, 6.0, 6.0), "shape": (16, 24, 20), "clip_percentiles": (0.1, 99.9)}
SETTINGS = get_settings("smoke", preprocessing=OPTIONS).preprocessing


def head(seed=0, mark=None):
    """Return a RAS+ ellipsoid of 3 mm voxels; `mark` (right, anterior, superior) adds a bright block off its centre."""
    x, y, z = np.meshgrid(*[np.arange(n) - (n - 1) / 2 for n in (36, 44, 28)], indexing="ij")
    volume = 100.0 * ((x / 16) ** 2 + (y / 20) ** 2 + (z / 12) ** 2 < 1)
    volume += np.random.default_rng(seed).normal(0, 2, volume.shape)
    if mark:
        a, b, c = (n // 2 + step for n, step in zip((36, 44, 28), mark, strict=True))
        volume[a - 2 : a + 3, b - 2 : b + 3, c - 2 : c + 3] = 400
    return nib.Nifti1Image(volume.astype(np.float32), np.diag([3.0, 3, 3, 1]))


def reoriented(image, codes):
    target = nib.orientations.axcodes2ornt(codes)
    return image.as_reoriented(nib.orientations.ornt_transform(nib.io_orientation(image.affine), target))


def test_output_is_a_normalised_tensor(tmp_path):
    nib.save(head(), tmp_path / "v.nii.gz")
    volume = preprocess(tmp_path / "v.nii.gz", **OPTIONS)
    assert volume.shape == (1, 16, 24, 20) and volume.dtype == torch.float32 and torch.isfinite(volume).all()
    inside = volume[volume > volume.min() + 0.15 * (volume.max() - volume.min())]
    assert abs(inside.mean()) < 1e-3 and abs(inside.std() - 1) < 1e-2


def test_the_scale_of_the_scanner_does_not_matter(tmp_path):
    image = head()
    nib.save(image, tmp_path / "a.nii.gz")
    nib.save(nib.Nifti1Image(image.get_fdata(dtype=np.float32) * 7.5, image.affine), tmp_path / "b.nii.gz")
    a, b = (preprocess(tmp_path / f"{name}.nii.gz", **OPTIONS) for name in "ab")
    assert torch.allclose(a, b, atol=1e-3)


def test_a_trailing_axis_of_one_is_dropped(tmp_path):
    image = head()
    nib.save(image, tmp_path / "a.nii.gz")
    nib.save(nib.Nifti1Image(image.get_fdata(dtype=np.float32)[..., None], image.affine), tmp_path / "b.nii.gz")
    assert torch.equal(*(preprocess(tmp_path / f"{name}.nii.gz", **OPTIONS) for name in "ab"))


def test_fingerprint_follows_the_settings():
    assert fingerprint(OPTIONS) == fingerprint({**OPTIONS, "shape": [16, 24, 20]})
    assert fingerprint(OPTIONS) != fingerprint({**OPTIONS, "shape": (16, 24, 24)})


PATCHED = {  # place in the header, its type, the wrong value; the file holds 36 × 44 × 28 float32
    "too few slices stated": (46, "<h", 14), "too many slices stated": (46, "<h", 56),
    "no slices stated": (46, "<h", 0), "negative width": (42, "<h", -36),
    "nine axes": (40, "<h", 9), "no axes": (40, "<h", 0),
    "smaller type stated": (70, "<h", 4),
    "larger type stated": (70, "<h", 64), "data beyond the end": (108, "<f", 1e6),
}  # fmt: skip


def bad_volume(kind, path):
    """Write one unusable volume."""
    good = head()
    data = good.get_fdata(dtype=np.float32)
    if kind == "missing":
        return
    if kind == "text":
        path.write_bytes(gzip.compress(b"not a volume"))
    elif kind == "truncated":
        nib.save(good, path)
        path.write_bytes(path.read_bytes()[:3000])
    elif kind in PATCHED:
        place, code, value = PATCHED[kind]
        raw = bytearray(good.to_bytes())
        struct.pack_into(code, raw, place, value)
        path.write_bytes(gzip.compress(raw))
    elif kind == "flipped bit":
        raw = bytearray(gzip.compress(good.to_bytes(), compresslevel=0))  # stored as it is: only the checksum tells
        raw[len(raw) // 2] ^= 64
        path.write_bytes(raw)
    elif kind == "zero spacing":
        image = nib.Nifti1Image(data, None)
        image.header["pixdim"][1:4] = 0
        image.header["sform_code"] = image.header["qform_code"] = 0
        nib.save(image, path)
    else:
        arrays = {
            "4-D": np.stack([data, data], -1), "NaN": np.where(data > 90, np.nan, data), "empty": data * 0,
            "constant": data * 0 + 7, "flat": data[:, :, :1], "absurd spacing": data,
        }  # fmt: skip
        affine = np.diag([400.0, 3, 3, 1]) if kind == "absurd spacing" else good.affine
        nib.save(nib.Nifti1Image(arrays[kind].astype(np.float32), affine), path)


BAD = {
    "missing": "no such file", "text": "cannot be read", "truncated": "damaged or cut off", "4-D": "4-D with shape",
    "NaN": "NaN or infinite", "empty": "every voxel is 0", "constant": "every voxel is 7", "flat": "fewer than 2",
    "absurd spacing": "must be wrong", "zero spacing": "", "flipped bit": "damaged or cut off",
    **dict.fromkeys(PATCHED, "cannot be read as a volume"), "too few slices stated": "more than the 36×44×14 voxels",
    "smaller type stated": "more than the 36×44×28 voxels", "no axes": "not 3-D",
    "no slices stated": "more than the 36×44×0 voxels",
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_an_unusable_volume_is_refused_by_name(tmp_path, kind):
    path = tmp_path / "bad.nii.gz"
    bad_volume(kind, path)
    if kind == "zero spacing":  # nibabel reads a spacing of 0 as 1: used or refused, but no traceback
        try:
            preprocess(path, **OPTIONS)
        except VolumeError as error:
            assert "bad.nii.gz" in str(error)
        return
    with pytest.raises(VolumeError, match=f"bad.nii.gz.*{BAD[kind]}"):
        preprocess(path, **OPTIONS)


def small_cohort(folder, n=4, bad=()):
    rows = []
    for i in range(n):
        nib.save(head(seed=i), folder / f"{i}.nii.gz")
        rows.append(f"P{i},T1,{i}.nii.gz")
    for kind in bad:
        bad_volume(kind, folder / f"{kind}.nii.gz")
        rows.append(f"{kind},T1,{kind}.nii.gz")
    (folder / "series.csv").write_text("patient_id,sequence,path\n" + "\n".join(rows) + "\n")
    (folder / "reports.csv").write_text("patient_id,findings\nP0,正常\n")
    return load_cohort(folder)


def test_one_bad_series_never_stops_a_cohort(tmp_path):
    bad = [kind for kind in BAD if kind != "zero spacing"]
    cohort = small_cohort(tmp_path, bad=bad)
    cache = build_cache(cohort, SETTINGS, tmp_path / "cache", workers=1, progress=False)
    assert cache.index["patient_id"].tolist() == ["P0", "P1", "P2", "P3"]
    assert cache.excluded["patient_id"].tolist() == bad
    for kind, reason in zip(bad, cache.excluded["reason"], strict=True):
        assert re.search(BAD[kind], reason) and f"{kind}.nii.gz" in reason and str(tmp_path) not in reason
    expected = preprocess(tmp_path / "2.nii.gz", **OPTIONS).numpy()
    assert np.allclose(cache.volumes[cache.index["row"][2]], expected, atol=2e-2)


def test_a_cohort_without_any_usable_series_stops(tmp_path):
    with pytest.raises(SelipError, match="none of the 2 series"):
        build_cache(small_cohort(tmp_path, 0, ["empty", "text"]), SETTINGS, tmp_path / "c", workers=1, progress=False)


def test_an_interrupted_build_goes_on_where_it_stopped(tmp_path, monkeypatch):
    cohort = small_cohort(tmp_path, 6)
    calls = []

    def counted(path, **options):
        calls.append(path.name)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return original(path, **options)

    from selip_core.datasets import volume_cache

    original = volume_cache.preprocess_array
    monkeypatch.setattr(volume_cache, "preprocess_array", counted)
    with pytest.raises(KeyboardInterrupt):
        build_cache(cohort, SETTINGS, tmp_path / "cache", workers=1, progress=False)
    with pytest.raises(SelipError, match="no finished volume cache"):
        open_cache(tmp_path / "cache")
    with open(tmp_path / "cache" / "done-00000.jsonl", "a") as log:
        log.write('[3, {"sha')  # a line that the interrupt cut off
    cache = build_cache(cohort, SETTINGS, tmp_path / "cache", workers=1, progress=False)
    assert calls[4:] == ["3.nii.gz", "4.nii.gz", "5.nii.gz"]  # 0 to 2 are not done again
    whole = build_cache(cohort, SETTINGS, tmp_path / "other", workers=1, progress=False)
    assert np.array_equal(cache.volumes, whole.volumes) and cache.index.equals(whole.index)


def test_a_finished_cache_is_used_again_and_other_settings_make_it_anew(tmp_path, monkeypatch):
    cohort = small_cohort(tmp_path, 2)
    build_cache(cohort, SETTINGS, tmp_path / "cache", workers=1, progress=False)
    other = get_settings("smoke", preprocessing={**OPTIONS, "shape": (8, 24, 20)}).preprocessing
    assert build_cache(cohort, other, tmp_path / "cache", workers=1, progress=False).volumes.shape[2] == 8
    monkeypatch.setattr("selip_core.datasets.volume_cache.preprocess_array", None)
    assert len(build_cache(cohort, other, tmp_path / "cache", workers=1, progress=False).index) == 2


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    def full(*args, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    cohort = small_cohort(tmp_path, 2)
    monkeypatch.setattr("numpy.lib.format.open_memmap", full)
    with pytest.raises(SelipError, match=r"cannot write .*cache/volumes-00000.npy: No space left on device; check"):
        build_cache(cohort, SETTINGS, tmp_path / "cache", workers=1, progress=False)


SMALL = {"spacing_mm": (8.0, 4.0, 4.0), "shape": (16, 48, 40), "clip_percentiles": (0.1, 99.9)}


def real_head(shape=(64, 72, 24), spacing=(3.0, 3.0, 6.0), *, noise=0.0, mark=True) -> nib.Nifti1Image:
    """Return a head-sized ellipsoid in RAS+ with a bright spot to the right, in front of and above its centre."""
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = -np.array(spacing) * (np.array(shape) - 1) / 2
    x, y, z = np.meshgrid(*(affine[i, 3] + spacing[i] * np.arange(n) for i, n in enumerate(shape)), indexing="ij")
    voxels = 400.0 * ((x / 70) ** 2 + (y / 85) ** 2 + (z / 55) ** 2 < 1)
    if mark:
        voxels[(x - 40) ** 2 + (y - 30) ** 2 + (z - 20) ** 2 < 12**2] = 1000.0
    if noise:
        rng = np.random.default_rng(0)
        voxels = np.hypot(voxels + rng.normal(0, noise, shape), rng.normal(0, noise, shape))  # Rician
    return nib.Nifti1Image(voxels.astype(np.float32), affine)


def saved(image: nib.Nifti1Image, path) -> str:
    nib.save(image, path)
    return str(path)


def brightest(volume: np.ndarray) -> np.ndarray:
    """Return the centre of the spot in (D, H, W) voxels from the centre of the volume."""
    spot = volume > 0.7 * volume.max()
    return np.array(ndimage.center_of_mass(spot)) - (np.array(volume.shape) - 1) / 2


def test_spacing_and_position_of_the_scan_make_no_difference(tmp_path):
    reference, _ = preprocess_array(saved(real_head(), tmp_path / "a.nii"), **SMALL)
    fine = real_head((180, 200, 150), (1.0, 1.0, 1.0))
    fine.affine[:3, 3] += (300, -120, 900)  # scanner coordinates are anything
    moved = nib.Nifti1Image(fine.get_fdata(dtype=np.float32), fine.affine)
    volume, _ = preprocess_array(saved(moved, tmp_path / "b.nii.gz"), **SMALL)
    assert np.corrcoef(reference.ravel(), volume.ravel())[0, 1] > 0.97


def test_the_head_is_centred_from_a_corner_and_under_noise(tmp_path):
    clean, _ = preprocess_array(saved(real_head(), tmp_path / "a.nii"), **SMALL)
    image = real_head(noise=25.0)
    rng = np.random.default_rng(1)
    wide = np.hypot(*rng.normal(0, 25.0, (2, 100, 110, 30))).astype(np.float32)
    wide[:64, :72, :24] = image.get_fdata()
    volume, _ = preprocess_array(saved(nib.Nifti1Image(wide, image.affine), tmp_path / "b.nii"), **SMALL)
    np.testing.assert_allclose(brightest(volume), brightest(clean), atol=1.0)


def test_a_neck_below_the_head_does_not_push_the_brain_out(tmp_path):
    image = real_head((64, 72, 60), (3.0, 3.0, 6.0))
    voxels, z = image.get_fdata(dtype=np.float32), image.affine[2, 3] + 6.0 * np.arange(60)
    voxels[20:44, 24:48, z < 0] = np.maximum(voxels[20:44, 24:48, z < 0], 300.0)
    volume, _ = preprocess_array(saved(nib.Nifti1Image(voxels, image.affine), tmp_path / "a.nii"), **SMALL)
    top = np.flatnonzero((volume > 0).any(axis=(1, 2))).max()
    assert 13 <= top <= 15  # the vertex is near the top of the field of view
    assert volume[1:].max() == volume.max()  # and the spot in the brain is inside


def test_fine_detail_is_smoothed_before_it_is_sampled_coarsely(tmp_path):
    voxels = real_head((180, 200, 120), (1.0, 1.0, 1.2), mark=False).get_fdata(dtype=np.float32)
    stripes = voxels * (1 + 0.9 * np.where(np.arange(180) % 2, 1, -1)[:, None, None])
    image = nib.Nifti1Image(stripes.astype(np.float32), real_head((180, 200, 120), (1.0, 1.0, 1.2)).affine)
    volume, _ = preprocess_array(saved(image, tmp_path / "a.nii"), **SMALL)
    inside = volume[6:10, 16:32, 12:28]
    assert inside.std() < 0.2  # without smoothing, aliased stripes would stand here


@pytest.mark.parametrize(("scale", "offset"), [(0.001, 0.0), (50.0, 0.0), (1.0, -1024.0)])
def test_intensity_scale_and_offset_make_no_difference(tmp_path, scale, offset):
    image = real_head(noise=10.0)
    reference, _ = preprocess_array(saved(image, tmp_path / "a.nii"), **SMALL)
    other = nib.Nifti1Image((image.get_fdata() * scale + offset).astype(np.float32), image.affine)
    volume, _ = preprocess_array(saved(other, tmp_path / "b.nii"), **SMALL)
    np.testing.assert_allclose(volume, reference, atol=0.02)


@pytest.mark.parametrize(("affine", "at"), [(None, slice(80, 92)), (real_head().affine, slice(312, 328))])
def test_zero_spacing_in_the_header_is_not_taken_for_one_millimetre(tmp_path, affine, at):
    path = tmp_path / "a.nii"
    nib.Nifti1Image(real_head().get_fdata(dtype=np.float32), affine).to_filename(path)
    data = bytearray(path.read_bytes())
    data[at] = bytes(at.stop - at.start)  # pixdim[1:4], where the affine comes from it; or a row of the affine itself
    path.write_bytes(data)
    with pytest.raises(VolumeError, match="zero or missing spacing"):
        check_volume(path)


def test_damaged_headers_raise_nothing_else(tmp_path):
    rng = np.random.default_rng(0)
    raw = real_head((16, 16, 8), (10.0, 10.0, 15.0), noise=5.0).to_bytes()
    path = tmp_path / "a.nii"
    for _ in range(150):
        data = bytearray(raw)
        for place in rng.integers(0, 348, 4):
            data[place] = rng.integers(0, 256)
        path.write_bytes(data)
        try:
            preprocess_array(path, **SMALL)
        except VolumeError as error:
            assert str(path) in str(error)


def test_check_volume_tells_the_quality(tmp_path):
    quality = check_volume(saved(reoriented(real_head(), "LPS"), tmp_path / "a.nii"))
    assert quality == {"shape": "64×72×24", "spacing_mm": "3.00×3.00×6.00", "orientation": "LPS", "p1": 0, "p99": 400}


@pytest.mark.parametrize("kind", ["colours", "complex", "thin", "bad type"])
def test_odd_files_are_refused_by_name(tmp_path, kind):
    path = tmp_path / "odd.nii"
    voxels = {
        "colours": np.zeros((16, 16, 8), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")]),
        "complex": np.ones((16, 16, 8), np.complex64), "thin": np.ones((5, 5, 24), np.float32),
        "bad type": np.ones((16, 16, 8), np.float32),
    }[kind]  # fmt: skip
    nib.Nifti1Image(voxels, np.diag([3.0, 3.0, 6.0, 1.0])).to_filename(path)
    if kind == "bad type":
        data = bytearray(path.read_bytes())
        data[70:72] = (9999).to_bytes(2, "little")
        path.write_bytes(data)
    message = {"thin": "fewer than 2 × 8 × 8", "bad type": "cannot be read"}.get(kind, "no grey values")
    with pytest.raises(VolumeError, match=f"odd.nii.*{message}"):
        check_volume(path)


GOLDEN_GRID = {"spacing_mm": (30.0, 24.0, 24.0), "shape": (4, 7, 6)}
GOLDEN_VERSION = 1
GOLDEN_VOLUME = [
    -201, -191, -165, -171, -194, -201, -188, -73, 18, -34, -127, -191,
    -125, 91, 131, 50, -35, -148, -81, 137, 143, 64, 9, -111,
    -117, 84, 92, 24, -21, -142, -182, -63, -17, -65, -124, -191,
    -219, -185, -167, -180, -196, -201, -200, -160, -84, -99, -170, -199,
    -146, 64, 119, 40, -55, -163, -8, 181, 166, 77, 17, -59,
    56, 192, 170, 88, 54, 9, 4, 166, 129, 57, 47, -33,
    -132, 65, 60, -4, -35, -156, -219, -145, -99, -134, -179, -200,
    -201, -176, -115, -122, -177, -219, -166, 26, 111, 40, -68, -175,
    -53, 176, 178, 90, 20, -92, 10, 192, 189, 105, 62, -33,
    -44, 169, 151, 78, 49, -78, -155, 28, 61, 1, -60, -174,
    -200, -170, -132, -152, -186, -201, -202, -200, -193, -193, -219, -219,
    -199, -156, -86, -107, -171, -199, -180, -39, 63, 9, -99, -186,
    -162, 23, 116, 52, -58, -174, -178, -40, 45, -3, -96, -185,
    -198, -155, -107, -127, -175, -200, -202, -199, -194, -196, -201, -202,
]  # fmt: skip
"""A hundred times the model input, its 4 × 7 × 6 voxels in one row."""

GOLDEN_MASKS = {
    (2,): {(1, 3, 1), (1, 3, 2), (1, 4, 1), (1, 4, 2), (2, 3, 1), (2, 4, 1)},
    (): {(1, 3, 1), (1, 3, 2), (1, 3, 3), (1, 3, 4), (1, 4, 1), (1, 4, 2), (1, 4, 3), (1, 4, 4), (2, 3, 1), (2, 3, 4),
         (2, 4, 1)},
}  # fmt: skip
"""Of the values that count, the voxels (D, H, W) that are filled."""


@pytest.fixture
def golden(tmp_path):
    """A head with texture, oblique, stored from the right to the left, and a mask of two lesions on it."""
    x, y, z = np.meshgrid(*[np.arange(n) - (n - 1) / 2 for n in (40, 48, 30)], indexing="ij")
    inside = (x / 17) ** 2 + (y / 21) ** 2 + (z / 13) ** 2 < 1
    voxels = (100 + 30 * np.sin(x / 5) + 20 * np.cos(y / 7) + z) * inside + 3 * ((x + 2 * y + 3 * z) % 5)
    turn = nib.eulerangles.euler2mat(z=0.2, x=-0.1) @ np.diag([-4.0, -3.5, 5.0])
    affine = nib.affines.from_matvec(turn, (10, -20, 30))
    nib.save(nib.Nifti1Image(voxels.astype(np.float32), affine), tmp_path / "volume.nii")
    lesions = 2 * ((x - 6) ** 2 + (y + 5) ** 2 + (z * 1.5) ** 2 < 90) + ((x + 8) ** 2 + y**2 + z**2 < 60)
    nib.save(nib.Nifti1Image(lesions.astype(np.uint8), affine), tmp_path / "mask.nii")
    return tmp_path


RAISE = "other numbers for the same file: raise preprocessing.VERSION and renew the stored ones"


def test_the_numbers_are_those_of_the_stated_version(golden):
    found, _ = preprocess_array(golden / "volume.nii", **GOLDEN_GRID, clip_percentiles=(1.0, 99.0))
    expected = np.array(GOLDEN_VOLUME).reshape(GOLDEN_GRID["shape"]) / 100
    assert np.abs(found - expected).max() < 0.006, RAISE
    assert preprocessing.VERSION == GOLDEN_VERSION, "VERSION was raised: store the numbers of the new one"


@pytest.mark.parametrize("values", GOLDEN_MASKS)
def test_the_voxels_of_a_mask_are_those_of_the_stated_version(golden, values):
    target = target_affine(golden / "volume.nii", **GOLDEN_GRID)
    found = preprocess_mask(golden / "mask.nii", target, values=values, shape=GOLDEN_GRID["shape"])
    assert {tuple(place) for place in np.argwhere(found).tolist()} == GOLDEN_MASKS[values], RAISE


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("v.nii.gz", b"\x5c\x01" + bytes(400), "not gzipped, though named so; rename it to .nii"),
        ("v.nii", gzip.compress(bytes(400), mtime=0), "gzipped, though not named so"),
        ("v.nii.gz", gzip.compress(gzip.compress(bytes(400), mtime=0), mtime=0), "gzipped twice"),
        ("v.nii.gz", gzip.compress(bytes(400), mtime=0)[:20], "damaged or cut off"),
        ("v.nii.gz", b"version https://git-lfs.github.com/spec/v1\n", "a pointer of git-lfs"),
        ("v.nii.gz", b"", "the file is empty"), ("v.nii.gz", b"<!DOCTYPE html>", "a web page or XML"),
    ],
)  # fmt: skip
def test_a_file_that_is_another_thing_is_called_by_its_name(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(VolumeError, match=reason):
        preprocessing.load_volume(tmp_path / name)


def test_a_cifti_file_is_no_volume_though_it_is_named_so(tmp_path):
    axes = nib.cifti2.cifti2_axes
    brain = axes.BrainModelAxis.from_mask(np.ones(64, bool), name="CortexLeft")
    image = nib.Cifti2Image(np.ones((5, 64), np.float32), (axes.SeriesAxis(0, 1, 5), brain))
    image.to_filename(tmp_path / "T1.dtseries.nii")
    for check in (preprocessing.load_volume, preprocessing.check_header):
        with pytest.raises(VolumeError, match="T1.dtseries.nii: values on the surface of the brain"):
            check(tmp_path / "T1.dtseries.nii")


def test_sizes_in_metres_are_refused_as_such(tmp_path):
    voxels = np.random.default_rng(0).random((20, 20, 10)).astype(np.float32)
    made = nib.Nifti1Image(voxels, np.diag([0.01, 0.01, 0.02, 1]))
    made.header.set_xyzt_units("meter")
    nib.save(made, tmp_path / "v.nii.gz")
    with pytest.raises(VolumeError, match="sizes in meters; convert it to millimetres"):
        preprocessing.load_volume(tmp_path / "v.nii.gz")


def test_bytes_behind_a_gzip_stream_are_passed_over_and_a_wrong_checksum_is_not(tmp_path):
    nib.save(head(), tmp_path / "v.nii.gz")
    data, expected = (tmp_path / "v.nii.gz").read_bytes(), preprocess(tmp_path / "v.nii.gz", **OPTIONS)
    for tail in (bytes(512), b"padding of an export" * 30):
        (tmp_path / "v.nii.gz").write_bytes(data + tail)
        assert torch.equal(preprocess(tmp_path / "v.nii.gz", **OPTIONS), expected)
    (tmp_path / "v.nii.gz").write_bytes(data[:-8] + bytes(8))
    with pytest.raises(VolumeError, match="gzip data are damaged"):
        preprocess(tmp_path / "v.nii.gz", **OPTIONS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("spacing_mm", (0, 4, 4)), ("spacing_mm", (4, 4)), ("spacing_mm", (float("nan"), 4, 4)), ("spacing_mm", 4),
        ("shape", (16, 48)), ("shape", (16, 48, 0)), ("shape", (16, 48, 40.5)), ("shape", "abc"),
        ("clip_percentiles", (99, 1)), ("clip_percentiles", (1, 101)), ("clip_percentiles", (5,)),
        ("clip_percentiles", (50, 50)),
    ],
)  # fmt: skip
def test_an_option_that_no_volume_can_meet_is_named_and_the_scan_is_not(tmp_path, name, value):
    nib.save(head(), tmp_path / "v.nii.gz")
    options = {**OPTIONS, name: value}
    uses = [lambda: preprocess(tmp_path / "v.nii.gz", **options)]
    if name != "clip_percentiles":
        grid = {key: options[key] for key in ("spacing_mm", "shape")}
        uses.append(lambda: preprocessing.target_affine(tmp_path / "v.nii.gz", **grid))
    if name == "shape":
        uses.append(lambda: preprocess_mask(tmp_path / "v.nii.gz", np.eye(4), values=(), shape=value))
    for use in uses:
        with pytest.raises(SelipError, match=f"^{name} must be") as error:
            use()
        assert not isinstance(error.value, VolumeError)
    with pytest.raises(SelipError, match=name):
        get_settings("smoke", preprocessing={name: value})


def test_a_folder_is_told_from_what_is_missing(tmp_path):
    with pytest.raises(VolumeError, match="a folder; give one file of it"):
        preprocess(tmp_path, **OPTIONS)
    with pytest.raises(VolumeError, match="no such file"):
        preprocess(tmp_path / "none.nii.gz", **OPTIONS)
