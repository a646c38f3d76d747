"""The optimiser of pretraining, its rates, and how a step is computed: precision, memory layout, compilation."""

from contextlib import AbstractContextManager

import torch
from torch import nn

from selip_core.config import PretrainingSettings
from selip_core.encoders.model import SelipModel


def prepare_model(model: SelipModel, settings: PretrainingSettings) -> None:
    """Set up the memory layout, activation checkpointing and compilation that `settings` ask for, in place.

    Names and values of the weights stay; compilation happens when the encoders first run.
    """
    if settings.channels_last and _gains_by_channels_last(model):
        model.image_encoder.to(memory_format=torch.channels_last_3d)
    if settings.checkpointing:
        model.image_encoder.trunk.checkpointing = True
        model.text_encoder.bert.gradient_checkpointing_enable({"use_reentrant": False})
    if settings.compile:
        model.image_encoder.compile()
        model.text_encoder.bert.compile(dynamic=True)  # the length of the longest text changes from batch to batch


def _gains_by_channels_last(model: SelipModel) -> bool:
    """Return whether no layer copies its maps back: on CUDA group normalisation does, for every convolution twice."""
    return model.device.type == "cpu" or not any(isinstance(m, nn.GroupNorm) for m in model.image_encoder.modules())


def make_optimizer(model: SelipModel, settings: PretrainingSettings) -> torch.optim.Optimizer:
    """Return Adam with the text tower at its own rate (method.md 5); the temperature goes with the image tower."""
    text = {id(p) for m in (model.text_encoder, model.text_projection) for p in m.parameters()}
    groups = [
        {"params": [p for p in model.parameters() if id(p) not in text and p.requires_grad],
         "lr": settings.learning_rate_image},
        {"params": [p for p in model.parameters() if id(p) in text and p.requires_grad],
         "lr": settings.learning_rate_text},
    ]  # fmt: skip
    for group in groups:
        group["base_lr"] = group["lr"]
    return torch.optim.Adam(groups, fused=True)  # one pass over the weights: a fifth of a small step otherwise


def learning_rate_factor(step: int, steps: int, warmup_steps: int, power: float) -> float:
    """Return the share of the base rate at 0-based `step`: linear warm-up, ``(1 - progress)^power`` (method.md 5)."""
    # Not torch's SequentialLR of LinearLR and PolynomialLR, which multiplies each rate from the one before: a resumed
    # run would need their state, and this one only its step.
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    return (1 - (step - warmup_steps) / max(steps - warmup_steps, 1)) ** power


def encoders_context(device: torch.device, precision: str) -> AbstractContextManager:
    """Return the context in which the encoders run: autocast, or nothing for ``float32``."""
    dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[precision]
    return torch.autocast(device.type, dtype, enabled=precision != "float32")
