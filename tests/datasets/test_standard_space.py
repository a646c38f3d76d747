"""A cohort written again with its heads on the template head."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from selip_core.datasets import standard_space
from selip_core.datasets.annotations import read_masks
from selip_core.datasets.cohort import load_cohort
from selip_core.datasets.registration import Registration
from selip_core.errors import SelipError

SHIFT = np.array([[1.1, 0.05, 0, 10], [0, 1.1, 0, -5], [0, 0, 1.1, 3], [0, 0, 0, 1.0]])


def volume(path, value=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    voxels = np.random.default_rng(value).integers(0, 200, (12, 14, 6)).astype(np.int16)
    nib.save(nib.Nifti1Image(voxels, np.diag([-4.0, 4, 6, 1])), path)


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "cohort"
    for i, name in enumerate(("a/T1", "a/FLAIR", "b/FLAIR")):
        volume(folder / "images" / f"{name}.nii.gz", i)
    volume(folder / "masks" / "a.nii.gz", 9)
    (folder / "series.csv").write_text(
        "patient_id,study_id,sequence,path\np1,a,FLAIR,images/a/FLAIR.nii.gz\np1,a,T1,images/a/T1.nii.gz\n"
        "p2,b,FLAIR,images/b/FLAIR.nii.gz\n", encoding="utf-8")  # fmt: skip
    reports = "patient_id,study_id,findings,impression\np1,a,脑实质未见异常,\n"
    (folder / "reports.csv").write_text(reports, encoding="utf-8")
    (folder / "masks.csv").write_text("patient_id,study_id,target,path\np1,a,tumour,masks/a.nii.gz\n", encoding="utf-8")
    (folder / "quality.csv").write_text("patient_id\np1\n", encoding="utf-8")
    (folder / "cohort.json").write_text('{"name": "made", "synthetic": true}', encoding="utf-8")
    return folder


@pytest.fixture
def asked(monkeypatch):
    """Every affine is `SHIFT`; which files were asked for."""
    files = []

    def found(path, sequence):
        files.append((path.parent.name, path.name, sequence))
        return Registration(SHIFT)

    monkeypatch.setattr(standard_space, "onto_template", found)
    return files


def test_a_study_moves_as_one_and_no_voxel_changes(source, asked, tmp_path):
    out = tmp_path / "out"
    table = standard_space.in_standard_space(source, out, workers=1, progress=False)
    assert asked == [("a", "T1.nii.gz", "T1"), ("b", "FLAIR.nii.gz", "FLAIR")]  # T1 first, once a study
    assert table["study_id"].tolist() == ["a", "b"] and (table["doubt"] == "").all()
    for path in ("images/a/T1.nii.gz", "images/a/FLAIR.nii.gz", "masks/a.nii.gz", "images/b/FLAIR.nii.gz"):
        before, after = nib.load(source / path), nib.load(out / path)
        assert np.array_equal(np.asanyarray(before.dataobj), np.asanyarray(after.dataobj))
        assert np.allclose(after.affine, SHIFT @ before.affine, atol=1e-4)
        assert after.get_data_dtype() == before.get_data_dtype() and int(after.header["sform_code"]) == 4
    again = load_cohort(out)
    assert len(again.series) == 3 and len(again.reports) == 1 and len(read_masks(again).table) == 1
    assert again.name == "made" and not (out / "quality.csv").exists()


def test_a_mask_is_found_by_its_patient_and_one_outside_the_cohort_is_refused(source, asked, tmp_path):
    (source / "masks.csv").write_text("patient_id,target,path\np1,tumour,masks\\a.nii.gz\n", encoding="utf-8")
    standard_space.in_standard_space(source, tmp_path / "out", workers=1, progress=False)
    assert np.allclose(nib.load(tmp_path / "out/masks/a.nii.gz").affine, SHIFT @ np.diag([-4.0, 4, 6, 1]), atol=1e-4)
    original = (source / "masks" / "a.nii.gz").read_bytes()
    for path in (source / "masks" / "a.nii.gz", "../cohort/masks/a.nii.gz", "masks/../../cohort/masks/a.nii.gz"):
        (source / "masks.csv").write_text(f"patient_id,target,path\np1,tumour,{path}\n", encoding="utf-8")
        with pytest.raises(SelipError, match="must lie inside the cohort folder"):
            standard_space.in_standard_space(source, tmp_path / "again", workers=1, progress=False)
    assert (source / "masks" / "a.nii.gz").read_bytes() == original


def test_a_study_that_cannot_be_registered_stays_where_it_is(source, tmp_path, monkeypatch, capsys):
    doubtful = Registration(np.eye(4), "the head would become 2.00 times as long")
    monkeypatch.setattr(
        standard_space, "onto_template", lambda path, sequence: doubtful if "/a/" in str(path) else Registration(SHIFT)
    )
    out = tmp_path / "out"
    assert standard_space.main([str(source), "--out", str(out), "--workers", "1"]) == 3
    assert "1 × the head would become 2.00 times" in capsys.readouterr().out
    assert (out / "images/a/T1.nii.gz").read_bytes() == (source / "images/a/T1.nii.gz").read_bytes()
    assert pd.read_csv(out / "registration.csv")["scale"].tolist() == [1.0, 1.1]


def test_a_damaged_series_is_passed_over_and_copied(source, asked, tmp_path, monkeypatch):
    (source / "images/a/T1.nii.gz").write_bytes(b"no volume")
    monkeypatch.undo()
    monkeypatch.setattr("selip_core.datasets.registration._affine", lambda static, moving: np.linalg.inv(SHIFT))
    out = tmp_path / "out"
    table = standard_space.in_standard_space(source, out, workers=1, progress=False).set_index("study_id")
    assert table.loc["a", "sequence"] == "FLAIR"
    assert (out / "images/a/T1.nii.gz").read_bytes() == b"no volume"
    assert np.allclose(nib.load(out / "images/a/FLAIR.nii.gz").affine[:3, 3], SHIFT[:3, 3], atol=1e-4)


def test_an_interrupted_call_goes_on_and_a_finished_one_does_nothing(source, asked, tmp_path, monkeypatch):
    out, copy = tmp_path / "out", standard_space._copy_tables
    monkeypatch.setattr(standard_space, "_copy_tables", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        standard_space.in_standard_space(source, out, workers=1, progress=False)
    monkeypatch.setattr(standard_space, "_copy_tables", copy)
    first = standard_space.in_standard_space(source, out, workers=1, progress=False)
    assert len(asked) == 2  # not asked again
    second = standard_space.in_standard_space(source, out, workers=1, progress=False)
    assert len(asked) == 2 and second.to_dict() == first.to_dict()


@pytest.mark.parametrize("kind", ["inside", "file", "full", "other"])
def test_nothing_is_overwritten(source, asked, tmp_path, kind, capsys):
    out = (source if kind == "inside" else tmp_path) / kind
    if kind == "file":
        out.write_text("")
    elif kind == "full":
        volume(out / "x.nii.gz")
    elif kind == "other":
        (out / ".registration").mkdir(parents=True)
        (out / ".registration" / "begun.json").write_text('{"inputs": "another"}')
    assert standard_space.main([str(source), "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("standard space: ") and said.count("\n") == 1
    with pytest.raises(SelipError):
        standard_space.in_standard_space(source, out, progress=False)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["x", "--out", "y", "--workers", "0"], 2, "must be 1 or more"),
        (["x"], 2, "--out"),
        (["nowhere", "--out", "y"], 1, "nowhere does not exist"),
    ],
)
def test_what_is_wrong_is_one_line(arguments, status, said, capsys):
    assert standard_space.main(arguments) == status
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
