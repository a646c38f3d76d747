"""Training checkpoints: safetensors and JSON only, written beside and renamed, newest and best."""

import json
import os
import shutil
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from selip_core.errors import SelipError

_STATE, _TENSORS = "state.json", "state.safetensors"


def save_checkpoint(directory: Path, name: str, tensors: dict[str, torch.Tensor], state: dict) -> Path:
    """Write a checkpoint folder `name` in `directory`; a reader sees the old one or the new one, never half of one.

    Parameters
    ----------
    tensors : dict
        Weights, optimiser moments, RNG state.
    state : dict
        What JSON can hold: step, history, fingerprints.

    Raises
    ------
    SelipError
        If it cannot be written (no room, no permission); the old checkpoint stays.
    """
    partial, final, old = directory / f".{name}.partial", directory / name, directory / f".{name}.old"
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        save_file({key: value.detach().cpu().contiguous() for key, value in tensors.items()}, partial / _TENSORS)
        (partial / _STATE).write_text(json.dumps(state), encoding="utf-8")
    except (OSError, SafetensorError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise SelipError(
            f"cannot write the checkpoint {final} ({error}): free some space, then run again; "
            "the run continues from the checkpoint before"
        ) from None
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        final.rename(old)
    os.replace(partial, final)
    shutil.rmtree(old, ignore_errors=True)
    return final


def load_checkpoint(directory: Path, name: str) -> tuple[dict[str, torch.Tensor], dict] | None:
    """Return (tensors, state) of the checkpoint, or None where there is none yet.

    A run killed between the two renames leaves the older one beside; that one is used.

    Raises
    ------
    SelipError
        If the folder is there but cannot be read.
    """
    for folder in (directory / name, directory / f".{name}.old"):
        if not (folder / _STATE).exists():
            continue
        try:
            state = json.loads((folder / _STATE).read_text(encoding="utf-8"))
            return load_file(folder / _TENSORS), state
        except Exception as error:  # safetensors raises its own types; whichever it is, the user needs the folder
            raise SelipError(f"checkpoint {folder} cannot be read ({error}): delete it to start over") from None
    return None


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """Return the optimiser's moments by parameter number: ``optimizer.3.exp_avg``."""
    return {
        f"optimizer.{number}.{key}": torch.as_tensor(value)
        for number, entries in optimizer.state_dict()["state"].items()
        for key, value in entries.items()
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    """Put the moments that `optimizer_tensors` returned back."""
    state: dict[int, dict] = {}
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, number, key = name.split(".", 2)
            state.setdefault(int(number), {})[key] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
