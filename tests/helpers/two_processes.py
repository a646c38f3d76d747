"""What each process does in tests/pretraining/test_distributed.py: gradients of one batch, then a short pretraining."""

import shutil
import sys
from pathlib import Path

import torch

from selip_core.pretraining.distributed import joined_processes
from tests.helpers.small_batches import BATCH, batch, batch_normed, gradients, tiny
from tests.helpers.small_runs import fresh_model, run

CASES = [(None, 0.0), (None, 1.0), (2, 1.0), (3, 0.0)]
"""chunk_size, soft_target_weight; a batch of 7 gives shares of 3 and 4."""
CHANGES = {"steps": 4, "validate_every": 2, "flip": True, "augment": True, "batch_size": 7}


def main(folder: Path) -> None:
    processes = joined_processes("cpu")
    volumes, _ = batch()
    own = volumes[processes.share(BATCH)]
    made = {f"{case}": gradients(tiny(), case[0], case[1], own, processes)[0] for case in CASES}
    chunked = {"chunk_size": 2, "channels_last": True, **CHANGES}
    model, done = run(folder / "run", model=fresh_model(seed=processes.index), **chunked)
    made["weights"], made["losses"] = model.state_dict(), done.steps["loss"].tolist()
    made["validations"] = done.validations["loss"].tolist()
    if processes.is_main:
        shutil.rmtree(folder / "run" / "last")  # what is left is the checkpoint of step 2
    processes.wait()
    resumed, _ = run(folder / "run", model=fresh_model(seed=5), **chunked)
    made["resumed"] = resumed.state_dict()
    normed = batch_normed()
    gradients(normed, None, 1.0, own, processes)
    made["statistics"] = normed.image_encoder.net[1].running_mean
    processes.leave()
    torch.save(made, folder / f"{processes.index}.pt")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]))
