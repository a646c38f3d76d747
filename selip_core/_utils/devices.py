"""The device that a name stands for, and seeds for all that draws."""

import os
import random
import warnings

import numpy as np
import torch

from selip_core.errors import SelipError


def resolve_device(device: str) -> torch.device:
    """Return the device that ``auto``, ``cpu`` or ``cuda`` stands for here.

    Raises
    ------
    SelipError
        If the name is unknown, or ``cuda`` is asked for and there is none.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise SelipError(f"unknown device {device!r}: choose one of auto, cpu, cuda")
    available = torch.cuda.is_available()
    if device == "cuda" and not available:
        raise SelipError("device 'cuda' was asked for, but PyTorch finds no CUDA device here: use --device auto or cpu")
    return torch.device("cuda" if device != "cpu" and available else "cpu")


def set_seeds(seed: int) -> None:
    """Seed Python, numpy and torch, and prefer deterministic algorithms where torch has them."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    # as use_deterministic_algorithms(True, warn_only=True), which imports the compiler: most of a second a notebook
    torch.set_deterministic_debug_mode("warn")
    os.environ.setdefault("TORCHINDUCTOR_DETERMINISTIC", "1")  # for the compiler, where it is used
    torch.backends.cudnn.benchmark = False
    warnings.filterwarnings("ignore", message=".*does not have a deterministic implementation.*")
