"""Does the loader keep up with the model? Volumes a second of each, from volumes mapped from disk.

python -m benchmarks.loader [--device cuda] [--tiny]
"""

import os
import tempfile
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks import measure, training
from benchmarks.models import model_and_pairs


def loading(*, volumes: int, shape: tuple[int, int, int], batch: int, cached: bool, device: str) -> dict:
    """Time reading batches, as training picks them, from a file of volumes.

    Parameters
    ----------
    cached : bool
        Whether the system still holds the file in memory; else it is read from the disk.
    """
    from selip_core.datasets.pairs import Pairs
    from selip_core.pretraining.sampler import UniqueTextSampler

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "volumes.npy"
        _write(path, volumes, shape)
        pairs = Pairs(np.load(path, mmap_mode="r"), np.arange(volumes), [()] * volumes, [""] * volumes, [""] * volumes)
        sampler = UniqueTextSampler(np.arange(volumes), None, batch_size=batch, seed=0)
        if not cached:
            forget(path)
        started = measure.clock(device)
        for rows, _ in islice(sampler.steps(), volumes // batch):
            pairs.load(rows).to(device)
        seconds = measure.clock(device) - started
        size = path.stat().st_size
    return {
        "what": "loader, file in memory" if cached else "loader, file on disk", "shape": "×".join(map(str, shape)),
        "batch": batch, "volumes": volumes, "file_mb": size // 2**20,
        "volumes_a_second": volumes // batch * batch / seconds, "mb_a_second": size / seconds / 1e6,
    }  # fmt: skip


def augmenting(*, shape: tuple[int, int, int], batch: int, device: str) -> dict:
    """Time the augmentation of a loaded batch."""
    import torch

    from selip_core.pretraining.augmentation import augment

    generator = torch.Generator().manual_seed(0)
    volumes = torch.randn(batch, 1, *shape, device=device)
    seconds = measure.seconds_of(lambda: augment(volumes, generator), device, repeats=5)
    return {"what": "augmentation", "shape": "×".join(map(str, shape)), "batch": batch,
            "volumes_a_second": batch / seconds}  # fmt: skip


def model_only(*, encoder: str, text: str, shape: tuple, batch: int, device: str, repeats: int) -> dict:
    """Time forward, loss and backward of a batch that is on the device already."""
    import torch

    from selip_core.losses import selip_loss

    with tempfile.TemporaryDirectory() as folder:
        model, pairs = model_and_pairs(encoder, text, shape, batch, device, Path(folder))
    volumes, similarity = pairs.load(np.arange(batch)).to(device), torch.eye(batch, device=device)

    def step():
        model.zero_grad(set_to_none=True)
        selip_loss(*model(volumes, pairs.texts[:batch]), similarity)["loss"].backward()

    model.train()
    seconds = measure.seconds_of(step, device, repeats=repeats)
    return {"what": f"model, {encoder} and {text} text", "shape": "×".join(map(str, shape)), "batch": batch,
            "volumes_a_second": batch / seconds}  # fmt: skip


def _write(path: Path, volumes: int, shape: tuple[int, int, int]) -> None:
    """Write float16 volumes, as the volume cache does, and wait until they are on the disk."""
    file = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=(volumes, 1, *shape))
    one = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    for i in range(volumes):
        file[i, 0] = one
    file.flush()


def forget(path: Path) -> None:
    """Ask the system to drop its copy of a file."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def main(words: list[str] | None = None) -> None:
    options = measure.parser(__doc__.splitlines()[0]).parse_args(words)
    device = options.device
    run = partial(measure.in_child, threads=options.threads, device=device)
    setting = training.default_setting(device, tiny=options.tiny)
    shape, batch = setting["shape"], setting["batch"]
    volumes = 20 if options.tiny else max(2**31 // (2 * int(np.prod(shape))), 4 * batch)  # a file of 2 GB
    rows = [run(loading, volumes=volumes, shape=shape, batch=batch, cached=True)]
    if hasattr(os, "posix_fadvise"):
        rows.append(run(loading, volumes=volumes, shape=shape, batch=batch, cached=False))
    rows.append(run(augmenting, shape=shape, batch=batch))
    model = measure.where_it_fits(
        model_only, threads=options.threads, device=device, encoder=setting["encoder"], text=setting["text"],
        shape=shape, batch=batch, repeats=setting["steps"],
    )  # fmt: skip
    rows += filter(None, [model])
    measure.report("loader", rows, device=device, out=options.out)


if __name__ == "__main__":
    main()
