"""Saliency points where a known model looks, and at the characters that changed its mind."""

import numpy as np
import pytest
import torch

from selip_core.encoders.model import SelipModel
from selip_core.errors import SelipError
from selip_core.inspection import saliency
from selip_core.inspection.saliency import METHODS, character_saliency, saliency_of_pairs, volume_saliency
from tests.helpers.data import SENTENCES, SHAPE

SPOT = (slice(1, 3), slice(3, 8), slice(2, 6))


@pytest.fixture
def model(tiny_model, device) -> SelipModel:
    return tiny_model.to(device).eval()


def volume(seed=0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(1, *SHAPE)).astype(np.float32)


class Looker(torch.nn.Module):
    """An image encoder that reads nothing but one spot."""

    out_features = 2

    def forward(self, volumes):
        spot = volumes[(slice(None), 0, *SPOT)].mean(dim=(1, 2, 3))
        return torch.stack([spot, torch.ones_like(spot)], dim=1)


@pytest.fixture
def looker(tiny_model, device) -> SelipModel:
    """A model for which the true saliency is known: the spot's brightness turns a feature towards the first text."""
    tiny_model.image_encoder = Looker()
    tiny_model.image_projection = torch.nn.Linear(2, 16, bias=False)
    with torch.no_grad():
        wanted, other = tiny_model.encode_text(SENTENCES[:2])
        tiny_model.image_projection.weight.copy_(torch.stack([wanted - other, wanted + other], dim=1))
    return tiny_model.to(device).eval()


@pytest.mark.parametrize("method", METHODS)
def test_the_only_spot_that_counts_is_found(looker, method, monkeypatch):
    monkeypatch.setattr(saliency, "_PATCH", (1, 2, 2))
    monkeypatch.setattr(saliency, "_STRIDE", (1, 1, 1))
    bright = np.zeros(SHAPE, np.float32)
    bright[SPOT] = 3
    found = volume_saliency(looker, bright, SENTENCES[0], method=method, against=SENTENCES[1])
    inside = np.zeros(SHAPE, bool)
    inside[SPOT] = True
    assert inside[np.unravel_index(found.argmax(), SHAPE)]
    assert found[inside].mean() > 4 * found[~inside].mean()
    nothing = volume_saliency(looker, bright, SENTENCES[1], method=method, against=SENTENCES[0])
    assert nothing.max() == pytest.approx(0, abs=1e-6)  # the spot speaks against the other text


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [SHAPE, (1, *SHAPE)])
def test_a_map_is_a_number_a_voxel(model, method, shape):
    found = volume_saliency(model, volume().reshape(shape), SENTENCES[0], method=method)
    assert found.shape == SHAPE and found.dtype == np.float32
    assert found.min() >= 0 and found.max() > 0


def test_occlusion_is_that_of_a_slow_loop(model, monkeypatch):
    monkeypatch.setattr(saliency, "_PATCH", (2, 6, 6))
    monkeypatch.setattr(saliency, "_STRIDE", (1, 5, 4))
    x = torch.from_numpy(volume())
    wanted, other = model.encode_text([SENTENCES[0], SENTENCES[1]]).detach()

    def score(v):
        return float(model.encode_image(v[None]).detach()[0] @ (wanted - other))

    total, count = np.zeros(SHAPE), np.zeros(SHAPE)
    for d in range(-1, 4):
        for h in range(-1, 16, 5):
            for w in range(-2, 16, 4):
                box = np.zeros(SHAPE, bool)
                box[max(d, 0) : d + 2, max(h, 0) : h + 6, max(w, 0) : w + 6] = True
                occluded = torch.where(torch.from_numpy(box), x.flip(-1), x)
                total += box * (score(x) - score(occluded))
                count += box
    found = volume_saliency(model, x, SENTENCES[0], method="occlusion", against=SENTENCES[1], batch_size=7)
    assert np.allclose(found, (total / count).clip(min=0), atol=1e-5)


def test_the_gradient_is_that_of_finite_differences(model, monkeypatch):
    monkeypatch.setattr(saliency, "_SMOOTH", 0)
    x = torch.from_numpy(volume())
    direction = (model.encode_text(SENTENCES[:1]) - model.encode_text(SENTENCES[1:2])).detach()[0]
    found = volume_saliency(model, x, SENTENCES[0], against=SENTENCES[1])
    for place in [(0, 0, 3, 4), (0, 2, 9, 11), (0, 3, 15, 0)]:
        step = torch.zeros_like(x)
        step[place] = 1e-2
        two_sides = model.encode_image((x + step)[None]) - model.encode_image((x - step)[None])
        slope = float(two_sides.detach()[0] @ direction)
        expected = slope / 2e-2 * float((x - x.flip(-1) / 2)[place])
        assert found[place[1:]] == pytest.approx(max(expected, 0), abs=2e-5)


def test_pairs_at_once_are_those_one_by_one(model):
    volumes, texts = [volume(1), volume(2)[0], volume(1)], [SENTENCES[0], SENTENCES[1], SENTENCES[1]]
    found = saliency_of_pairs(model, volumes, texts, against=SENTENCES[1])
    for one, x, text in zip(found, volumes, texts, strict=True):
        assert np.allclose(one, volume_saliency(model, x, text, against=SENTENCES[1]), atol=1e-6) and one.max() > 0


@pytest.mark.parametrize("method", METHODS)
def test_the_model_is_left_as_it_was(model, method):
    model.train()
    x = torch.from_numpy(volume())
    volume_saliency(model, x, SENTENCES[0], method=method)
    assert model.training and not x.requires_grad
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_text_against_itself_is_explained_by_its_own_cosine(model):
    found = volume_saliency(model, volume(), SENTENCES[0], against=SENTENCES[0])
    assert found.max() > 0


@pytest.mark.parametrize("wrong", [np.zeros((4, 16, 15)), np.full(SHAPE, np.nan), np.zeros((2, *SHAPE))])
def test_a_volume_the_model_cannot_take_is_refused(model, wrong):
    with pytest.raises(SelipError, match="the volume"):
        volume_saliency(model, wrong, SENTENCES[0])
    with pytest.raises(SelipError, match="the volume"):
        character_saliency(model, wrong, SENTENCES[0])


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_text_is_refused(model, text):
    with pytest.raises(SelipError, match="empty"):
        volume_saliency(model, volume(), text)
    with pytest.raises(SelipError, match="empty"):
        character_saliency(model, volume(), text)


def test_an_unknown_method_is_named(model):
    with pytest.raises(ValueError, match="unknown saliency method 'guess'"):
        volume_saliency(model, volume(), SENTENCES[0], method="guess")


def masked_cosine(model, x, tokens: list[str]) -> float:
    """The cosine of a text given as tokens, [MASK] among them."""
    ids = torch.tensor([model.text_encoder.tokenizer.convert_tokens_to_ids(["[CLS]", *tokens, "[SEP]"])])
    state = model.text_encoder.bert(input_ids=ids.to(model.device)).last_hidden_state[:, 0]
    feature = torch.nn.functional.normalize(model.text_projection(state), dim=-1)
    return float((model.encode_image(torch.from_numpy(x)[None]) @ feature.T).detach())


def test_characters_are_those_of_a_slow_loop(model):
    x, text = volume(), SENTENCES[1]
    found = character_saliency(model, x, text, batch_size=4)
    whole = float((model.encode_image(torch.from_numpy(x)[None]) @ model.encode_text([text]).T).detach())
    expected = [whole - masked_cosine(model, x, [*text[:i], "[MASK]", *text[i + 1 :]]) for i in range(len(text))]
    assert np.allclose(found, expected, atol=1e-5)
    assert (found > 0).any() and (found < 0).any()


def test_the_characters_of_one_token_share_its_fall(model):
    x, text = volume(), "在 T1WI表现为高信号"
    found = character_saliency(model, x, text)
    assert found[1] == 0  # a space
    assert np.ptp(found[2:6]) == 0
    whole = float((model.encode_image(torch.from_numpy(x)[None]) @ model.encode_text([text]).T).detach())
    alone = whole - masked_cosine(model, x, ["在", "[MASK]", *text[6:]])
    assert found[2:6].sum() == pytest.approx(alone, abs=1e-5)


def test_what_the_model_never_read_is_not_a_number(model):
    text = "在左侧额叶表现为斑片状长信号，" * 5  # 75 characters, of which 46 tokens are read
    found = character_saliency(model, volume(), text)
    assert np.isfinite(found[:46]).all() and np.isnan(found[46:]).all()
    assert found.shape == (75,)


def test_spaces_at_the_end_were_read(model):
    assert np.isfinite(character_saliency(model, volume(), SENTENCES[0] + "  ")).all()
