"""Cases from masks and from BraTS, and the tables of a segmentation study."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch

from selip_core.config import PreprocessingSettings, SegmentationSettings
from selip_core.datasets.annotations import read_masks
from selip_core.datasets.brats import load_brats
from selip_core.datasets.cohort import load_cohort
from selip_core.downstream import segmentation
from selip_core.downstream.kept_runs import KeptRuns
from selip_core.downstream.segmentation import (
    case_shares_left_out,
    example_cases,
    few_shot_cases,
    segmentation_results,
    split_cases,
)
from selip_core.downstream.segmentation_data import Cases, brats_cases, cohort_cases
from selip_core.downstream.segmentation_tables import segmentation_differences, segmentation_table
from selip_core.encoders.model import build_model
from selip_core.preprocessing import preprocess_mask, target_affine
from tests.helpers.data import PREPROCESSED, SHAPE

SETTINGS = PreprocessingSettings(spacing_mm=(6.0, 4.0, 4.0), shape=(12, 24, 20))


def head(lesion=(30, 40, 30)):
    """A bright ball in air with a brighter lesion; and the lesion's mask."""
    x, y, z = np.meshgrid(*(np.arange(n) for n in (48, 60, 50)), indexing="ij")
    ball = (x - 24) ** 2 + (y - 30) ** 2 + (z - 25) ** 2 < 20**2
    mask = (x - lesion[0]) ** 2 + (y - lesion[1]) ** 2 + (z - lesion[2]) ** 2 < 6**2
    voxels = 100 * ball + 100 * (mask & ball) + np.random.default_rng(0).normal(5, 1, ball.shape)
    return voxels.astype(np.float32), (mask & ball).astype(np.uint8)


def save(path, array, affine=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, np.diag([2.0, 2.0, 2.0, 1.0]) if affine is None else affine), path)


@pytest.fixture
def cohort(tmp_path):
    image, mask = head()
    for name in "abc":
        save(tmp_path / f"{name}.nii.gz", image)
    save(tmp_path / "m.nii.gz", 3 * mask)
    save(tmp_path / "empty.nii.gz", np.zeros_like(mask))
    series = "patient_id,sequence,path\nA,FLAIR,a.nii.gz\nB,FLAIR,b.nii.gz\nC,T1,c.nii.gz\n"
    (tmp_path / "series.csv").write_text(series)
    (tmp_path / "reports.csv").write_text("patient_id,findings\nA,脑实质未见异常。\n", encoding="utf-8")
    (tmp_path / "masks.csv").write_text(
        "patient_id,target,path,values\nA,tumour,m.nii.gz,3\nB,tumour,empty.nii.gz,\nC,tumour,m.nii.gz,\n"
    )
    return load_cohort(tmp_path)


def test_masks_lie_on_their_volume_and_what_cannot_be_used_says_why(cohort, tmp_path):
    made, problems = cohort_cases(cohort, read_masks(cohort).table, "tumour", ("FLAIR",), SETTINGS, tmp_path / "cache")
    assert made.patients == ["A"] and made.volumes.shape == (1, 1, 12, 24, 20)
    inside = made.volumes[0, 0][made.regions[0, 0]]
    assert inside.min() > np.quantile(made.volumes, 0.9)  # the lesion is the brightest part of the head
    assert made.regions.sum() * 6 * 4 * 4 == pytest.approx(head()[1].sum() * 8, rel=0.25)
    assert problems["reason"].tolist() == ["no FLAIR of this study", "the mask fills no voxel of the model's grid"]


def test_cases_are_kept_and_read_again(cohort, tmp_path, monkeypatch):
    arguments = (cohort, read_masks(cohort).table, "tumour", ("FLAIR",), SETTINGS, tmp_path / "cache")
    first, _ = cohort_cases(*arguments)
    in_processes = "selip_core.downstream.segmentation_data.in_processes"
    monkeypatch.setattr(in_processes, lambda *a, **k: pytest.fail("done again"))
    again, problems = cohort_cases(*arguments)
    assert (first.volumes == again.volumes).all() and len(problems) == 2


def test_cases_that_other_code_has_made_are_made_anew(cohort, tmp_path, monkeypatch):
    arguments = (cohort, read_masks(cohort).table, "tumour", ("FLAIR",), SETTINGS, tmp_path / "cache")
    cohort_cases(*arguments)
    monkeypatch.setattr("selip_core.downstream.segmentation_data.code_fingerprint", lambda *modules: "edited")
    in_processes = "selip_core.downstream.segmentation_data.in_processes"
    monkeypatch.setattr(in_processes, lambda *a, **k: ["not used"] * 2)
    assert len(cohort_cases(*arguments)[0]) == 0


@pytest.mark.parametrize("codes", ["RAS", "LPS", "PIR", "SLA"])
def test_a_mask_in_another_orientation_lands_in_the_same_place(tmp_path, codes):
    image, mask = head()
    save(tmp_path / "a.nii.gz", image)
    turned = nib.Nifti1Image(mask, np.diag([2.0, 2.0, 2.0, 1.0]))
    wanted = nib.orientations.axcodes2ornt(tuple(codes))
    turn = nib.orientations.ornt_transform(nib.io_orientation(turned.affine), wanted)
    nib.save(turned.as_reoriented(turn), tmp_path / "m.nii.gz")
    save(tmp_path / "plain.nii.gz", mask)
    grid = {"spacing_mm": SETTINGS.spacing_mm, "shape": SETTINGS.shape}
    target = target_affine(tmp_path / "a.nii.gz", **grid)
    found, plain = (
        preprocess_mask(tmp_path / f"{name}.nii.gz", target, values=(), shape=SETTINGS.shape) for name in ("m", "plain")
    )
    assert (found == plain).all() and plain.any()


def test_brats_regions_overlap_as_the_challenge_defines_them(tmp_path):
    image, mask = head()
    values = np.zeros_like(mask)
    values[mask > 0] = 2
    values[28:32, 38:42, 28:32] = 1
    values[30:32, 38:42, 28:32] = 4
    folder = tmp_path / "HGG" / "X_1"
    for sequence in ("t1", "t1ce", "t2", "flair"):
        save(folder / f"X_1_{sequence}.nii.gz", image)
    save(folder / "X_1_seg.nii.gz", values)
    settings = SETTINGS.model_copy(update={"spacing_mm": (2.0, 2.0, 2.0), "shape": (40, 44, 44)})
    made, problems = brats_cases(load_brats(tmp_path), ("FLAIR", "T1ce"), settings, tmp_path / "cache")
    whole, core, enhancing = made.regions[0]
    assert problems.empty and made.volumes.shape[1] == 2
    assert whole.sum() > core.sum() > enhancing.sum() > 0
    assert not (core & ~whole).any() and not (enhancing & ~core).any()


def many_cases(n=30, seed=0):
    rng = np.random.default_rng(seed)
    truth = np.zeros((n, 1, *SHAPE), bool)
    for i in range(n):
        h, w = rng.integers(1, 8, 2)
        truth[i, 0, 1:3, h : h + 7, w : w + 7] = True
    return Cases((truth * 2 + rng.normal(0, 0.3, truth.shape)).astype(np.float32), truth, [f"P{i}" for i in range(n)])


def test_shares_are_of_patients_and_their_cases_stay_together():
    cases = many_cases(12)
    cases = Cases(cases.volumes, cases.regions, [f"P{i // 3}" for i in range(12)])
    half = few_shot_cases(cases, (0.1, 0.5), seed=0)[0.5]
    assert len(half) == 6 and len({cases.patients[i] for i in half}) == 2
    reason = "10% of 4 training patients is 0.4: fewer than one of each class, not run"
    assert case_shares_left_out(cases, (0.1, 0.5)) == [reason]


def test_a_case_cache_that_was_cut_off_is_made_again(cohort, tmp_path):
    arguments = (cohort, read_masks(cohort).table, "tumour", ("FLAIR",), SETTINGS, tmp_path / "cache")
    first, _ = cohort_cases(*arguments)
    path = next((tmp_path / "cache").glob("*.npz"))
    path.write_bytes(path.read_bytes()[:200])
    assert (cohort_cases(*arguments)[0].volumes == first.volumes).all()


def test_a_study_in_tables(tmp_path, capsys, monkeypatch):
    models = {}
    for method in ("scratch", "SeLIP"):
        torch.manual_seed(len(method))
        model = build_model(
            {"name": "small", "pooling": "located", "width": 8}, {"name": "small", "max_tokens": 48},
            volume_shape=SHAPE, embedding_size=16, vocabulary_texts=["在脑沟表现为增宽"],
            extra=PREPROCESSED,
        )  # fmt: skip
        models[method, 0] = model.save_pretrained(tmp_path / method)
    cases = many_cases()
    split = pd.Series(["train"] * 14 + ["validation"] * 4 + ["test"] * 12, index=cases.patients)
    parts = split_cases(cases, split)
    assert {name: len(part) for name, part in parts.items()} == {"train": 14, "validation": 4, "test": 12}
    settings = SegmentationSettings(fractions=(0.5, 1.0), steps=40, batch_size=4, learning_rate=1e-2)
    results, predicted = segmentation_results(
        models, parts, ["box"], settings, task="boxes", spacing_mm=(8, 4, 4),
        preprocessing_fingerprint=PREPROCESSED["preprocessing_fingerprint"],
        device=torch.device("cpu"), kept=KeptRuns(tmp_path / "kept"),
    )  # fmt: skip
    shown = capsys.readouterr().err
    assert "segmentation, boxes" in shown and "4/4" in shown  # two models, two shares
    assert len(list((tmp_path / "kept").iterdir())) == 4
    monkeypatch.setattr(segmentation, "train_segmenter", None)  # nothing is trained where all is kept
    found = segmentation_results(
        models, parts, ["box"], settings, task="boxes", spacing_mm=(8, 4, 4),
        preprocessing_fingerprint=PREPROCESSED["preprocessing_fingerprint"],
        device=torch.device("cpu"), kept=KeptRuns(tmp_path / "kept"),
    )  # fmt: skip
    pd.testing.assert_frame_equal(found[0], results)
    assert len(results) == 2 * 2 * 12 and predicted["SeLIP", 0].shape == parts["test"].regions.shape
    table = segmentation_table(results, samples=200, seed=0).set_index(["method", "fraction"])
    assert table.loc[("SeLIP", 1.0), "dice"] > 0.7 and table.loc[("SeLIP", 0.5), "training_cases"] == 7
    differences = segmentation_differences(results, samples=200, seed=0)
    assert set(differences["comparison"]) == {"SeLIP − scratch"} and len(differences) == 2
    assert (differences["test"] != "").equals(differences["p"].notna())
    shown = example_cases(results, task="boxes", region="box", method="SeLIP", seed=0)
    dice = results[(results["method"] == "SeLIP") & (results["fraction"] == 1.0)].set_index("case")["dice"]
    assert dice[shown["best"]] == dice.max() and dice[shown["worst"]] == dice.min()
