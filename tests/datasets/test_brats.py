"""BraTS folders of every year, what is wrong with them, and the embedded one."""

import nibabel as nib
import numpy as np
import pytest

from selip_core.datasets.brats import load_brats, split_patients_by_grade
from selip_core.datasets.sequences import patient_of
from selip_core.datasets.synthetic.brats import _measure, make_brats
from selip_core.downstream.grading import why_no_task
from selip_core.errors import SelipError


def volume(path, values=(0, 1, 2, 4)):
    array = np.resize(np.array(values, np.int16), (4, 5, 6))
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, np.eye(4)), path)


def patient(folder, name, endings, join="_", values=(0, 1, 2, 4), suffix=".nii.gz"):
    for ending in endings:
        volume(folder / name / f"{name}{join}{ending}{suffix}", values)


OLD, NEW = ("t1", "t1ce", "t2", "flair", "seg"), ("t1n", "t1c", "t2w", "t2f", "seg")


def test_the_layout_of_2019_tells_the_grade_by_folder(tmp_path):
    patient(tmp_path / "MICCAI" / "HGG", "BraTS19_A_1", OLD)
    patient(tmp_path / "MICCAI" / "LGG", "BraTS19_B_1", OLD)
    found = load_brats(tmp_path)
    assert found.grades.to_dict() == {"BraTS19_A_1": "HGG", "BraTS19_B_1": "LGG"}
    assert set(found.cohort.series["sequence"]) == {"T1", "T1ce", "T2", "FLAIR"} and len(found.cohort.series) == 8
    assert found.segmentations["BraTS19_A_1"].endswith("BraTS19_A_1_seg.nii.gz") and found.cohort.problems.empty


@pytest.mark.parametrize(
    ("name", "endings", "join", "suffix", "table"),
    [
        ("BraTS20_Training_001", OLD, "_", ".nii", "Grade,BraTS_2020_subject_ID\nHGG,BraTS20_Training_001\n"),
        ("BraTS2021_00000", OLD, "_", ".nii.gz", "patient_id,grade\nBraTS2021_00000,hgg\n"),
        ("BraTS-GLI-00000-000", NEW, "-", ".nii.gz", "patient_id,grade\nBraTS-GLI-00000-000,HGG\n"),
    ],
)
def test_the_flat_layouts_take_the_grade_from_a_table(tmp_path, name, endings, join, suffix, table):
    patient(tmp_path, name, endings, join, values=(0, 1, 2), suffix=suffix)
    (tmp_path / ("name_mapping.csv" if "2020" in table else "grades.csv")).write_text(table)
    found = load_brats(tmp_path)
    assert found.grades.to_dict() == {patient_of(name): "HGG"} and list(found.segmentations.index) == [name]
    assert sorted(found.cohort.series["sequence"]) == ["FLAIR", "T1", "T1ce", "T2"]


def test_visits_of_2023_are_studies_of_one_patient(tmp_path):
    for visit in ("000", "001"):
        patient(tmp_path, f"BraTS-GLI-00020-{visit}", NEW, "-", values=(0, 1, 2, 3))
    (tmp_path / "grades.csv").write_text("patient_id,grade\nBraTS-GLI-00020,HGG\n")
    found = load_brats(tmp_path)
    series = found.cohort.series
    assert set(series["patient_id"]) == {"BraTS-GLI-00020"} and series["study_id"].nunique() == 2
    assert found.grades.to_dict() == {"BraTS-GLI-00020": "HGG"} and len(found.segmentations) == 2


def test_patients_without_a_grade_are_split_too(tmp_path):
    for i in range(6):
        patient(tmp_path / "HGG", f"A{i}", OLD)
        patient(tmp_path, f"U{i}", OLD)
    found = load_brats(tmp_path)
    split = split_patients_by_grade(found, seed=0)
    assert len(split) == 12 and set(split) == {"train", "validation", "test"}
    assert set(split[split.index.str.startswith("U")]) == {"train", "validation", "test"}
    assert "both grades are needed" in why_no_task(found, seed=0)


def test_what_is_missing_or_wrong_is_told_and_nobody_is_dropped(tmp_path):
    patient(tmp_path / "HGG", "A", OLD[:4])
    patient(tmp_path / "HGG", "B", OLD, values=(0, 1, 7))
    patient(tmp_path / "HGG", "C", OLD, values=(0, 3, 4))
    patient(tmp_path, "D", OLD)
    (tmp_path / "HGG" / "E").mkdir(parents=True)
    patient(tmp_path / "LGG", "E", OLD[:4])
    (tmp_path / "LGG" / "E" / "E_seg.nii.gz").write_bytes(b"half")
    (tmp_path / "HGG" / "E").rmdir()
    found = load_brats(tmp_path)
    problems = found.cohort.problems.set_index("patient_id")["problem"]
    assert problems["A"] == "no segmentation (*_seg.nii.gz)"
    assert problems["B"].startswith("holds the value 7; BraTS knows")
    assert "both 3 and 4" in problems["C"] and problems["D"] == "no grade" and "cannot be read" in problems["E"]
    assert found.cohort.series["patient_id"].nunique() == 5 and list(found.segmentations.index) == ["D"]


@pytest.mark.parametrize("layout", ["nothing", "other"])
def test_an_unknown_layout_says_which_are_known(tmp_path, layout):
    if layout == "other":
        volume(tmp_path / "patient" / "t1ce.nii.gz")
    with pytest.raises(SelipError, match="no BraTS layout that is known: known are HGG/NAME/NAME_t1ce.nii.gz"):
        load_brats(tmp_path)


def test_a_patient_twice_is_refused(tmp_path):
    patient(tmp_path / "HGG", "A", OLD)
    patient(tmp_path / "LGG", "A", OLD)
    with pytest.raises(SelipError, match="patient A has .* twice"):
        load_brats(tmp_path)


def test_two_grades_of_one_patient_are_refused(tmp_path):
    patient(tmp_path, "A", OLD)
    (tmp_path / "grades.csv").write_text("patient_id,grade\nA,HGG\nA,HGG\nA,LGG\n")
    with pytest.raises(SelipError, match="grades.csv line 4: patient A is both HGG and LGG"):
        load_brats(tmp_path)


def test_a_grade_that_is_none_is_told(tmp_path):
    patient(tmp_path, "A", OLD)
    (tmp_path / "grades.csv").write_text("patient_id,grade\nA,III\n")
    problems = load_brats(tmp_path).cohort.problems["problem"].tolist()
    assert problems == ["grade 'III' is neither HGG nor LGG", "no grade"]


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    return make_brats(tmp_path_factory.mktemp("brats") / "b", patients=(2, 1), seed=1, progress=False)


def test_the_embedded_folder_has_the_layout_of_2019(embedded):
    found = load_brats(embedded)
    assert found.grades.value_counts().to_dict() == {"HGG": 2, "LGG": 1}
    assert len(found.segmentations) == 3 and found.cohort.problems.empty


def test_its_volumes_are_isotropic_stripped_and_on_one_grid(embedded):
    found = load_brats(embedded)
    for _, rows in found.cohort.series.groupby("patient_id"):
        images = [nib.load(embedded / path) for path in rows["path"]]
        assert all(np.allclose(image.affine, images[0].affine) for image in images)
        assert np.allclose(nib.affines.voxel_sizes(images[0].affine), 2)
        assert (np.asarray(images[0].dataobj) == 0).mean() > 0.4  # no skull, no noise around it


def test_a_high_grade_tumour_has_necrosis_oedema_and_an_enhancing_rim(embedded):
    found = load_brats(embedded)
    path = found.segmentations[found.grades[found.grades == "HGG"].index[0]]
    assert set(np.unique(np.asarray(nib.load(embedded / path).dataobj))) == {0, 1, 2, 4}


def test_it_is_made_once_and_the_same_for_a_seed(embedded, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in embedded.rglob("*.nii.gz")}
    make_brats(embedded, patients=(2, 1), seed=1, progress=False)
    assert before == {path: path.stat().st_mtime_ns for path in embedded.rglob("*.nii.gz")}
    again = make_brats(tmp_path / "again", patients=(1, 0), seed=1, progress=False)
    one = next(again.rglob("*_flair.nii.gz"))
    assert one.read_bytes() == (embedded / one.relative_to(again)).read_bytes()


def test_workers_do_not_change_its_files(embedded, tmp_path):
    again = make_brats(tmp_path, patients=(2, 1), seed=1, workers=2, progress=False)
    files = sorted(path.relative_to(embedded) for path in embedded.rglob("*.nii.gz"))
    assert files == sorted(path.relative_to(again) for path in again.rglob("*.nii.gz"))
    assert all((again / path).read_bytes() == (embedded / path).read_bytes() for path in files)


def measured_everywhere(image, inside, rng):
    """Return `brats_synthetic._measure` of every voxel, those outside set to 0 at the end."""
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, n, dtype=np.float32) for n in image.shape), indexing="ij")
    a, b, c, d = rng.normal(0, 0.05, 4)
    level = float(np.median(image[inside]))
    spread = level / rng.uniform(30, 60)
    clean = image * np.exp(a * x + b * y + c * z + d * x * y)
    noisy = np.hypot(clean + spread * rng.standard_normal(image.shape), spread * rng.standard_normal(image.shape))
    return np.where(inside, np.clip(noisy * (rng.uniform(300, 700) / level), 1, 32767), 0).astype(np.int16)


def test_measuring_the_brain_alone_gives_what_measuring_everything_does():
    draw = np.random.default_rng(0)
    image, inside = draw.random((9, 8, 7), np.float32), draw.random((9, 8, 7)) < 0.3
    found, expected = (f(image, inside, np.random.default_rng(5)) for f in (_measure, measured_everywhere))
    assert np.array_equal(found, expected) and found.dtype == expected.dtype


def test_it_refuses_a_folder_that_holds_something_else(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(SelipError, match="holds something else"):
        make_brats(tmp_path, patients=(1, 1), progress=False)


def test_endings_in_capitals_and_volumes_unpacked_into_folders_are_found(tmp_path):
    patient(tmp_path / "HGG", "BraTS19_A_1", OLD)
    patient(tmp_path / "LGG", "BraTS19_B_1", OLD)
    for path in sorted((tmp_path / "HGG" / "BraTS19_A_1").iterdir()):
        path.rename(path.with_name(path.name.replace(".nii.gz", ".NII.GZ")))
    for path in sorted((tmp_path / "LGG" / "BraTS19_B_1").iterdir()):
        moved = path.rename(path.with_name("moved"))
        path.mkdir()
        moved.rename(path / "00000057_final.nii.gz")
    (tmp_path / "LGG" / "BraTS19_C_1" / "BraTS19_C_1_t1ce.nii.gz").mkdir(parents=True)  # an empty folder is no volume
    found = load_brats(tmp_path)
    assert found.grades.to_dict() == {"BraTS19_A_1": "HGG", "BraTS19_B_1": "LGG"}
    assert len(found.cohort.series) == 8 and len(found.segmentations) == 2
    assert all((tmp_path / path).is_file() for path in found.cohort.series["path"])
