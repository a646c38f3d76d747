"""One clean volume of a series: sides kept, the right shell of diffusion, reasons where there is none."""

import base64
import io

import nibabel as nib
import numpy as np
import pydicom
import pytest
from PIL import Image, features

from selip_core.ingest.conversion import convert, write_clean
from tests.helpers.dicom_files import write_series


def test_a_converted_series_keeps_left_on_the_left_and_no_person(tmp_path):
    files = write_series(tmp_path / "dicom", ImageComments="Qiuxian Yuzhen was here")
    assert convert(files, "T2", tmp_path / "volume.nii.gz") == ""
    image = nib.load(tmp_path / "volume.nii.gz")
    voxels = nib.as_closest_canonical(image).get_fdata()
    bright = np.argwhere(voxels == 1000).mean(axis=0)
    assert bright[0] < voxels.shape[0] / 2 - 4  # RAS+: the first axis runs from left to right
    raw = b"".join(image.header[key].tobytes() for key in ("descrip", "aux_file", "db_name", "intent_name"))
    assert not raw.strip(b"\0") and not image.header.extensions


def jpeg_2000(voxels):
    """Return a slice compressed without loss, as many archives hold it."""
    packed = io.BytesIO()
    Image.fromarray(voxels).save(packed, "JPEG2000", irreversible=False, no_jp2=True)
    return packed.getvalue()


def compress(files, by, syntax):
    """Compress the slices of a series."""
    for path in files:
        data = pydicom.dcmread(path)
        data.PixelData = pydicom.encaps.encapsulate([by(data.pixel_array)])
        data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
        data.file_meta.TransferSyntaxUID = syntax
        data.save_as(path)


@pytest.mark.skipif(not features.check("jpg_2000"), reason="this Pillow writes no JPEG 2000")
def test_jpeg_2000_is_read_and_where_it_is_not_the_reason_names_it(tmp_path, monkeypatch):
    files = write_series(tmp_path / "dicom")
    assert convert(files, "T2", tmp_path / "plain.nii.gz") == ""
    compress(files, jpeg_2000, pydicom.uid.JPEG2000Lossless)
    assert convert(files, "T2", tmp_path / "packed.nii.gz") == ""
    plain, packed = (nib.load(tmp_path / f"{name}.nii.gz").get_fdata() for name in ("plain", "packed"))
    assert np.array_equal(plain, packed)
    monkeypatch.setattr("dcm2niix.bin", "false")  # one that was built without the decoder
    reason = convert(files, "T2", tmp_path / "none.nii.gz")
    assert reason.startswith("dcm2niix makes no volume of its JPEG 2000") and "dcmdjpeg" in reason


JPEG_LS = (  # of `RAMP`, by CharLS: no library here writes it
    "|JeWc01FBL7yuLj0TBTI+5iXv0RR910H1yLTYc8qT~yKkJKl1F9_F#xnUz&lwnJ$ol1U_$UaG39s;iY%U;i%v000HXgg^iQ05UyQRaI41Dyax}>Z"
    "+@4w{5)}{kGdlGD*nK$t03Vl1%^r00RSy3O+(gs;sK2s;a9hzyE9hf9wB$>;Hf2|9|WMfA{}?@Be?_|9`*#e}Dgc|9|=afAIg="
)
RAMP = (np.add.outer(np.arange(24), 2 * np.arange(20)) * 8).astype(np.uint16)
RAMP[5:9, 4:8] = 900


def test_jpeg_ls_is_read(tmp_path):
    files = write_series(tmp_path / "dicom", voxels=np.stack([RAMP] * 6))
    assert convert(files, "T2", tmp_path / "plain.nii.gz") == ""
    compress(files, lambda voxels: base64.b85decode(JPEG_LS), pydicom.uid.JPEGLSLossless)
    assert convert(files, "T2", tmp_path / "packed.nii.gz") == ""
    plain, packed = (nib.load(tmp_path / f"{name}.nii.gz").get_fdata() for name in ("plain", "packed"))
    assert np.array_equal(plain, packed) and plain.max() == RAMP.max()


def test_a_folder_of_no_volume_says_so(tmp_path):
    (tmp_path / "file").write_bytes(b"nothing")
    assert convert([tmp_path / "file"], "T2", tmp_path / "volume.nii.gz").startswith("dcm2niix makes no volume")


@pytest.mark.parametrize(("b_values", "mean"), [([0, 1000, 1000], 3.5), ([0, 500, 1100], 4.0), ([0, 50, 1000], 4.0)])
def test_a_diffusion_file_becomes_the_mean_of_the_shell_nearest_to_1000(tmp_path, b_values, mean):
    voxels = np.ones((8, 8, 4, 3), np.float32) * [2, 3, 4]
    nib.save(nib.Nifti1Image(voxels, np.eye(4)), tmp_path / "dwi.nii.gz")
    (tmp_path / "dwi.bval").write_text(" ".join(map(str, b_values)))
    assert write_clean(tmp_path / "dwi.nii.gz", tmp_path / "out.nii.gz", sequence="DWI") == ""
    assert nib.load(tmp_path / "out.nii.gz").get_fdata() == pytest.approx(np.full((8, 8, 4), mean))


def test_diffusion_without_b_values_or_without_weighting_is_refused(tmp_path):
    nib.save(nib.Nifti1Image(np.ones((8, 8, 4, 2), np.float32), np.eye(4)), tmp_path / "dwi.nii.gz")
    assert "no b-values" in write_clean(tmp_path / "dwi.nii.gz", tmp_path / "out.nii.gz", sequence="DWI")
    (tmp_path / "dwi.bval").write_text("0 50")
    assert "reach 50 s/mm²" in write_clean(tmp_path / "dwi.nii.gz", tmp_path / "out.nii.gz", sequence="DWI")
    assert "4-D with 2 volumes" in write_clean(tmp_path / "dwi.nii.gz", tmp_path / "out.nii.gz", sequence="T2")


@pytest.mark.parametrize("kind", ["int64", "uint64", "bool", "float64", "int16", "uint8"])
def test_every_type_of_voxel_is_stored_as_all_programs_read_it(tmp_path, kind):
    voxels = (np.arange(9 * 9 * 3).reshape(9, 9, 3) % 2).astype(kind)
    stored = "uint8" if kind == "bool" else kind
    nib.save(nib.Nifti1Image(voxels.astype(stored), np.eye(4), dtype=stored), tmp_path / "in.nii.gz")
    assert write_clean(tmp_path / "in.nii.gz", tmp_path / "out.nii.gz", sequence="mask") == ""
    found = nib.load(tmp_path / "out.nii.gz")
    assert np.array_equal(found.get_fdata(), voxels.astype(float)) and found.get_data_dtype().itemsize <= 4


@pytest.mark.parametrize("name", ["V.NII", "V.Nii.gz", "V.nii.GZ"])
def test_endings_in_any_case(tmp_path, name):
    usual = tmp_path / f"made_{name.lower()}"
    nib.save(nib.Nifti1Image(np.ones((9, 9, 3), np.float32), np.eye(4)), usual)
    usual.rename(tmp_path / name)
    assert write_clean(tmp_path / name, tmp_path / "out.nii.gz", sequence="T1") == ""


@pytest.mark.parametrize("place", ["dwi.bval", "sub-1/sub-1_dwi.bval", "sub-1/dwi/sub-1_run-1_dwi.bval"])
def test_b_values_are_inherited_as_in_bids(tmp_path, place):
    source = tmp_path / "sub-1" / "dwi" / "sub-1_run-1_dwi.nii.gz"
    source.parent.mkdir(parents=True)
    voxels = np.stack([np.full((9, 9, 3), value) for value in (5, 1, 3)], axis=-1).astype(np.float32)
    nib.save(nib.Nifti1Image(voxels, np.eye(4)), source)
    (tmp_path / place).write_text("0 1000 1000\n", encoding="utf-8")
    (tmp_path / "sub-1" / "other_dwi.bval").write_text("0 0 0\n", encoding="utf-8")
    assert write_clean(source, tmp_path / "out.nii.gz", sequence="DWI") == ""
    assert np.all(nib.load(tmp_path / "out.nii.gz").get_fdata() == 2)
