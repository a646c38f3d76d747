"""The segmenter learns what is plain to see."""

import numpy as np
import pytest
import torch

from selip_core.downstream.segmentation_data import Cases
from selip_core.downstream.segmentation_network import (
    RegionLoss,
    Segmenter,
    _augmented,
    segment,
    train_segmenter,
)
from selip_core.downstream.training import Budget
from selip_core.encoders.image import build_image_encoder
from selip_core.errors import SelipError
from selip_core.metrics.segmentation import dice_scores
from selip_core.pretraining import augmentation
from tests.helpers.data import SHAPE


def encoder(name="small", shape=SHAPE):
    torch.manual_seed(0)
    return build_image_encoder(name, shape=shape, pooling="average", width=8)


def cases(n=12, series=1, regions=1, seed=0):
    """A bright box at a random place, in noise; a second region is its left half."""
    rng = np.random.default_rng(seed)
    volumes = rng.normal(0, 0.3, (n, series, *SHAPE)).astype(np.float32)
    truth = np.zeros((n, regions, *SHAPE), bool)
    for i in range(n):
        h, w = rng.integers(1, 8, 2)
        truth[i, 0, 1:3, h : h + 7, w : w + 7] = True
        if regions > 1:
            truth[i, 1, 1:3, h : h + 7, w : w + 3] = True
        volumes[i, :, truth[i, 0]] += 2
    return Cases(volumes, truth, [f"P{i}" for i in range(n)])


def train(made, **changes):
    options = {"steps": 60, "batch_size": 4, "learning_rate": 1e-2} | changes
    return train_segmenter(encoder(), made, made, Budget(**options, warmup_steps=options["steps"] // 10), seed=0)


@pytest.mark.parametrize(("series", "regions"), [(1, 1), (2, 2)])
def test_a_bright_box_is_found(series, regions):
    model = train(cases(series=series, regions=regions))
    new = cases(series=series, regions=regions, seed=1)
    assert dice_scores(segment(model, new.volumes), new.regions)[:, 0].mean() > 0.8


def test_the_same_seed_gives_the_same_weights():
    first, again = (train(cases(), steps=5) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True))


@pytest.mark.parametrize(("name", "shape"), [("small", SHAPE), ("small", (5, 20, 12)), ("resnet50", (4, 32, 32))])
def test_logits_have_the_size_of_the_volume(name, shape, device):
    model = Segmenter(encoder(name, shape).to(device), series=2, regions=3, shape=shape).to(device).eval()
    assert model(torch.zeros(2, 2, *shape, device=device)).shape == (2, 3, *shape)


def test_false_alarms_cost_and_overlapping_regions_are_no_rivals():
    nothing, everything = torch.zeros(1, 3, 2, 4, 4), torch.ones(1, 3, 2, 4, 4)
    loss, shout = RegionLoss(), torch.full((1, 3, 2, 4, 4), 5.0)
    assert loss(shout, nothing) > loss(-shout, nothing) + 1
    assert loss(shout, everything) < 0.05 < loss(-shout, everything)


def test_volumes_larger_than_the_window_are_segmented_whole():
    model = train(cases(), steps=5)
    large = np.zeros((1, 1, SHAPE[0] + 3, SHAPE[1] * 2, SHAPE[2] + 5), np.float32)
    assert segment(model, large).shape == (1, 1, *large.shape[2:])


def test_regions_move_with_their_volumes():
    made = cases(8)
    noiseless = Cases(made.regions.astype(np.float32), made.regions, made.patients)
    volumes, wanted = _augmented(noiseless, np.arange(8), np.random.default_rng(0), 3)
    assert ((volumes > 0.5) == wanted.bool()).float().mean() > 0.99
    assert not torch.equal(wanted, torch.from_numpy(made.regions).float())  # something did move


def test_a_mask_is_the_warped_mask_whatever_is_done_to_intensities(monkeypatch):
    """Under the intensities' gamma and scale a mask's edge, where a voxel is in by about half, would move."""
    made, rows = cases(8), np.arange(8)
    found = {}
    for ranges in ((1.0, 1.0), (0.9, 1.1), (3.0, 4.0)):
        monkeypatch.setattr(augmentation, "GAMMA_RANGE", ranges)
        monkeypatch.setattr(augmentation, "SCALE_RANGE", ranges)
        found[ranges] = [_augmented(made, rows, np.random.default_rng(0), seed) for seed in range(8)]
    plain, usual, strong = found.values()
    for (volumes, mask), (_, same), (changed, too) in zip(plain, usual, strong, strict=True):
        assert torch.equal(mask, same) and torch.equal(mask, too) and not torch.equal(volumes, changed)


def test_no_case_is_a_clear_error():
    made = cases(2)
    with pytest.raises(SelipError, match="2 training and 0 validation cases"):
        train_segmenter(encoder(), made, made.take(np.array([], int)), steps=1, batch_size=1, learning_rate=1, seed=0)
        train_segmenter(encoder(), made, made.take(np.array([], int)), Budget(1, 1, 1.0), seed=0)


def box(*slices, shape=(4, 6, 8)):
    region = np.zeros((1, 1, *shape), bool)
    region[(0, 0, *slices)] = True
    return region


EVERYTHING = (slice(0, 2), slice(0, 2), slice(0, 2))
