import io

import numpy as np
from PIL import Image

from selip_core.thumbnails import thumbnail_png


def test_a_thumbnail_shows_the_patients_left_on_the_right():
    volume = np.zeros((3, 20, 10), np.float32)
    volume[1, 10:14, :3] = 1.0  # left, a little to the front
    image = np.asarray(Image.open(io.BytesIO(thumbnail_png(volume, height=40))))
    assert image.shape == (40, 20)
    assert image[:, 12:].mean() > 10 * image[:, :8].mean() and image[:20].mean() > image[20:].mean()
