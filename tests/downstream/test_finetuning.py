"""Fine-tuning learns what is plain to see, gives all methods the same, and keeps the best state."""

import numpy as np
import pytest
import torch

from selip_core.downstream import training
from selip_core.downstream.finetuning import Classifier, _batches, fine_tune, predict
from selip_core.downstream.training import Budget
from selip_core.encoders.image import build_image_encoder
from selip_core.errors import SelipError
from tests.helpers.data import SHAPE


def encoder(seed=0, pooling="located"):
    torch.manual_seed(seed)
    return build_image_encoder("small", shape=SHAPE, pooling=pooling, width=8)


def data(n=40, seed=0):
    rng = np.random.default_rng(seed)
    classes = np.arange(n) % 2
    volumes = torch.from_numpy(rng.normal(0, 0.3, (n, 1, *SHAPE)).astype(np.float32))
    volumes[classes == 1, :, :, 4:8, 4:8] += 1.5
    return volumes, classes


BUDGET = Budget(steps=40, batch_size=8, learning_rate=3e-3)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("pooling", ["located", "average"])
def test_a_plain_difference_is_learnt(optimizer, pooling):
    volumes, classes = data()
    new, truth = data(seed=1)
    budget = Budget(60, 8, 3e-3 if optimizer == "adam" else 3e-2, optimizer)
    model = fine_tune(encoder(pooling=pooling), lambda rows: volumes[rows], classes, lambda m: 0.0, budget, seed=0,
                      balanced=True)  # fmt: skip
    # with a constant score the first check is kept, so ask the trained state itself
    model = fine_tune(encoder(pooling=pooling), lambda rows: volumes[rows], classes,
                      lambda m: float((predict(m, lambda r: volumes[r], 40).argmax(1) == classes).mean()),
                      budget, seed=0, balanced=True)  # fmt: skip
    assert (predict(model, lambda rows: new[rows], len(new)).argmax(1) == truth).mean() > 0.85


def test_several_labels_are_learnt_at_once():
    volumes, classes = data()
    targets = np.stack([classes == 1, classes == 0], axis=1)
    model = fine_tune(encoder(), lambda rows: volumes[rows], targets, lambda m: float("nan"), BUDGET, seed=0)
    logits = predict(model, lambda rows: volumes[rows], len(volumes))
    assert logits.shape == (40, 2) and ((logits > 0) == targets).mean() > 0.85


def test_the_encoder_that_is_given_stays_as_it_was_and_the_seed_decides():
    volumes, classes = data()
    given = encoder()
    before = {name: value.clone() for name, value in given.state_dict().items()}
    first, again, other = (
        fine_tune(given, lambda rows: volumes[rows], classes, lambda m: float("nan"), BUDGET, seed=s) for s in (0, 0, 1)
    )
    assert all(torch.equal(value, given.state_dict()[name]) for name, value in before.items())
    assert torch.equal(first.head.weight, again.head.weight) and not torch.equal(first.head.weight, other.head.weight)


def test_the_best_state_is_kept(monkeypatch):
    monkeypatch.setattr(training, "STEPS_A_CHECK", 1)
    volumes, classes = data()
    seen = []

    def score(model):
        seen.append(model.head.weight.detach().clone())
        return [0.1, 0.9, 0.3, 0.2, 0.0][len(seen) - 1]

    model = fine_tune(encoder(), lambda rows: volumes[rows], classes, score, BUDGET, seed=0)
    assert len(seen) == 5 and torch.equal(model.head.weight, seen[1])


def test_balanced_batches_hold_the_classes_in_equal_numbers():
    classes = np.array([0] * 30 + [1] * 3)
    batches = _batches(classes, 6, 0, balanced=True)
    for _ in range(20):
        assert np.bincount(classes[next(batches)]).tolist() == [3, 3]


def test_a_pass_uses_every_volume_once():
    batches = _batches(np.zeros(12), 4, 0, balanced=False)
    assert sorted(np.concatenate([next(batches) for _ in range(3)])) == list(range(12))


def test_no_volume_is_told_and_nothing_waits_for_one():
    with pytest.raises(SelipError, match="no training patient has a series"):
        next(_batches(np.zeros(0), 4, 0, balanced=False))


def test_a_loss_that_is_not_finite_stops_with_a_message():
    volumes, classes = data()
    broken = torch.full_like(volumes, float("nan"))
    with pytest.raises(SelipError, match="not finite at step 0: lower"):
        fine_tune(encoder(), lambda rows: broken[rows], classes, lambda m: 0.0, BUDGET, seed=0)


def test_classifier_runs_on_each_device(device):
    model = Classifier(encoder(), 3).to(device)
    assert model(torch.zeros(2, 1, *SHAPE, device=device)).shape == (2, 3)
