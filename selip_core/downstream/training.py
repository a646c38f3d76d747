"""How a network is trained for a task: the budget that all methods get alike, and the state that validates best."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from selip_core._utils.side_by_side import side_by_side
from selip_core.downstream.kept_runs import KeptRuns, keep, read_kept
from selip_core.errors import SelipError
from selip_core.pretraining.optimization import learning_rate_factor

MOST_CHECKS, STEPS_A_CHECK = 5, 30
"""How often a run looks at the validation patients: every so many steps, two times to so many, the last at the end.

# Choice: a look at the validation series of the demo takes as long as some ten steps of fine-tuning: five looks in 60
steps were nearly half of the time.
"""


@dataclass(frozen=True)
class Budget:
    """What every method gets alike.

    Parameters
    ----------
    steps, batch_size : int
    learning_rate : float
    optimizer : {"adam", "sgd"}
        ``sgd`` with momentum 0.9, the published choice for BraTS.
    warmup_steps : int
        The rate first rises linearly over so many steps.
    power : float
        Then it falls as ``(1 - progress) ** power``.
    """

    steps: int
    batch_size: int
    learning_rate: float
    optimizer: str = "adam"
    warmup_steps: int = 0
    power: float = 0.9


def train_and_keep_best(
    model: nn.Module,
    loss_of_step: Callable[[int], torch.Tensor],
    score: Callable[[nn.Module], float],
    budget: Budget,
    *,
    task: str,
) -> None:
    """Train a network in place, and leave it in evaluation mode, in the state that scored best.

    Parameters
    ----------
    loss_of_step : function of the 0-based step to the loss of its batch
    score : function of the network to a number, larger is better
        On validation patients, two to `MOST_CHECKS` times a run; NaN keeps the last state.
    task : str
        Named where the loss is not finite.

    Raises
    ------
    SelipError
        If the loss is no longer finite.
    """
    optimizer = _optimizer(model, budget)
    # not PolynomialLR: that multiplies its way down from rate to rate, and rounds otherwise than pretraining does
    rate = LambdaLR(optimizer, lambda s: learning_rate_factor(s, budget.steps, budget.warmup_steps, budget.power))
    looks = min(MOST_CHECKS, max(budget.steps // STEPS_A_CHECK, 2))
    checks = {round(budget.steps * (i + 1) / looks) for i in range(looks)}
    best, kept = -np.inf, None
    for step in range(budget.steps):
        model.train()
        loss = loss_of_step(step)
        if not torch.isfinite(loss):
            raise SelipError(f"{task}: the loss is not finite at step {step}: lower the learning rate")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        rate.step()
        if step + 1 in checks:
            found = score(model.eval())
            if kept is None or np.isnan(found) or found > best:
                best, kept = np.fmax(best, found), copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    model.eval()


def _optimizer(model: nn.Module, budget: Budget) -> torch.optim.Optimizer:
    if budget.optimizer == "sgd":
        return torch.optim.SGD(model.parameters(), lr=budget.learning_rate, momentum=0.9)
    return torch.optim.Adam(model.parameters(), lr=budget.learning_rate)


def trained_runs(
    work: Callable, runs: Sequence[tuple], budget: Budget, *, task: str, device: torch.device,
    kept: KeptRuns | None = None,
) -> list[np.ndarray]:  # fmt: skip
    """Return ``work(run)`` of every training run of a task, on a CPU several at a time, with a bar of progress.

    Parameters
    ----------
    work : callable
        Can be pickled, with what it brings along; returns an array.
    runs : sequence of tuples
    task : str
        Named before the bar.
    kept : KeptRuns, optional
        What is found there is not trained again, what is trained is kept there.
    """
    places = kept.places(task, budget, runs) if kept else [None] * len(runs)
    if before := sum(place is not None and place.exists() for place in places):
        print(f"{task}: {before} of {len(runs)} trainings were finished before the notebook was interrupted")
    # what is there goes through the same processes: the others are trained with as many threads as they would have been
    items, steps = list(zip(runs, places, strict=True)), len(runs) * budget.steps
    return list(side_by_side(partial(_found_or_trained, work), items, steps=steps, device=device, task=task))


def _found_or_trained(work: Callable, item: tuple[tuple, Path | None]) -> np.ndarray:
    """Return the result of a training: the one that is kept, or a new one, which is kept as soon as it is there."""
    run, place = item
    if place is not None and (found := read_kept(place)) is not None:
        return found
    result = work(run)
    if place is not None:
        keep(place, result)
    return result
