"""The loop that trains for every task: the state it keeps, the rate, what it refuses, and that it tells each step."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from selip_core.downstream.training import Budget, train_and_keep_best, trained_runs
from selip_core.errors import SelipError

BUDGET = Budget(steps=10, batch_size=1, learning_rate=0.5, optimizer="sgd", warmup_steps=2)
LONG = replace(BUDGET, steps=150)


def one_weight():
    layer = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(layer.weight)
    return layer


def train(scores=None, budget=LONG, **options):
    """Push one weight up by its rate at each step; return it, and the weights that were scored."""
    model, seen = one_weight(), []

    def score(model):
        assert not model.training
        seen.append(model.weight.item())
        return scores[len(seen) - 1] if scores else float(len(seen))

    train_and_keep_best(model, lambda step: -model.weight.sum(), score, budget, task="a task", **options)
    return model.weight.item(), seen


@pytest.mark.parametrize(
    ("scores", "kept"),
    [([0.1, 0.9, 0.3, 0.9, 0.0], 1), ([0.1, 0.2, 0.3, 0.4, 0.5], 4), ([np.nan] * 5, 4), ([0.9, np.nan, 0.5, 0, 0], 1),
     ([-np.inf] * 5, 0)],
)  # fmt: skip
def test_the_first_of_the_best_states_is_kept_and_nan_keeps_the_last(scores, kept):
    weight, seen = train(scores)
    assert len(set(seen)) == 5 and weight == seen[kept]


@pytest.mark.parametrize(
    ("steps", "looks"), [(8, [4, 8]), (60, [30, 60]), (100, [33, 67, 100]), (1000, [200, 400, 600, 800, 1000])]
)
def test_it_is_looked_at_every_thirty_steps_or_two_to_five_times_and_left_in_evaluation_mode(steps, looks):
    model, taken, seen = one_weight(), [], []

    def loss(step):
        taken.append(step)
        return model.weight.sum()

    def score(_):
        seen.append(len(taken))
        return 0.0

    train_and_keep_best(model, loss, score, replace(BUDGET, steps=steps), task="a task")
    assert not model.training and seen == looks


def test_the_rate_rises_and_then_falls_to_nothing():
    budget = Budget(steps=10, batch_size=1, learning_rate=0.5, optimizer="adam", warmup_steps=2)
    model, rates = one_weight(), []
    before = torch.optim.Adam.step

    class Watched(torch.optim.Adam):
        def step(self, *args, **kwargs):
            rates.append(self.param_groups[0]["lr"])
            return before(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim, "Adam", Watched)
        train_and_keep_best(model, lambda step: model.weight.sum(), lambda m: 0.0, budget, task="a task")
    expected = [0.25, 0.5] + [0.5 * (1 - i / 8) ** 0.9 for i in range(8)]
    assert rates == expected


def test_a_loss_that_is_not_finite_names_task_and_step():
    model = one_weight()
    with pytest.raises(SelipError, match="a task: the loss is not finite at step 3: lower the learning rate"):
        train_and_keep_best(
            model, lambda step: model.weight.sum() * (np.nan if step == 3 else 1), lambda m: 0.0, BUDGET, task="a task"
        )


def test_every_run_is_trained_in_its_turn():
    assert trained_runs(sum, [(3, 1), (2,), (1,)], BUDGET, task="a task", device=torch.device("cpu")) == [4, 2, 1]
