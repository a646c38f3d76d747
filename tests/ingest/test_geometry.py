"""What a header states of sides and spacing is doubted where it contradicts itself, or fits no head."""

import nibabel as nib
import numpy as np
import pytest

from selip_core.ingest.geometry import geometry_doubts

RIGHT = np.diag([2.0, 2.0, 6.0, 1.0])


def image(sform=RIGHT, qform=RIGHT, codes=(1, 1), shape=(96, 112, 24)):
    made = nib.Nifti1Image(np.zeros(shape, np.float32), sform)
    made.set_sform(sform, codes[0])
    made.set_qform(qform, codes[1])
    return made


def turned(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0, 0], [s, c, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]) @ RIGHT


@pytest.mark.parametrize(
    ("made", "doubt"),
    [
        (image(), ""), (image(qform=np.eye(4), codes=(1, 0)), ""), (image(sform=np.eye(4), codes=(0, 1)), ""),
        (image(qform=turned(2)), ""), (image(qform=np.diag([-2.0, 2, 6, 1])), "disagree"),
        (image(qform=turned(90)), "disagree"), (image(qform=np.diag([1.0, 1, 1, 1])), "disagree"),
        (image(codes=(0, 0)), "states no orientation"),
        (image(np.eye(4), np.eye(4), shape=(512, 512, 22)), "fits no head"),
        (image(np.eye(4), np.eye(4), shape=(160, 192, 150)), ""),
        (image(np.diag([0.45, 0.45, 6.5, 1]), np.diag([0.45, 0.45, 6.5, 1]), shape=(512, 512, 22)), ""),
    ],
)  # fmt: skip
def test_doubts(made, doubt):
    found = "; ".join(geometry_doubts(made))
    assert (doubt in found) if doubt else found == ""


def test_other_formats_are_not_doubted():
    assert geometry_doubts(nib.MGHImage(np.zeros((9, 9, 9), np.float32), np.eye(4))) == []


def test_a_quaternion_that_is_none_beside_a_sform_is_a_doubt():
    made = image()
    made.header["quatern_b"], made.header["quatern_c"], made.header["quatern_d"] = 0.9, 0.9, 0.9
    assert any("disagree" in doubt for doubt in geometry_doubts(made))
