import shutil
from functools import partial

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import LinearLR, PolynomialLR, SequentialLR

from selip_core.encoders.image import _in_blocks
from selip_core.encoders.model import build_model
from selip_core.pretraining.loop import Pretraining
from selip_core.pretraining.optimization import encoders_context, learning_rate_factor, prepare_model
from tests.helpers.data import SHAPE
from tests.helpers.small_runs import TEXTS, fresh_model, run, tiny_pairs, tiny_settings


def test_learning_rate_warms_up_and_decays():
    assert learning_rate_factor(0, 100, 10, 0.9) == pytest.approx(0.1)
    assert learning_rate_factor(9, 100, 10, 0.9) == 1.0
    assert learning_rate_factor(55, 100, 10, 0.9) == pytest.approx(0.5**0.9)
    assert learning_rate_factor(99, 100, 10, 0.9) == pytest.approx((1 / 90) ** 0.9)


@pytest.mark.filterwarnings("ignore:.*step.*:UserWarning")
@pytest.mark.parametrize(("steps", "warmup"), [(30, 5), (700, 50), (12, 2)])
def test_the_learning_rate_is_that_of_torchs_schedulers(steps, warmup):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    schedulers = [LinearLR(optimizer, 1 / warmup, total_iters=warmup - 1), PolynomialLR(optimizer, steps - warmup, 0.9)]
    schedule, expected = SequentialLR(optimizer, schedulers, [warmup]), []
    for _ in range(steps):
        expected.append(optimizer.param_groups[0]["lr"])
        schedule.step()
    assert [learning_rate_factor(s, steps, warmup, 0.9) for s in range(steps)] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("change", [{"checkpointing": True}, {"prefetch": 1}, {"prefetch": 3, "checkpointing": True}])
def test_what_only_saves_memory_or_time_changes_no_bit(tmp_path, change, device):
    plain, first = run(tmp_path / "plain", device=device, steps=4, flip=True)
    model, second = run(tmp_path / "other", device=device, steps=4, flip=True, **change)
    if device != "cpu":  # sums on a GPU have no fixed order
        assert second.steps["loss"].tolist() == pytest.approx(first.steps["loss"].tolist(), abs=1e-3)
        return
    for name, value in plain.state_dict().items():
        assert torch.equal(value, model.state_dict()[name]), name


def test_channels_last_sets_the_memory_layout_and_gives_the_same_losses(tmp_path, device):
    _, plain = run(tmp_path / "plain", device=device, steps=4, channels_last=False)
    model, done = run(tmp_path / "other", device=device, steps=4, channels_last=True)
    kernel = model.image_encoder.trunk.stage1[0].body[0].weight
    if device != "cpu":  # group normalisation would copy every map back there
        assert kernel.is_contiguous()
        return
    assert kernel.is_contiguous(memory_format=torch.channels_last_3d) and not kernel.is_contiguous()
    assert done.steps["loss"].iloc[0] == pytest.approx(plain.steps["loss"].iloc[0], abs=1e-5)
    assert done.steps["loss"].tolist() == pytest.approx(plain.steps["loss"].tolist(), abs=1e-3)


def test_a_run_with_channels_last_is_continued_bit_for_bit(tmp_path):
    """The moments come back in the layout of their weights, which the fused optimiser walks through in step."""
    whole, _ = run(tmp_path / "whole", steps=6, validate_every=3, channels_last=True)
    shutil.rmtree(tmp_path / "whole" / "last")  # what is left is the checkpoint of step 3
    resumed, done = run(tmp_path / "whole", model=fresh_model(seed=9), steps=6, validate_every=3, channels_last=True)
    assert len(done.steps) == 6
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


@pytest.mark.slow
def test_compiled_encoders_give_the_same_loss(tmp_path, monkeypatch, device):
    # graphs are captured and differentiated as always, but not turned into C++, which takes half a minute
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    pairs = dict.fromkeys(("train", "validation"), tiny_pairs())
    losses = []
    for compiled in (False, True):
        made = Pretraining(fresh_model().to(device), pairs, tiny_settings(compile=compiled), tmp_path)
        batch = next(made.sampler.steps())
        losses.append(made._train_step(*batch, made._load(batch))["loss"])
        assert list(made.model.state_dict()) == list(fresh_model().state_dict())  # weights keep their names
        assert (made.model.image_encoder._compiled_call_impl is not None) is compiled
        assert (made.model.text_encoder.bert._compiled_call_impl is not None) is compiled
    assert losses[1] == pytest.approx(losses[0], abs=1e-5)


def test_a_checkpointed_encoder_is_compiled_too():
    """Gradients and the counts of batch norm are those of the plain encoder."""
    volumes, found = torch.randn(3, 1, *SHAPE), []
    for compiled in (False, True):
        torch.manual_seed(0)
        trunk = nn.Sequential(nn.Sequential(nn.Conv3d(1, 4, 3, padding=1), nn.BatchNorm3d(4), nn.ReLU()))
        step = partial(_in_blocks, trunk, checkpointing=True)
        (torch.compile(step, backend="aot_eager") if compiled else step)(volumes).square().mean().backward()
        found.append([*(p.grad for p in trunk.parameters()), *(b.double() for b in trunk.buffers())])
    for plain, other in zip(*found, strict=True):
        assert torch.allclose(plain, other, atol=1e-6)


def test_checkpointed_batch_norm_counts_a_batch_once():
    def trained(checkpointing):
        torch.manual_seed(0)
        model = build_model(
            {"name": "resnet50", "pooling": "average", "width": 8}, {"name": "small", "max_tokens": 32},
            volume_shape=SHAPE, embedding_size=16, vocabulary_texts=TEXTS,
        ).train()  # fmt: skip
        prepare_model(model, tiny_settings(checkpointing=checkpointing))
        features = model.encode_image(torch.randn(3, 1, *SHAPE, generator=torch.Generator().manual_seed(2)))
        features[:, 0].sum().backward()
        return model

    plain, checkpointed = trained(False), trained(True)
    for (name, expected), found in zip(plain.named_buffers(), checkpointed.buffers(), strict=True):
        assert torch.equal(found, expected), name
    for (name, expected), found in zip(plain.named_parameters(), checkpointed.parameters(), strict=True):
        assert expected.grad is None or torch.equal(found.grad, expected.grad), name


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_low_precision_encodes_low_and_loses_in_float32(tmp_path, precision, device):
    model = fresh_model().to(device)
    volumes = tiny_pairs().load([0, 1, 2])
    seen = []
    model.image_projection.register_forward_hook(lambda module, given, made: seen.append(made.dtype))
    with encoders_context(model.device, precision):
        features = model.encode_image(volumes)
    assert seen == [getattr(torch, precision)] and features.dtype == torch.float32
    _, plain = run(tmp_path / "plain", device=device, steps=1)
    low, done = run(tmp_path / "low", device=device, steps=30, validate_every=30, precision=precision)
    assert done.steps["loss"].iloc[0] == pytest.approx(plain.steps["loss"].iloc[0], rel=0.01)
    assert done.steps["loss"].iloc[0] != plain.steps["loss"].iloc[0]
    assert all(torch.isfinite(value).all() and value.dtype == torch.float32 for value in low.parameters())
    assert done.steps["clip"].tail(5).mean() < done.steps["clip"].head(5).mean()
