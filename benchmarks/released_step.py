"""A training step as the released code computes it, and ours: same model, texts, batch and precision, part by part.

python -m benchmarks.released_step [--device cuda] [--tiny]
python -m benchmarks.released_step --batch 4 --precision bfloat16

The released way, as far as the method page tells it: every text padded to 256 tokens, the similarity of the batch by
loops over pairs of findings (those that the tests hold the engine to, which read the texts again), each series read
from its file and preprocessed when its turn comes, plain Adam.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import measure
from benchmarks.models import model_and_pairs
from benchmarks.raw_volumes import write_volumes
from selip_core._utils.parallel import processors

if TYPE_CHECKING:
    from torch.optim import Optimizer

RELEASED, OURS = "released way", "this suite"
WAYS = (RELEASED, OURS)
PARTS = ("loading_s", "similarity_s", "image_s", "text_s", "backward_s", "optimizer_s")
PRECISIONS = ("float32", "bfloat16")


def default_setting(device: str, *, tiny: bool) -> dict:
    """Return the sizes of a device: on the CPU a quarter of the released volume, and a batch that 24 GB hold."""
    if tiny:
        return {"encoder": "small", "text": "small", "shape": (6, 16, 16), "batch": 4, "steps": 1}
    of_device = {"shape": (24, 256, 256), "batch": 64, "steps": 5} if device.startswith("cuda") else {
        "shape": (24, 128, 128), "batch": 16, "steps": 2}  # fmt: skip
    return {"encoder": "resnet50", "text": "bert-base", **of_device}


def step_parts(
    *, way: str, encoder: str, text: str, shape: tuple[int, int, int], batch: int, precision: str, steps: int,
    device: str,
) -> dict:  # fmt: skip
    """Time the parts of a training step, the mean over some steps after one that is not counted.

    Parameters
    ----------
    way : str
        One of `WAYS`.
    encoder, text, shape, batch
        As in `benchmarks.models.model_and_pairs`; the weights are random.
    precision : {"float32", "bfloat16"}
    steps : int
    device : str

    Returns
    -------
    dict
        With `PARTS`, ``seconds_a_step`` without loading (both ways may read ahead) and ``volumes_a_second`` of it.
    """
    import torch

    from selip_core.losses import selip_loss
    from selip_core.pretraining.optimization import encoders_context

    with tempfile.TemporaryDirectory() as folder:
        model, pairs = model_and_pairs(encoder, text, shape, batch, device, Path(folder))
        model.train()
        texts, rows = pairs.texts[:batch], np.arange(batch)
        load, similarity, optimizer = _PREPARED[way](model, pairs, texts, shape, Path(folder), device)
        taken: list[list[float]] = []
        for _ in range(steps + 1):
            times = [measure.clock(device)]

            def lap(times: list[float] = times) -> None:
                times.append(measure.clock(device))

            volumes = load(rows).to(device)
            lap()
            of_batch = similarity(texts)
            lap()
            optimizer.zero_grad(set_to_none=True)
            with encoders_context(torch.device(device), precision):
                images = model.encode_image(volumes)
                lap()
                words = model.encode_text(texts)
                lap()
            selip_loss(images, words, model.logit_scale, of_batch)["loss"].backward()
            lap()
            optimizer.step()
            lap()
            taken.append(np.diff(times).tolist())
    parts = dict(zip(PARTS, np.mean(taken[1:], axis=0).tolist(), strict=True))
    seconds = sum(parts.values()) - parts["loading_s"]
    return {
        "what": way, "encoder": encoder, "text": text, "shape": "×".join(map(str, shape)), "batch": batch,
        "precision": precision, **parts, "seconds_a_step": seconds, "volumes_a_second": batch / seconds,
    }  # fmt: skip


def _released(
    model, pairs, texts: list[str], shape: tuple, folder: Path, device: str
) -> "tuple[Callable, Callable, Optimizer]":
    """Return how the released way loads and compares, and its optimiser; its texts are padded from here on."""
    import torch

    from selip_core.preprocessing import preprocess
    from tests.helpers.similarity_by_loops import by_loops

    encoder = model.text_encoder

    def padded(batch: list[str]) -> torch.Tensor:
        tokens = {
            name: torch.nn.functional.pad(ids, (0, encoder.max_tokens - ids.shape[1]))
            for name, ids in encoder.tokenize(batch).items()
        }
        return encoder.bert(**tokens).last_hidden_state[:, 0]

    encoder.forward = padded
    files = write_volumes(folder, len(texts))
    return (
        lambda rows: torch.stack([preprocess(files[row], shape=shape) for row in rows]),
        lambda batch: torch.from_numpy(by_loops(batch)).float().to(device),
        torch.optim.Adam(model.parameters(), lr=1e-4),
    )


def _ours(
    model, pairs, texts: list[str], shape: tuple, folder: Path, device: str
) -> "tuple[Callable, Callable, Optimizer]":
    """Return how this suite loads and compares, and its optimiser."""
    import torch

    from selip_core.config import PretrainingSettings
    from selip_core.pretraining.optimization import make_optimizer
    from selip_core.similarity.scores import ReportCorpus

    corpus, ids = ReportCorpus(texts, device=device), torch.arange(len(texts))
    settings = PretrainingSettings(batch_size=len(texts), steps=1, warmup_steps=0, validate_every=1)
    return pairs.load, lambda batch: corpus.similarity(ids), make_optimizer(model, settings)


_PREPARED = {RELEASED: _released, OURS: _ours}


def main(words: list[str] | None = None) -> None:
    parser = measure.parser(__doc__.splitlines()[0])
    parser.add_argument("--batch", type=measure.at_least(2))
    parser.add_argument("--precision", choices=PRECISIONS, nargs="+", default=list(PRECISIONS))
    options = parser.parse_args(words)
    threads = options.threads if options.tiny else max(options.threads, processors())
    setting = default_setting(options.device, tiny=options.tiny)
    setting |= {"batch": options.batch} if options.batch else {}
    rows = []
    for precision in options.precision:
        both = {
            way: measure.where_it_fits(step_parts, threads=threads, way=way, precision=precision,
                                  device=options.device, **setting)
            for way in WAYS
        }  # fmt: skip
        if all(both.values()):
            both[OURS]["times_faster"] = both[RELEASED]["seconds_a_step"] / both[OURS]["seconds_a_step"]
        rows += filter(None, both.values())
    measure.report("released_step", rows, device=options.device, out=options.out)


if __name__ == "__main__":
    main()
