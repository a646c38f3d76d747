"""The loop over batches: in order, in evaluation mode, whatever the batch."""

import numpy as np
import pytest
import torch

from selip_core.encoders.inference import encode_batches, encode_series, encode_texts
from tests.helpers.data import SENTENCES, SHAPE


def test_series_are_encoded_in_order_whatever_the_batch(tiny_model):
    volumes = np.random.default_rng(0).normal(size=(7, 1, *SHAPE)).astype(np.float16)
    rows = np.array([6, 0, 3, 3, 1])
    whole, parts = (encode_series(tiny_model, volumes, rows, batch_size=b) for b in (64, 2))
    assert np.allclose(whole, parts, atol=1e-5) and np.allclose(whole[2], whole[3])
    assert np.allclose(np.linalg.norm(whole, axis=1), 1, atol=1e-5)


def test_no_series_have_no_features(tiny_model):
    assert encode_series(tiny_model, np.zeros((3, 1, *SHAPE)), np.arange(0)).shape == (0, 16)


@pytest.mark.parametrize("batch_size", [1, 2, 256])
def test_texts_are_encoded_in_order_whatever_the_batch(tiny_model, batch_size):
    found = encode_texts(tiny_model, SENTENCES, batch_size)
    with torch.inference_mode():
        assert np.allclose(found, tiny_model.eval().encode_text(SENTENCES).numpy(), atol=1e-6)


def test_a_model_in_training_is_used_as_it_will_be(tiny_model):
    """Batch by batch as they come, on the CPU, without a graph."""
    tiny_model.train()
    seen = []
    batches = (seen.append(i) or torch.full((2, 1, *SHAPE), float(i)) for i in range(3))
    for i, features in enumerate(encode_batches(tiny_model, tiny_model.encode_image, batches)):
        assert seen == list(range(i + 1)) and features.device.type == "cpu" and not features.requires_grad
    assert not tiny_model.training
    torch.zeros(1, requires_grad=True).mul(2).backward()  # inference mode has ended with the loop
