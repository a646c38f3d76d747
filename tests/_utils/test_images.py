import gzip
import io
import subprocess
import sys

import nibabel as nib
import numpy as np
from PIL import Image

from selip_core._utils.images import axial_slice, nifti_bytes, thumbnail_png


def test_axial_slice_puts_the_patients_left_on_the_right_and_the_nose_up():
    volume = np.zeros((4, 6, 8))
    volume[2, 5, 0] = 1  # anterior, left (the last axis runs from left to right)
    image = axial_slice(volume, depth=2)
    assert image[0, -1] == 1 and image.sum() == 1
    assert (axial_slice(volume) == image).all()  # the middle one


def test_a_thumbnail_shows_the_patients_left_on_the_right():
    volume = np.zeros((3, 20, 10), np.float32)
    volume[1, 10:14, :3] = 1.0  # left, a little to the front
    image = np.asarray(Image.open(io.BytesIO(thumbnail_png(volume, height=40))))
    assert image.shape == (40, 20)
    assert image[:, 12:].mean() > 10 * image[:, :8].mean() and image[:20].mean() > image[20:].mean()


def test_thumbnails_need_no_drawing_library():
    code = (
        "import sys, numpy; from selip_core._utils.images import thumbnail_png; "
        "thumbnail_png(numpy.eye(9).reshape(1, 9, 9)); "
        "assert 'matplotlib' not in sys.modules and 'seaborn' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_bytes_of_an_image_load_back_and_are_the_same_each_time(monkeypatch):
    image = nib.Nifti1Image(np.arange(24, dtype=np.float32).reshape(2, 3, 4), np.diag([3.0, 4.0, 8.0, 1.0]))
    first = nifti_bytes(image)
    monkeypatch.setattr("time.time", lambda: 0.0)  # what gzip would write into its header
    assert nifti_bytes(image) == first
    back = nib.Nifti1Image.from_bytes(gzip.decompress(first))
    assert (back.get_fdata() == image.get_fdata()).all() and (back.affine == image.affine).all()
