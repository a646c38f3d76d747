import gzip

import nibabel as nib
import numpy as np
import pytest

from selip_core.widgets.volumes import nifti_bytes, positive_saliency
from tests.helpers.data import SENTENCES
from tests.helpers.explorer_files import make_explorer


def test_the_bytes_load_back_with_their_geometry_and_left_stays_left():
    volume = np.zeros((4, 6, 8), np.float32)
    volume[3, 5, 0] = 7.0  # top, front, left
    image = nib.Nifti1Image.from_bytes(gzip.decompress(nifti_bytes(volume, (8.0, 4.0, 3.0))))
    assert image.shape == (8, 6, 4) and nib.aff2axcodes(image.affine) == ("R", "A", "S")
    assert image.header.get_zooms() == pytest.approx((3.0, 4.0, 8.0))
    place = np.argwhere(image.get_fdata() == 7)[0]
    assert image.affine @ [*place, 1] == pytest.approx([-10.5, 10.0, 12.0, 1.0])  # millimetres, left is negative
    assert nib.affines.apply_affine(image.affine, (np.array(image.shape) - 1) / 2) == pytest.approx([0, 0, 0])


def test_saliency_is_that_of_the_volume_and_has_no_negative_part(tmp_path):
    explorer = make_explorer(tmp_path)
    of_series = positive_saliency(explorer, 1, SENTENCES[0])
    of_own = positive_saliency(explorer, explorer.embedded("mine", explorer.volume(1)), SENTENCES[0])
    assert of_series.shape == explorer.volume(1).shape and (of_series >= 0).all() and of_series.any()
    assert of_own == pytest.approx(of_series, rel=1e-4) and positive_saliency(explorer, 1, SENTENCES[0]) is of_series
