"""Maps of tissues and lesions are set aside where the image lies beside them; a patient called like one stays."""

import pytest

from selip_core.datasets.sequences import sequence_of_text
from selip_core.ingest.computed_maps import COMPUTED
from selip_core.ingest.layouts import find_volumes


def _reasons(root, *names):
    return {name: one.reason for name, one in zip(names, find_volumes(root, [root / n for n in names]), strict=True)}


@pytest.mark.parametrize(
    ("image", "computed"),
    [
        ("P05/P05_T1.nii", ("c1P05_T1.nii", "mwp1P05_T1.nii", "rc2P05_T1.nii.gz", "p0P05_T1.nii", "y_P05_T1.nii",
                            "mri/mwp2P05_T1.nii")),
        ("P05/P05_FLAIR.nii.gz", ("ples_lpa_mP05_FLAIR.nii.gz", "ples_lga_0.3_rmP05_FLAIR.nii")),
        ("sub-03/anat/sub-03_T1w.nii.gz", ("c1sub-03_T1w.nii.gz",)),
    ],
)  # fmt: skip
def test_a_map_beside_or_below_its_image_is_set_aside(tmp_path, image, computed):
    folder = image.rpartition("/")[0]
    reasons = _reasons(tmp_path, image, *(f"{folder}/{name}" for name in computed))
    assert reasons.pop(image) == "" and set(reasons.values()) == {COMPUTED}


@pytest.mark.parametrize(
    "names",
    [("c1P05_T1.nii",), ("c1/c1_T1.nii", "c1/c1_FLAIR.nii"), ("P1/p1_T1.nii", "P1/T1.nii"),
     ("C1P05_T1.nii", "P05_T1.nii"), ("P05/c1P05_T1.nii", "P05/P05_T2.nii"), ("P05/wP05_T1.nii", "P05/P05_T1.nii")],
)  # fmt: skip
def test_a_patient_who_is_called_so_and_an_image_that_was_moved_stay(tmp_path, names):
    assert set(_reasons(tmp_path, *names).values()) == {""}


@pytest.mark.parametrize(
    "name", ["P05_T1_pve_1", "P05_T1_pveseg", "P05_T1_biasfield", "T1_n4_bias_field", "T1_jacobian"]
)
def test_a_map_that_is_called_by_what_it_is_is_set_aside(name):
    assert sequence_of_text(name) == (None, "a map computed of an image")


@pytest.mark.parametrize("name", ["PVE_01_T1", "T1_bias_corrected", "T1_bias_field_corrected", "T1_biascorr"])
def test_an_image_whose_bias_was_corrected_is_one(name):
    assert sequence_of_text(name) == ("T1", "")
