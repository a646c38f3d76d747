import numpy as np
import pytest

from selip_core.datasets.synthetic import anatomy
from selip_core.datasets.synthetic.anatomy import GRID_MM, GRID_SHAPE, TISSUES, draw_anatomy, template
from selip_core.datasets.synthetic.catalogue import Lesion, catalogue

SITES = {name: site["centre_mm"] for name, site in catalogue()["sites"].items()}


def head(seed=0, lesions=()):
    return draw_anatomy(np.random.default_rng(seed), lesions, SITES)


def volume_ml(share):
    return float(share.sum()) * GRID_MM**3 / 1000


def test_fractions_are_shares():
    total = head().fractions.sum(-1)
    assert total.min() >= 0 and total.max() < 1.001
    assert (total > 0.99).mean() > 0.3


def test_interpolation_of_the_template_equals_the_definition():
    source = template()
    at = np.array([[30.3, -10.2, 21.7], [-22.9, 4.1, 3.3]], np.float32)
    x = (at - source.origin_mm) / 2.0
    for point, found in zip(x, source.at(at)):
        low = np.floor(point).astype(int)
        expected = 0
        for corner in np.ndindex(2, 2, 2):
            weight = np.prod([p - a if c else 1 - (p - a) for p, a, c in zip(point, low, corner)])
            expected = expected + weight * source.maps[tuple(low + corner)]
        assert found == pytest.approx(expected, abs=1e-4)


def test_volumes_are_human():
    for seed in range(4):
        one = head(seed)
        assert 1100 < volume_ml(one.tissue) < 1950
        assert 10 < volume_ml(one.ventricle) < 80


def test_brain_is_wrapped_in_skull_and_scalp():
    one = head()
    middle = one.fractions[:, GRID_SHAPE[1] // 2, 35]  # one line from left to right
    order = [middle[:, TISSUES.index(name)].argmax() for name in ("fat", "bone")]
    brain = np.flatnonzero(middle[:, :3].sum(-1) > 0.5)[0]
    assert min(order[0], GRID_SHAPE[0] - order[0]) <= min(order[1], GRID_SHAPE[0] - order[1]) < brain


def test_same_seed_same_head_and_other_seed_another():
    assert np.array_equal(head(5).fractions, head(5).fractions)
    assert not np.array_equal(head(5).fractions, head(6).fractions)


def test_atrophy_widens_sulci_and_ventricles_of_the_same_head():
    normal, shrunk = head(2), head(2, [Lesion("atrophy", "", "")])
    assert volume_ml(shrunk.ventricle) > 1.3 * volume_ml(normal.ventricle)
    outer = [volume_ml(one.fractions[..., 3] - one.ventricle) for one in (normal, shrunk)]
    assert outer[1] > 1.2 * outer[0]
    assert normal.widened is None and shrunk.widened.max() > 0.5


@pytest.mark.parametrize(("side", "sign"), [("左侧", 1), ("右侧", -1)])
def test_midline_shift_moves_the_midline_away_and_narrows_the_ventricle(side, sign):
    lesions = [Lesion("low_grade_tumour", "额叶", side, "团块状", 1, 16.0), Lesion("midline_shift", "", side)]
    normal, shifted = head(3), head(3, lesions)

    def midline(one):
        x = anatomy.grid_points()[..., 0]
        near = (np.abs(one.template_mm[..., 0]) < 2) & (np.abs(one.template_mm[..., 2] - 15) < 6)
        return x[near & (np.abs(one.template_mm[..., 1] - 15) < 10)].mean()

    def same_side(one):
        return volume_ml(one.ventricle * (sign * one.template_mm[..., 0] < 0))

    assert sign * (midline(shifted) - midline(normal)) > 3
    assert same_side(shifted) < 0.9 * same_side(normal)
    assert 5 < shifted.displaced.max() < 16


def test_smooth_field_has_the_stated_size():
    fields = [anatomy._smooth_field(np.random.default_rng(i), 42.0, 2.6) for i in range(12)]
    assert np.std(fields) == pytest.approx(2.6, rel=0.2)


def test_a_template_can_be_adopted(tmp_path):
    source = template()
    anatomy.write_template(source, tmp_path)
    anatomy.adopt_template(tmp_path)
    try:
        adopted = template()
        assert adopted is not source and type(adopted.maps) is np.ndarray
        for name in ("maps", "origin_mm", "reach", "brain"):
            assert np.array_equal(getattr(adopted, name), getattr(source, name))
    finally:
        anatomy._adopted.clear()


def test_interpolation_does_not_depend_on_the_points_beside_it(monkeypatch):
    source, points = template(), np.random.default_rng(0).uniform(-80, 80, (500, 3)).astype(np.float32)
    monkeypatch.setattr(anatomy, "_POINTS_A_BLOCK", 7)
    in_blocks = source.at(points)
    monkeypatch.setattr(anatomy, "_POINTS_A_BLOCK", 1000)
    assert np.array_equal(source.at(points), in_blocks)


def test_values_of_the_points_in_reach_lie_where_the_mask_says():
    source = template()
    values = np.random.default_rng(0).random((source.reach.sum(), 2), np.float32)
    grid = anatomy._to_grid(values, source.inside, -1.0)
    assert np.array_equal(grid[source.reach], values) and (grid[~source.reach] == -1).all()
