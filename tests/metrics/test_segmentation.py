"""Overlap, distance and volume of regions against hand-computed cases."""

import numpy as np
import pytest

from selip_core.metrics.segmentation import dice_scores, hausdorff_95_mm, volume_errors_ml


def box(*slices, shape=(4, 6, 8)):
    region = np.zeros((1, 1, *shape), bool)
    region[(0, 0, *slices)] = True
    return region


EVERYTHING = (slice(0, 2), slice(0, 2), slice(0, 2))


def test_dice_by_hand():
    truth, half = box(*EVERYTHING), box(slice(0, 1), slice(0, 2), slice(0, 2))
    assert dice_scores(half, truth)[0, 0] == pytest.approx(2 * 4 / (4 + 8))
    assert dice_scores(truth, truth)[0, 0] == 1


def test_empty_masks():
    nothing, something = box(slice(0, 0)), box(*EVERYTHING)
    assert dice_scores(nothing, nothing)[0, 0] == 1
    assert dice_scores(nothing, something)[0, 0] == dice_scores(something, nothing)[0, 0] == 0
    assert hausdorff_95_mm(nothing, nothing, (1, 1, 1))[0, 0] == 0
    assert np.isnan(hausdorff_95_mm(nothing, something, (1, 1, 1))[0, 0])


def test_distance_is_in_millimetres_along_each_axis():
    one = box(slice(0, 1), slice(0, 1), slice(0, 1))
    for axis, spacing in enumerate((8.0, 4.0, 2.0)):
        moved = [slice(0, 1)] * 3
        moved[axis] = slice(3, 4)
        assert hausdorff_95_mm(one, box(*moved), (8.0, 4.0, 2.0))[0, 0] == pytest.approx(3 * spacing)


def test_volume_error_by_hand():
    truth, half = box(*EVERYTHING), box(slice(0, 1), slice(0, 2), slice(0, 2))
    assert volume_errors_ml(half, truth, (10, 10, 5))[0, 0] == pytest.approx(-4 * 0.5)


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match="must both be"):
        dice_scores(box(*EVERYTHING), box(*EVERYTHING)[0])
