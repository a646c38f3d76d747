
import pytest
import torch
from torch import nn

from selip_core.losses import selip_loss
from tests.helpers.small_batches import BATCH, TEXTS, BatchNormed, assert_equal, batch, batch_normed, gradients, tiny


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
