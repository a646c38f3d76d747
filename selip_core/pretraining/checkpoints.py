"""Training checkpoints: safetensors and JSON only, written beside and renamed; the newest two are kept.

Accelerate's ``save_state`` and torch's distributed checkpoints write pickles beside the weights, which may run code
when they are read, and a reader may meet them half written.
"""

import json
import shutil
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from selip_core.errors import SelipError

LAST, PREVIOUS = "last", "previous"
_STATE, _TENSORS = "state.json", "state.safetensors"


def save_checkpoint(directory: Path, tensors: dict[str, torch.Tensor], state: dict) -> Path:
    """Write the checkpoint folder ``last`` in `directory`; the one before becomes ``previous``, an older one goes.

    A reader sees whole checkpoints only, whenever the writer is killed.

    Parameters
    ----------
    tensors : dict
        Weights and optimiser moments.
    state : dict
        What JSON can hold: step, history, fingerprints.

    Raises
    ------
    SelipError
        If it cannot be written (no room, no permission); the old checkpoints stay.
    """
    partial, outdated = directory / f".{LAST}.partial", directory / f".{PREVIOUS}.old"
    last, previous = directory / LAST, directory / PREVIOUS
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        save_file({key: value.detach().cpu().contiguous() for key, value in tensors.items()}, partial / _TENSORS)
        (partial / _STATE).write_text(json.dumps(state), encoding="utf-8")
    except (OSError, SafetensorError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise SelipError(
            f"cannot write the checkpoint {last} ({error}): free some space, then run again; "
            "the run continues from the checkpoint before"
        ) from None
    shutil.rmtree(outdated, ignore_errors=True)
    if last.exists():
        if previous.exists():
            previous.rename(outdated)
        last.rename(previous)
    partial.rename(last)
    shutil.rmtree(outdated, ignore_errors=True)
    return last


def load_checkpoint(directory: Path) -> tuple[dict[str, torch.Tensor], dict] | None:
    """Return (tensors, state) of the newest checkpoint that can be read, or None where there is none yet.

    A run killed between two renames leaves no ``last``; ``previous`` is used then, and, with a word about it, where
    ``last`` cannot be read.

    Raises
    ------
    SelipError
        If there are checkpoints, but none can be read.
    """
    unreadable = []
    for folder in (directory / LAST, directory / PREVIOUS):
        if not folder.exists():
            continue
        try:
            state = json.loads((folder / _STATE).read_text(encoding="utf-8"))
            found = load_file(folder / _TENSORS), state
        except Exception as error:  # safetensors raises its own types; whichever it is, the user needs the folder
            unreadable.append(f"{folder} cannot be read ({error})")
            continue
        if unreadable:
            print(f"checkpoint {unreadable[0]}: continuing from {PREVIOUS}, step {state.get('step')}")
        return found
    if unreadable:
        raise SelipError(f"checkpoint {' and '.join(unreadable)}: delete {directory} to start over")
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
    for parameter, entries in optimizer.state.items():
        for key, value in entries.items():
            if value.shape == parameter.shape and value.stride() != parameter.stride():
                entries[key] = torch.empty_like(parameter).copy_(value)  # fused steps want one memory layout
