from contextlib import nullcontext

import pytest
import torch
from conftest import SENTENCES, SHAPE
from torch import nn

from selip_core.cached_gradients import accumulate_gradients
from selip_core.distributed import ALONE
from selip_core.encoders import build_model
from selip_core.losses import selip_loss

BATCH = 7
TEXTS = [s + "，边界清晰" * (i // 3) for i, s in enumerate(SENTENCES * 3)][:BATCH]


def batch(device="cpu"):
    generator = torch.Generator().manual_seed(1)
    similarity = torch.rand(BATCH, BATCH, generator=generator)
    similarity = torch.maximum(similarity, similarity.T).fill_diagonal_(1)
    return torch.randn(BATCH, 1, *SHAPE, generator=generator).to(device), similarity.to(device)


def tiny():
    torch.manual_seed(0)
    return build_model(
        {"name": "small", "pooling": "located", "width": 8}, {"name": "small", "max_tokens": 48},
        volume_shape=SHAPE, embedding_size=16, vocabulary_texts=TEXTS,
    )  # fmt: skip


def gradients(model, chunk_size, weight=1.0, volumes=None, processes=ALONE):
    """Return the gradient of every parameter, and the loss."""
    drawn, similarity = batch(model.device)
    model.train().zero_grad()

    def loss_of(image, text):
        return selip_loss(image, text, model.logit_scale, similarity, soft_target_weight=weight)

    parts, image, text = accumulate_gradients(
        model, drawn if volumes is None else volumes, TEXTS, loss_of, chunk_size=chunk_size, autocast=nullcontext,
        scaled=lambda loss: loss, processes=processes,
    )  # fmt: skip
    assert image.shape == text.shape == (BATCH, 16) and not image.requires_grad
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}, parts["loss"].item()


def assert_equal(ours, theirs, tolerance=1e-5):
    """Each entry beside the largest gradient of all, each parameter beside its own (a scalar may all but cancel)."""
    assert ours.keys() == theirs.keys()
    size = max(g.abs().max().item() for g in theirs.values())
    for name, expected in theirs.items():
        assert (ours[name] - expected).abs().max().item() <= tolerance * size, name
        assert (ours[name] - expected).norm() <= tolerance * max(expected.norm().item(), size), name


@pytest.mark.parametrize("chunk_size", [1, 2, 3, 5])
@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_chunks_give_the_gradient_of_the_full_batch(device, chunk_size, weight):
    model = tiny().to(device)
    expected, loss = gradients(model, None, weight)
    found, same = gradients(model, chunk_size, weight)
    assert same == pytest.approx(loss, rel=1e-6)
    assert "log_logit_scale" in found
    assert_equal(found, expected)


@pytest.mark.parametrize("chunk_size", [None, BATCH, 100])
def test_one_chunk_is_the_plain_step_bit_for_bit(chunk_size):
    volumes, similarity = batch()
    model = tiny().train()
    image, text, scale = model(volumes, TEXTS)
    selip_loss(image, text, scale, similarity)["loss"].backward()
    expected = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    found, _ = gradients(model, chunk_size)
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], value) for name, value in expected.items())


def with_dropout(model, share=0.3):
    for layer in model.text_encoder.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = share
    model.image_projection = nn.Sequential(nn.Dropout(share), model.image_projection)
    return model


def test_dropout_draws_the_same_in_both_passes():
    model = with_dropout(tiny())
    volumes, similarity = batch()
    torch.manual_seed(3)
    model.train()
    parts = [(model.encode_image(volumes[i : i + 3]), model.encode_text(TEXTS[i : i + 3])) for i in (0, 3, 6)]
    image, text = (torch.cat(features) for features in zip(*parts))
    selip_loss(image, text, model.logit_scale, similarity)["loss"].backward()
    expected = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    after = torch.get_rng_state()
    torch.manual_seed(3)
    found, _ = gradients(model, 3)
    assert_equal(found, expected)
    assert torch.equal(torch.get_rng_state(), after)  # what is drawn next does not know of the second pass
    assert not torch.allclose(gradients(model, 3)[0]["image_projection.1.weight"], found["image_projection.1.weight"])


class BatchNormed(nn.Module):
    """An image encoder with batch norm, as ResNet-50 has it."""

    out_features = 4

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv3d(1, 4, 3, stride=2), nn.BatchNorm3d(4), nn.ReLU())

    def forward(self, volumes):
        return self.net(volumes).mean((2, 3, 4))


def batch_normed():
    model = tiny()
    model.image_encoder, model.image_projection = BatchNormed(), nn.Linear(4, 16)
    return model


def test_running_statistics_of_batch_norm_count_each_chunk_once():
    model = batch_normed()
    norm = model.image_encoder.net[1]
    volumes, _ = batch()
    by_hand = BatchNormed().train()
    by_hand.load_state_dict(model.image_encoder.state_dict())
    for first in (0, 3, 6):
        by_hand(volumes[first : first + 3])
    gradients(model, 3)
    assert norm.num_batches_tracked == 3 and norm.momentum == 0.1
    assert torch.equal(norm.running_mean, by_hand.net[1].running_mean)
    assert torch.equal(norm.running_var, by_hand.net[1].running_var)


def test_batch_norm_normalises_by_the_chunk_in_both_passes():
    model = batch_normed()
    volumes, similarity = batch()
    model.train()
    image = torch.cat([model.encode_image(volumes[i : i + 4]) for i in (0, 4)])
    selip_loss(image, model.encode_text(TEXTS), model.logit_scale, similarity)["loss"].backward()
    expected = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    assert_equal(gradients(model, 4)[0], expected)
