"""One batch of seven pairs, and its gradients by any way of computing them."""

from contextlib import nullcontext

import torch
from torch import nn

from selip_core.encoders.model import build_model
from selip_core.losses import selip_loss
from selip_core.pretraining.cached_gradients import accumulate_gradients
from selip_core.pretraining.distributed import ALONE
from tests.helpers.data import SENTENCES, SHAPE

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
