"""Batch-norm layers that see the same volumes twice count them once."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def paused_running_statistics(module: nn.Module) -> Iterator[None]:
    """Leave the running statistics of every batch-norm layer as they are; the layers normalise as before.

    For a second forward pass over volumes that a first one has counted: cached gradients, activation checkpointing.
    """
    layers = [m for m in module.modules() if isinstance(m, _BatchNorm) and m.track_running_stats]
    kept = [(layer.momentum, layer.num_batches_tracked.clone()) for layer in layers]
    for layer in layers:
        layer.momentum = 0.0  # the buffers stay in the graph's inputs, so that a recomputed pass saves the same tensors
    try:
        yield
    finally:
        for layer, (momentum, counted) in zip(layers, kept, strict=True):
            layer.momentum = momentum
            layer.num_batches_tracked.copy_(counted)
