"""Fine-tuning an image encoder to classify: pooled features and one linear layer, all of it trained."""

import copy
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from selip_core.downstream.training import Budget, train_and_keep_best
from selip_core.encoders.image import ImageEncoder
from selip_core.errors import SelipError
from selip_core.pretraining.augmentation import augment


class Classifier(nn.Module):
    """An image encoder and a linear layer on its pooled features (method.md 6)."""

    def __init__(self, encoder: ImageEncoder, classes: int):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.out_features, classes)

    def forward(self, volumes: torch.Tensor) -> torch.Tensor:
        """Return logits ``(B, classes)`` of volumes ``(B, 1, D, H, W)``."""
        return self.head(self.encoder(volumes))


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
    criterion = binary_cross_entropy_with_logits if several else cross_entropy
    torch.manual_seed(seed)
    classes = targets.shape[1] if several else int(targets.max()) + 1
    model = Classifier(copy.deepcopy(encoder), classes).to(device)
    known = torch.from_numpy(targets.astype(np.float32 if several else np.int64)).to(device)
    batches = _batches(targets, budget.batch_size, seed, balanced)

    def loss_of_step(step: int) -> torch.Tensor:
        rows = next(batches)
        volumes = augment(load(rows).to(device), torch.Generator().manual_seed(seed * 1_000_003 + step))
        return criterion(model(volumes), known[rows])

    train_and_keep_best(model, loss_of_step, score, budget, task="fine-tuning")
    return model


def _batches(targets: np.ndarray, size: int, seed: int, balanced: bool) -> Iterator[np.ndarray]:
    """Yield positions without end: shuffled passes over all volumes, or over each class in equal shares."""
    rng = np.random.default_rng(seed)

    def stream(members: np.ndarray) -> Iterator[int]:
        while True:
            yield from rng.permutation(members)

    if not len(targets):
        raise SelipError("fine-tuning: no training patient has a series; give another split")  # it would never end
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
