"""Findings of the embedded cohort stand beside the voxels of their own lesions."""

import nibabel as nib
import numpy as np
import pytest

from selip_core.config import PreprocessingSettings
from selip_core.datasets.cohort import load_cohort
from selip_core.errors import SelipError
from selip_core.inspection.saliency_cases import finding_cases, inside_of_head
from selip_core.preprocessing import preprocess_mask, target_affine

SETTINGS = PreprocessingSettings(spacing_mm=(6.0, 4.0, 4.0), shape=(12, 24, 20))
SPACING = (8.0, 4.0, 4.0)


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n", encoding="utf-8")


@pytest.fixture
def cohort(tmp_path):
    """Two patients with a ball for a head; A has lesions 1 to 4, of which the image holds the first two."""
    x, y, z = np.meshgrid(*(np.arange(n) for n in (48, 60, 50)), indexing="ij")
    head = (x - 24) ** 2 + (y - 30) ** 2 + (z - 25) ** 2 < 20**2
    numbers = np.zeros(head.shape, np.uint8)
    numbers[(x - 32) ** 2 + (y - 36) ** 2 + (z - 25) ** 2 < 5**2] = 1
    numbers[(x - 15) ** 2 + (y - 26) ** 2 + (z - 25) ** 2 < 5**2] = 2
    voxels = (100 * head + np.random.default_rng(0).normal(5, 1, head.shape)).astype(np.float32)
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    (tmp_path / "truth" / "lesion_masks").mkdir(parents=True)
    nib.save(nib.Nifti1Image(numbers, affine), tmp_path / "truth/lesion_masks/A.nii.gz")
    series = [("A", "FLAIR", "a.nii.gz"), ("A", "T1", "a_t1.nii.gz"), ("B", "FLAIR", "b.nii.gz")]
    for _, _, name in series:
        nib.save(nib.Nifti1Image(voxels, affine), tmp_path / name)
    write(tmp_path / "series.csv", [("patient_id", "sequence", "path"), *series])
    write(tmp_path / "reports.csv", [("patient_id", "findings"), ("A", "脑实质未见异常。")])
    lesions = [("A", 1, "额叶", "右侧"), ("A", 2, "脑桥", ""), ("A", 3, "顶叶", "左侧"), ("A", 4, "", "左侧"),
               ("B", 1, "枕叶", "双侧")]  # fmt: skip
    write(tmp_path / "truth/lesions.csv", [("patient_id", "lesion", "site", "side"), *lesions])
    findings = [
        ("A", "FLAIR", "右侧额叶", "片状高信号"), ("A", "T1", "脑桥", "点状长信号"), ("A", "T1", "右侧额叶", "等信号"),
        ("A", "FLAIR", "右侧额叶", "水肿"), ("A", "FLAIR", "左侧顶叶", "片状高信号"),
        ("A", "FLAIR", "中线结构", "移位"),
        ("B", "FLAIR", "双侧枕叶", "片状高信号"), ("A", "DWI", "脑桥", "点状高信号"),
    ]  # fmt: skip
    write(tmp_path / "truth/findings.csv", [("patient_id", "sequence", "site", "appearance"), *findings])
    return load_cohort(tmp_path)


@pytest.fixture
def index(cohort):
    return cohort.series.assign(row=[5, 6, 7])


def test_a_finding_has_its_sentence_and_the_mask_of_its_lesion(cohort, index):
    cases = finding_cases(cohort, index, ["A"], SETTINGS)
    assert cases.table["text"].tolist() == ["在右侧额叶表现为片状高信号", "在脑桥表现为点状长信号"]
    assert cases.table[["site", "side", "row"]].to_numpy().tolist() == [["额叶", "右侧", 5], ["脑桥", "", 6]]
    options = {"spacing_mm": SETTINGS.spacing_mm, "shape": SETTINGS.shape}
    target = target_affine(cohort.directory / "a.nii.gz", **options)
    for mask, lesion in zip(cases.masks, (1, 2), strict=True):
        path = cohort.directory / "truth/lesion_masks/A.nii.gz"
        expected = preprocess_mask(path, target, values=(lesion,), shape=SETTINGS.shape)
        assert expected.any() and np.array_equal(mask, expected)


def test_findings_that_cannot_be_used_say_why(cohort, index):
    problems = finding_cases(cohort, index, ["A", "B"], SETTINGS).problems
    assert problems["patient_id"].tolist() == ["A", "B"]
    assert "fills no voxel" in problems["reason"].iloc[0]
    assert "no such file" in problems["reason"].iloc[1].lower() or "cannot be read" in problems["reason"].iloc[1]
    assert str(cohort.directory) not in problems["reason"].iloc[1]


def test_a_cohort_without_truth_is_refused_in_words(cohort, index):
    (cohort.directory / "truth").rename(cohort.directory / "hidden")
    with pytest.raises(SelipError, match="only the embedded cohort"):
        finding_cases(cohort, index, ["A"], SETTINGS)


def test_patients_of_another_split_are_not_touched(cohort, index):
    cases = finding_cases(cohort, index, ["B"], SETTINGS)
    assert len(cases) == 0 and set(cases.problems["patient_id"]) == {"B"}


def test_the_inside_of_a_head_leaves_out_its_rim_and_keeps_its_holes():
    volume = np.full((2, 24, 24), -2.0)
    volume[:, 4:20, 4:20] = 1
    volume[:, 10:13, 10:13] = -2  # dark ventricles
    expected = np.zeros(volume.shape, bool)
    expected[:, 6:18, 6:18] = True
    found = inside_of_head(volume, SPACING)
    corners = expected & ~found  # erosion and opening round the corners off
    assert not (found & ~expected).any() and corners.sum() <= 2 * 4
