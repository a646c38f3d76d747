import nibabel as nib
import numpy as np
import pandas as pd
from PIL import Image

from selip_core.datasets.cohort import load_cohort
from selip_core.ingest import ingest
from tests.helpers.stacks import SIZE, SLICES, write_collection, write_patient


def test_a_published_collection_becomes_a_cohort(tmp_path):
    counts = ingest(write_collection(tmp_path / "lgg", {"CS": 2, "DU": 2}), tmp_path / "out", progress=False)
    assert (counts["patients"], counts["studies"], counts["masks"]) == (4, 4, 4)
    cohort = load_cohort(tmp_path / "out")
    assert set(cohort.series["patient_id"]) == {"TCGA-CS-4900", "TCGA-CS-4901", "TCGA-DU-4900", "TCGA-DU-4901"}
    assert cohort.reports.set_index("patient_id")["findings"]["TCGA-CS-4901"] == (
        "FLAIR，在右侧额叶表现为高信号。T1，在右侧额叶表现为低信号。"
    )
    masks = pd.read_csv(tmp_path / "out" / "masks.csv")
    assert set(masks["target"]) == {"tumour"}


def test_a_sequence_that_repeats_flair_is_set_aside(tmp_path):
    ingest(write_collection(tmp_path / "lgg", {"CS": 2}), tmp_path / "out", progress=False)
    quality = pd.read_csv(tmp_path / "out" / "quality.csv", keep_default_na=False)
    aside = quality[quality["reason"] != ""]
    assert aside[["patient_id", "sequence"]].to_numpy().tolist() == [["TCGA-CS-4900", "T1ce"]]
    assert "repeats FLAIR" in aside["reason"].iloc[0]
    assert quality["description"].str.contains("spacing estimated").all()


def test_left_is_left_and_up_is_up(tmp_path):
    root = tmp_path / "lgg"
    write_patient(root, "TCGA_CS_4900", right=True)
    ingest(root, tmp_path / "out", progress=False)
    series = load_cohort(tmp_path / "out").series.set_index("sequence")["path"]
    image = nib.load(tmp_path / "out" / series["FLAIR"])
    assert image.shape == (SIZE, SIZE, SLICES) and nib.aff2axcodes(image.affine) == ("L", "P", "S")
    mask = nib.load(next((tmp_path / "out" / "masks").rglob("*.nii.gz")))
    place = np.argwhere(np.asarray(mask.dataobj)).mean(0)
    middle = nib.affines.apply_affine(mask.affine, (np.array(mask.shape) - 1) / 2)
    offset = nib.affines.apply_affine(mask.affine, place) - middle
    assert offset[0] > 0 and offset[1] > 0  # to the patient's right, and in front
    assert np.asarray(image.dataobj)[tuple(np.round(place).astype(int))] > 150


def test_a_stack_that_cannot_be_read_is_counted_and_stops_nothing(tmp_path):
    root = write_collection(tmp_path / "lgg", {"CS": 3})
    (root / "TCGA_CS_4900_19990101" / "TCGA_CS_4900_19990101_4.tif").unlink()
    broken = root / "TCGA_CS_4901_19990101"
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(broken / f"{broken.name}_2.tif")
    counts = ingest(root, tmp_path / "out", progress=False)
    assert counts["patients"] == 1
    quality = (tmp_path / "out" / "quality.html").read_text(encoding="utf-8")
    assert "slices are missing between 1 and 12" in quality and "2 sizes" in quality


def test_masks_of_some_slices_only_are_no_mask(tmp_path):
    folder = write_patient(tmp_path / "lgg", "TCGA_CS_4900", right=False)
    (folder / f"{folder.name}_3_mask.tif").unlink()
    counts = ingest(tmp_path / "lgg", tmp_path / "out", progress=False)
    assert counts["masks"] == 0 and counts["series"] == 3 and counts["set_aside"] == 1


def test_masks_alone_and_masks_in_colour_stop_nothing(tmp_path):
    root = write_collection(tmp_path / "lgg", {"CS": 2})
    for path in (root / "TCGA_CS_4900_19990101").glob("*.tif"):
        if "_mask" not in path.name:
            path.unlink()
    for path in (root / "TCGA_CS_4901_19990101").glob("*_mask.tif"):
        Image.open(path).convert("RGB").save(path)
    counts = ingest(root, tmp_path / "out", progress=False)
    assert (counts["patients"], counts["series"], counts["masks"]) == (1, 3, 0)
    quality = (tmp_path / "out" / "quality.html").read_text(encoding="utf-8")
    assert "masks but no slices" in quality and "masks are not of one channel" in quality
    assert "nobody has written them" in quality


def test_endings_in_capitals_are_slices_too(tmp_path):
    folder = write_patient(tmp_path / "lgg", "TCGA_CS_4900", right=False)
    for path in list(folder.glob("*.tif")):
        path.rename(path.with_suffix(".TIF"))
    assert ingest(tmp_path / "lgg", tmp_path / "out", progress=False)["masks"] == 1
