"""Fine-tuning an image encoder to classify: pooled features and one linear layer, all of it trained."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from selip_core.downstream.training import BestState
from selip_core.encoders.image import ImageEncoder
from selip_core.errors import SelipError
from selip_core.pretraining.augmentation import augment
from selip_core.pretraining.optimization import learning_rate_factor


class Classifier(nn.Module):
    """An image encoder and a linear layer on its pooled features (METHOD 6)."""

    def __init__(self, encoder: ImageEncoder, classes: int):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.out_features, classes)

    def forward(self, volumes: torch.Tensor) -> torch.Tensor:
        """Return logits ``(B, classes)`` of volumes ``(B, 1, D, H, W)``."""
        return self.head(self.encoder(volumes))


@dataclass(frozen=True)
class Budget:
    """What every method gets alike.

    Parameters
    ----------
    steps, batch_size : int
    learning_rate : float
    optimizer : {"adam", "sgd"}
        ``sgd`` with momentum 0.9, the published choice for BraTS.
    power : float
        The rate falls as ``(1 - step / steps) ** power``.
    """

    steps: int
    batch_size: int
    learning_rate: float
    optimizer: str = "adam"
    power: float = 0.9


def fine_tune(
    encoder: ImageEncoder,
    load: Callable[[np.ndarray], torch.Tensor],
    targets: np.ndarray,
    score: Callable[[nn.Module], float],
    budget: Budget,
    *,
    seed: int,
    balanced: bool = False,
) -> Classifier:
    """Train a classifier from a copy of `encoder`; return the state that scored best on the validation patients.

    Parameters
    ----------
    encoder : ImageEncoder
        Pretrained or not; it is not changed.
    load : function of (B,) positions to volumes ``(B, 1, D, H, W)``
    targets : (n, labels) bool, or (n,) int
        Several labels a volume (binary cross-entropy), or one class of several (cross-entropy).
    score : function of the classifier to a number, larger is better
        On validation patients; NaN keeps the last state.
    budget : Budget
    seed : int
        Of the linear layer, the batches and the augmentation: the same for all methods.
    balanced : bool
        Whether every batch holds the classes in equal numbers; `targets` are then classes.

    Raises
    ------
    SelipError
        If the loss is no longer finite.
    """
    device = next(encoder.parameters()).device
    several = targets.ndim == 2
    torch.manual_seed(seed)
    classes = targets.shape[1] if several else int(targets.max()) + 1
    model = Classifier(copy.deepcopy(encoder), classes).to(device)
    optimizer = _optimizer(model, budget)
    known = torch.from_numpy(targets.astype(np.float32 if several else np.int64)).to(device)
    best = BestState(model, budget.steps)
    batches = _batches(targets, budget.batch_size, seed, balanced)
    for step in range(budget.steps):
        rows = next(batches)
        for group in optimizer.param_groups:
            group["lr"] = budget.learning_rate * learning_rate_factor(step, budget.steps, 0, budget.power)
        model.train()
        volumes = augment(load(rows).to(device), torch.Generator().manual_seed(seed * 1_000_003 + step))
        loss = (binary_cross_entropy_with_logits if several else cross_entropy)(model(volumes), known[rows])
        if not torch.isfinite(loss):
            raise SelipError(f"fine-tuning: the loss is not finite at step {step}: lower the learning rate")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if best.is_due(step + 1):
            model.eval()
            best.offer(score(model))
    best.restore()
    return model.eval()


def _optimizer(model: nn.Module, budget: Budget) -> torch.optim.Optimizer:
    if budget.optimizer == "sgd":
        return torch.optim.SGD(model.parameters(), lr=budget.learning_rate, momentum=0.9)
    return torch.optim.Adam(model.parameters(), lr=budget.learning_rate)


def _batches(targets: np.ndarray, size: int, seed: int, balanced: bool) -> Iterator[np.ndarray]:
    """Yield positions without end: shuffled passes over all volumes, or over each class in equal shares."""
    rng = np.random.default_rng(seed)

    def stream(members: np.ndarray) -> Iterator[int]:
        while True:
            yield from rng.permutation(members)

    groups = [np.flatnonzero(targets == c) for c in np.unique(targets)] if balanced else [np.arange(len(targets))]
    streams = [stream(group) for group in groups]
    while True:
        yield np.array([next(s) for s in streams for _ in range(max(size // len(streams), 1))])


@torch.inference_mode()
def predict(model: nn.Module, load: Callable[[np.ndarray], torch.Tensor], n: int, batch_size: int = 64) -> np.ndarray:
    """Return the logits ``(n, classes)`` of the volumes at positions 0 to n - 1."""
    model.eval()
    device = next(model.parameters()).device
    picks = [np.arange(n)[i : i + batch_size] for i in range(0, n, batch_size)]
    return torch.cat([model(load(rows).to(device)).float().cpu() for rows in picks]).numpy()
