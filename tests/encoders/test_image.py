"""Image encoders: every trunk keeps the promises of `Trunk`, every pooling its size."""

from typing import get_args

import pytest
import torch

from selip_core.config import ImageEncoderName, Pooling
from selip_core.encoders.image import TRUNKS, build_image_encoder
from tests.helpers.data import SHAPE


def test_every_name_of_the_settings_can_be_built():
    assert set(TRUNKS) == set(get_args(ImageEncoderName))


@pytest.mark.parametrize("shape", [(4, 32, 32), (6, 40, 24)])
@pytest.mark.parametrize("name", TRUNKS)
def test_every_trunk_states_its_grid_and_its_pyramid_ends_with_what_is_pooled(name, shape):
    torch.manual_seed(0)
    encoder = build_image_encoder(name, shape=shape, pooling="average", width=8).eval()
    trunk, volumes = encoder.trunk, torch.randn(2, 1, *shape)
    with torch.inference_mode():
        found, maps = encoder.features(volumes), encoder.pyramid(volumes)
    assert found.shape == (2, trunk.channels, *trunk.grid(shape)) and trunk.checkpointing is False
    assert torch.equal(maps[0], volumes) and torch.equal(maps[-1], found)
    sizes = [m.shape[2:].numel() for m in maps]
    assert len(maps) > 2 and sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("pooling", get_args(Pooling))
@pytest.mark.parametrize("name", TRUNKS)
def test_every_pooling_states_its_size(name, pooling):
    shape = (8, 32, 32)
    encoder = build_image_encoder(name, shape=shape, pooling=pooling, width=8).eval()
    assert encoder(torch.randn(1, 1, *shape)).shape == (1, encoder.out_features)


def test_resnet50_has_the_released_stem():
    trunk = build_image_encoder("resnet50", shape=(24, 64, 64), pooling="average", width=8).trunk.net
    assert trunk.conv1.kernel_size == (7, 7, 7) and trunk.conv1.stride == (1, 2, 2)
    assert trunk.maxpool.kernel_size == (1, 3, 3) and trunk.maxpool.stride == (1, 2, 2)
    assert [len(layer) for layer in (trunk.layer1, trunk.layer2, trunk.layer3, trunk.layer4)] == [3, 4, 6, 3]
    stem = trunk.maxpool(trunk.conv1(torch.zeros(1, 1, 24, 64, 64)))
    assert stem.shape[2:] == (24, 16, 16)


def test_located_pooling_tells_places_apart_and_average_does_not():
    volumes = torch.zeros(2, 1, *SHAPE)
    volumes[0, 0, :2, :4, :4] = 1
    volumes[1, 0, 2:, 8:12, 8:12] = 1
    torch.manual_seed(0)
    located = build_image_encoder("small", shape=SHAPE, pooling="located", width=8)(volumes)
    assert (located[0] - located[1]).abs().max() > 1e-3


@pytest.mark.parametrize("name, pooling", [("mlp", "average"), ("small", "max")])
def test_unknown_encoder_or_pooling_is_an_error(name, pooling):
    with pytest.raises(ValueError, match="choose"):
        build_image_encoder(name, shape=SHAPE, pooling=pooling, width=8)
