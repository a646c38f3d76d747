"""Templates: what they are made of, which one a volume takes, and that models keep them."""

import numpy as np
import pytest
import torch

from selip_core.encoders.image import build_image_encoder
from selip_core.encoders.model import SelipModel, build_model
from selip_core.encoders.templates import FEWEST_VOLUMES, FLOOR, LIMIT, Templates, volume_statistics
from tests.helpers.data import SHAPE

SEQUENCES = ["T1"] * 12 + ["T2"] * 12


@pytest.fixture
def volumes():
    """Two sequences: bright towards one side, and dark all over."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.2, (24, 1, *SHAPE))
    noise[:12] += np.linspace(0, 2, SHAPE[2])
    noise[12:] -= 1
    return noise.astype(np.float16)


def templates(volumes):
    found = volume_statistics(volumes, np.arange(24), SEQUENCES)
    return Templates(list(found), SHAPE).load(found)


def test_statistics_are_those_of_the_volumes_and_their_mirror_images(volumes):
    mean, deviation = volume_statistics(volumes, np.arange(24), SEQUENCES)["T1"]
    both = np.concatenate([volumes[:12, 0], volumes[:12, 0, ..., ::-1]]).astype(np.float64)
    assert mean == pytest.approx(both.mean(0), abs=1e-6) and deviation == pytest.approx(both.std(0), abs=1e-5)
    assert np.array_equal(mean, mean[..., ::-1]) and np.array_equal(deviation, deviation[..., ::-1])


def test_only_the_given_rows_count_and_a_rare_sequence_has_no_template(volumes):
    rows = np.arange(12 + FEWEST_VOLUMES - 1)
    found = volume_statistics(volumes, rows, [SEQUENCES[row] for row in rows])
    assert list(found) == ["T1"]
    spoiled = volumes.copy()
    spoiled[12:] = 99
    again = volume_statistics(spoiled, rows, [SEQUENCES[row] for row in rows])
    assert np.array_equal(found["T1"][0], again["T1"][0])


def test_a_volume_is_measured_against_the_template_it_is_nearest_to(volumes):
    module = templates(volumes)
    shown = torch.from_numpy(volumes.astype(np.float32))
    assert [module.names[i] for i in module.nearest(shown)] == SEQUENCES
    expected = (shown[20] - module.mean[1]) / (module.deviation[1] + FLOOR)
    assert torch.allclose(module(shown)[20], expected.clamp(-LIMIT, LIMIT))
    assert module(shown).abs().mean() < 1.5


def test_an_odd_voxel_stands_out_and_is_bounded(volumes):
    module = templates(volumes)
    shown = torch.from_numpy(volumes[:1].astype(np.float32))
    shown[0, 0, 1, 1, 1] += 50
    assert module(shown)[0, 0, 1, 1, 1] == LIMIT and module(shown).abs().max() <= LIMIT


def test_a_mirrored_volume_is_the_mirror_image(volumes):
    module = templates(volumes)
    shown = torch.from_numpy(volumes.astype(np.float32))
    assert torch.allclose(module(shown.flip(-1)), module(shown).flip(-1), atol=1e-5)


def test_without_templates_volumes_pass_as_they_are(volumes):
    shown = torch.from_numpy(volumes)
    assert Templates((), SHAPE)(shown) is shown


def test_a_model_keeps_its_templates_and_their_names(volumes, tmp_path):
    found = volume_statistics(volumes, np.arange(24), SEQUENCES)
    model = build_model(
        {"name": "small", "pooling": "located", "width": 8, "blocks": 2, "templates": list(found)},
        {"name": "small", "max_tokens": 32}, volume_shape=SHAPE, embedding_size=16, vocabulary_texts=["在额叶"],
    )  # fmt: skip
    model.image_encoder.templates.load(found)
    again = SelipModel.from_pretrained(model.eval().save_pretrained(tmp_path / "model"))
    shown = torch.from_numpy(volumes.astype(np.float32))
    assert again.image_encoder.templates.names == ("T1", "T2")
    assert torch.equal(again.encode_image(shown), model.encode_image(shown))
    channels_last = again.image_encoder.to(memory_format=torch.channels_last_3d)
    assert torch.allclose(channels_last(shown), model.image_encoder(shown), atol=1e-5)
    assert not any(parameter.shape[2:] == SHAPE for parameter in model.parameters())  # they are not trained


def test_a_decoder_starts_from_the_volume_as_it_is(volumes):
    found = volume_statistics(volumes, np.arange(24), SEQUENCES)
    encoder = build_image_encoder("small", shape=SHAPE, pooling="located", width=8, templates=list(found)).eval()
    encoder.templates.load(found)
    shown = torch.from_numpy(volumes[:2].astype(np.float32))
    maps = encoder.pyramid(shown)
    assert torch.equal(maps[0], shown) and torch.equal(maps[-1], encoder.features(shown))


def test_half_precision_takes_the_same_templates():
    bright = {"T1": (np.full(SHAPE, 10.0, np.float32), np.ones(SHAPE, np.float32)),
              "T2": (np.full(SHAPE, 12.0, np.float32), np.ones(SHAPE, np.float32))}  # fmt: skip
    module = Templates(list(bright), SHAPE).load(bright).half()
    shown = torch.full((2, 1, *SHAPE), 9.5).half()
    shown[1] = 12.5  # the squares of a template add up to more than half precision knows
    assert float(module.mean[1].float().square().sum()) > torch.finfo(torch.float16).max
    assert module.nearest(shown).tolist() == [0, 1] and module(shown).dtype == torch.float16
