import pytest
import torch
from torch.nn import functional

from selip_core.pretraining import augmentation
from selip_core.pretraining.augmentation import Parameters, augment, draw_parameters, intensity, warp


@pytest.fixture
def only(monkeypatch):
    def choose(name):
        monkeypatch.setattr(augmentation, "PROBABILITY", {key: float(key == name) for key in augmentation.PROBABILITY})

    return choose


def blob(height=24, width=20, at=(12, 15)):
    volume = torch.zeros(1, 1, 4, height, width)
    volume[0, 0, :, at[0] - 1 : at[0] + 2, at[1] - 1 : at[1] + 2] = 1
    return volume


def centre(volume):
    plane = volume[0, 0, 2]
    rows, columns = torch.meshgrid(torch.arange(plane.shape[0]), torch.arange(plane.shape[1]), indexing="ij")
    return (plane * rows).sum() / plane.sum(), (plane * columns).sum() / plane.sum()


def test_same_generator_state_same_result(device):
    volumes = torch.randn(8, 1, 4, 16, 12, device=device)
    one, two = (augment(volumes, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(one, two) and one.shape == volumes.shape
    assert not torch.equal(one, augment(volumes, torch.Generator().manual_seed(4)))


def test_with_no_augmentation_drawn_nothing_changes(only):
    only("none")
    volumes = torch.randn(4, 1, 4, 16, 12)
    assert torch.allclose(augment(volumes, torch.Generator().manual_seed(0)), volumes, atol=1e-5)


def test_each_probability_is_kept(only, monkeypatch):
    monkeypatch.setattr(augmentation, "PROBABILITY", dict.fromkeys(augmentation.PROBABILITY, 0.0) | {"scale": 0.2})
    volumes = torch.randn(4000, 1, 1, 2, 2)
    changed = (augment(volumes, torch.Generator().manual_seed(0)) - volumes).abs().amax((1, 2, 3, 4)) > 1e-4
    assert 0.17 < changed.float().mean() < 0.23


def test_rotation_keeps_the_distance_from_the_centre_on_a_plane_that_is_not_square(only):
    only("rotation")
    volume = blob()
    moved = augment(volume, torch.Generator().manual_seed(5))
    (y0, x0), (y1, x1) = centre(volume), centre(moved)
    middle = (11.5, 9.5)
    before = ((y0 - middle[0]) ** 2 + (x0 - middle[1]) ** 2) ** 0.5
    after = ((y1 - middle[0]) ** 2 + (x1 - middle[1]) ** 2) ** 0.5
    assert abs(after - before) < 0.3
    assert ((y1 - y0) ** 2 + (x1 - x0) ** 2) ** 0.5 > 0.5


def test_zoom_moves_a_blob_along_its_ray(only):
    only("zoom")
    y, x = centre(augment(blob(at=(18, 15)), torch.Generator().manual_seed(1)))
    factor_y, factor_x = (y - 11.5) / 6.5, (x - 9.5) / 5.5
    assert 0.88 <= factor_y <= 1.12 and abs(factor_y - factor_x) < 0.04 and abs(factor_y - 1) > 0.01


def test_gamma_keeps_the_range(only):
    only("gamma")
    volumes = torch.randn(3, 1, 4, 8, 8)
    changed = augment(volumes, torch.Generator().manual_seed(0))
    assert torch.allclose(changed.amin((1, 2, 3, 4)), volumes.amin((1, 2, 3, 4)), atol=1e-4)
    assert torch.allclose(changed.amax((1, 2, 3, 4)), volumes.amax((1, 2, 3, 4)), atol=1e-4)
    assert not torch.allclose(changed, volumes, atol=1e-3)


def test_elastic_moves_little(only):
    only("elastic")
    (y0, x0), (y1, x1) = centre(blob()), centre(augment(blob(), torch.Generator().manual_seed(2)))
    assert 0 < ((y1 - y0) ** 2 + (x1 - x0) ** 2) ** 0.5 < 4


def warp_by_full_grids(volumes, zoom, angle, bumps):
    """Return `warp` from a grid and a displacement of every voxel of every volume."""
    n, _, _, height, width = volumes.shape
    cos, sin, zero, aspect = angle.cos() / zoom, angle.sin() / zoom, torch.zeros(n), height / width
    rows = [[cos, -sin * aspect, zero, zero], [sin / aspect, cos, zero, zero], [zero, zero, zero + 1, zero]]
    theta = torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)
    grid = functional.affine_grid(theta, list(volumes.shape), align_corners=False)
    shift = functional.interpolate(bumps, size=volumes.shape[2:], mode="trilinear", align_corners=True)
    grid[..., :2] += shift.permute(0, 2, 3, 4, 1) * augmentation.ELASTIC_VOXELS * torch.tensor([2 / width, 2 / height])
    return functional.grid_sample(volumes, grid, padding_mode="border", align_corners=False)


@pytest.mark.parametrize("share_elastic", [0.0, 0.5, 1.0])
def test_warping_equals_a_displacement_of_every_voxel(share_elastic):
    generator = torch.Generator().manual_seed(1)
    volumes = torch.randn(6, 1, 7, 12, 10, generator=generator)
    zoom, angle = 0.9 + 0.2 * torch.rand(6, generator=generator), torch.rand(6, generator=generator) - 0.5
    elastic = torch.arange(6) < 6 * share_elastic
    bumps = torch.randn(6, 2, 3, 4, 4, generator=generator) * elastic[:, None, None, None, None]
    expected = warp_by_full_grids(volumes, zoom, angle, bumps)
    drawn = Parameters(zoom, angle, elastic, bumps, gamma=torch.full((6,), 0.9), scale=torch.full((6,), 1.1))
    assert torch.allclose(warp(volumes, drawn), expected, atol=1e-6)


def test_augmenting_is_warping_and_then_changing_intensities():
    volumes = torch.randn(16, 2, 4, 12, 10)
    drawn = draw_parameters(torch.Generator().manual_seed(3), 16)
    together = augment(volumes, torch.Generator().manual_seed(3))
    assert torch.equal(intensity(warp(volumes, drawn), drawn), together)
    unmoved = (drawn.zoom == 1) & (drawn.angle == 0) & ~drawn.elastic
    assert unmoved.any() and torch.equal(warp(volumes, drawn)[unmoved], volumes[unmoved])


def test_labels_stay_labels_where_the_nearest_voxel_is_taken():
    labels = torch.randint(0, 4, (16, 1, 4, 12, 10)).float()
    moved = warp(labels, draw_parameters(torch.Generator().manual_seed(2), 16), mode="nearest")
    assert not torch.equal(moved, labels) and set(moved.unique().tolist()) <= {0.0, 1.0, 2.0, 3.0}


def test_channels_are_augmented_as_volumes_of_their_own_with_the_same_draws():
    volumes = torch.randn(16, 3, 4, 12, 10) * torch.tensor([1.0, 3.0, 0.2])[:, None, None, None]
    together = augment(volumes, torch.Generator().manual_seed(2))
    apart = [augment(volumes[:, [i]], torch.Generator().manual_seed(2)) for i in range(3)]
    assert torch.allclose(together, torch.cat(apart, dim=1), atol=1e-6)
