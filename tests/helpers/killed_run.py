"""A pretraining that says when it begins each step, for tests/pretraining/test_checkpoints.py to kill."""

import sys
from pathlib import Path

import torch

from selip_core.pretraining.loop import Pretraining
from tests.helpers.small_runs import run

CHANGES = {"steps": 40, "validate_every": 2, "flip": True, "augment": True}


def main(folder: Path) -> None:
    original = Pretraining._train_step

    def announced(self, *batch):
        print(self.step, flush=True)
        return original(self, *batch)

    Pretraining._train_step = announced
    run(folder, **CHANGES)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]))
