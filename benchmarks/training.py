"""Pretraining: volumes a second, peak memory, and the share of the device's measured matrix rate.

python -m benchmarks.training [--device cuda] [--tiny]
python -m benchmarks.training --device cuda --encoder resnet50 --text bert-base --shape 24,256,256 --batch 64
"""

import tempfile
from itertools import product
from pathlib import Path

import numpy as np

from benchmarks import measure
from benchmarks.corpora import embedded_texts

VARIANTS: dict[str, dict] = {"float32": {}, "bfloat16": {"precision": "bfloat16"}}
"""Settings of pretraining by the name of a variant."""

_SMALL = {"encoder": "small", "text": "small", "shape": (16, 48, 40)}
_RELEASED = {"encoder": "resnet50", "text": "bert-base", "shape": (24, 256, 256)}
_TINY = {"encoder": "small", "text": "small", "shape": (6, 16, 16)}
_MATRIX = {"cpu": 1024, "cuda": 8192}


def default_setting(device: str, *, tiny: bool) -> dict:
    """Return encoder, text, shape and batch of the device's first row: the released model on CUDA, a small one else."""
    if tiny:
        return {**_TINY, "batch": 4, "steps": 2}
    if device.startswith("cuda"):
        return {**_RELEASED, "batch": 64, "steps": 10}
    return {**_SMALL, "batch": 32, "steps": 5}


def default_rows(device: str, *, tiny: bool) -> list[dict]:
    """Return what is measured where nothing is asked for: precisions, then growth with batch and with volume size."""
    first = default_setting(device, tiny=tiny)
    rows = [{**first, "precision": precision} for precision in VARIANTS]
    if tiny:
        return rows
    if device.startswith("cuda"):
        batches, shapes, at = (8, 16, 32, 128, 256), ((24, 128, 128), (24, 192, 192)), 64
    else:
        batches, shapes, at = (8, 16, 64), ((16, 96, 80), (32, 96, 80)), 8
    precision = "bfloat16" if device.startswith("cuda") else "float32"
    rows += [{**first, "batch": batch, "precision": precision} for batch in batches]
    rows += [{**first, "shape": shape, "batch": at, "precision": precision} for shape in shapes]
    if not device.startswith("cuda"):  # two steps say enough where one takes most of a minute
        rows.append({**_RELEASED, "shape": (24, 128, 128), "batch": 8, "precision": precision, "steps": 2})
    return rows


def throughput(
    *,
    encoder: str,
    text: str,
    shape: tuple[int, int, int],
    batch: int,
    precision: str,
    steps: int,
    device: str,
    matrix_rate: float | None = None,
) -> dict:
    """Time steps of `selip_core.training.pretrain` on volumes of noise.

    Parameters
    ----------
    encoder : {"small", "resnet50"}
    text : {"small", "bert-base"}
        The released text encoder's size, its weights random.
    shape : (D, H, W)
    batch : int
    precision : a name of `VARIANTS`
    steps : int
        At least 2; the first is not counted.
    device : str
    matrix_rate : float, optional
        Of the device at this precision, in TFLOP/s; gives the share of it that the steps reach.

    Returns
    -------
    dict
        With ``seconds_a_step`` (median) and ``volumes_a_second``. Where a batch does not fit the device's memory, they
        are None and ``note`` says so.
    """
    import torch

    setting = {
        "encoder": encoder, "text": text, "shape": "×".join(map(str, shape)), "batch": batch, "precision": precision,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        model, pairs = model_and_pairs(encoder, text, shape, batch, device, Path(folder))
        flops = _flops_a_pair(model, pairs, batch)
        try:
            seconds = _seconds_a_step(model, pairs, batch, precision, steps, Path(folder) / "run")
        except torch.OutOfMemoryError:
            return {**setting, "seconds_a_step": None, "volumes_a_second": None, "note": "does not fit the memory"}
    rate = flops * batch / seconds / 1e12
    return {
        **setting, "seconds_a_step": seconds, "volumes_a_second": batch / seconds, "tflops_a_second": rate,
        "share_of_matrix_rate": rate / matrix_rate if matrix_rate else None,
    }  # fmt: skip


def matrix_rate(*, precision: str, device: str, size: int) -> dict:
    """Measure how fast the device multiplies square matrices at its best, in TFLOP/s.

    On CUDA float32 is measured with TF32, which torch uses for convolutions unless told otherwise.
    """
    import torch

    left, right = (torch.randn(size, size, device=device, dtype=getattr(torch, precision)) for _ in range(2))
    allowed = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = True
    seconds = min(measure.seconds_of(lambda: left @ right, device, repeats=1) for _ in range(20))
    torch.backends.cuda.matmul.allow_tf32 = allowed
    return {"what": f"product of two {size}×{size} matrices", "precision": precision,
            "tflops_a_second": 2 * size**3 / seconds / 1e12}  # fmt: skip


def model_and_pairs(encoder: str, text: str, shape: tuple, batch: int, device: str, folder: Path):
    """Return an untrained model and pairs of noise and embedded sentences, enough distinct ones for the batch."""
    import torch

    from selip_core.encoders import build_model
    from selip_core.pairs import Pairs

    texts: list[str] = []
    while len(texts) < 2 * batch:
        texts = list(dict.fromkeys(embedded_texts(max(16 * batch, 4 * len(texts)))))
    texts = texts[: 2 * batch]
    name = text if text == "small" else str(_random_bert(texts, folder / "bert"))
    torch.manual_seed(0)
    model = build_model(
        {"name": encoder, "pooling": "located" if encoder == "small" else "average", "width": 32},
        {"name": name, "max_tokens": 96 if text == "small" else 256},
        volume_shape=shape, embedding_size=512, vocabulary_texts=texts,
    ).to(device)  # fmt: skip
    volumes = np.random.default_rng(0).standard_normal((len(texts), 1, *shape), dtype=np.float32).astype(np.float16)
    names = [f"p{i}" for i in range(len(texts))]
    return model, Pairs(volumes, np.arange(len(texts)), texts, names, ["T1"] * len(texts))


def _random_bert(texts: list[str], folder: Path) -> Path:
    """Write a text encoder of the size of hfl/chinese-bert-wwm with random weights; return its folder."""
    from transformers import BertConfig, BertModel

    from selip_core.text_encoders import character_tokenizer

    BertModel(BertConfig(vocab_size=21128), add_pooling_layer=False).save_pretrained(folder)
    character_tokenizer(texts).save_pretrained(folder)
    return folder


def _flops_a_pair(model, pairs, batch: int) -> float:
    """Count the floating-point operations of one pair, forward and backward, padding of its batch's texts included."""
    from torch.utils.flop_counter import FlopCounterMode

    model.train()
    with FlopCounterMode(display=False) as image:
        model.encode_image(pairs.load(np.arange(2))).sum().backward()
    with FlopCounterMode(display=False) as text:
        model.encode_text(pairs.texts[:batch]).sum().backward()
    model.zero_grad(set_to_none=True)
    return image.get_total_flops() / 2 + text.get_total_flops() / batch


def _seconds_a_step(model, pairs, batch: int, precision: str, steps: int, directory: Path) -> float:
    from selip_core.config import PretrainingSettings
    from selip_core.training import pretrain

    settings = PretrainingSettings(
        batch_size=batch, steps=steps, warmup_steps=0, validate_every=steps, **VARIANTS[precision]
    )
    run = pretrain(model, pairs, pairs.take(np.arange(4)), settings, soft_target_weight=1.0, seed=0,
                   directory=directory, progress=False)  # fmt: skip
    return float(run.steps["seconds"][1:].median())


def _shape(word: str) -> tuple[int, ...]:
    return tuple(int(part) for part in word.split(","))


def main(words: list[str] | None = None) -> None:
    parser = measure.parser(__doc__.splitlines()[0])
    parser.add_argument("--encoder", choices=("small", "resnet50"))
    parser.add_argument("--text", choices=("small", "bert-base"))
    parser.add_argument("--shape", type=_shape, nargs="+", help="D,H,W, one or several")
    parser.add_argument("--batch", type=int, nargs="+")
    parser.add_argument("--precision", choices=tuple(VARIANTS), nargs="+")
    parser.add_argument("--steps", type=int)
    options = parser.parse_args(words)
    device, tiny = options.device, options.tiny
    first = default_setting(device, tiny=tiny)
    asked = {key: getattr(options, key) for key in ("encoder", "text", "shape", "batch", "precision", "steps")}
    if any(asked.values()):
        first |= {key: asked[key] for key in ("encoder", "text", "steps") if asked[key]}
        shapes, batches = asked["shape"] or [first["shape"]], asked["batch"] or [first["batch"]]
        wanted = product(shapes, batches, asked["precision"] or VARIANTS)
        settings = [{**first, "shape": s, "batch": b, "precision": p} for s, b, p in wanted]
    else:
        settings = default_rows(device, tiny=tiny)
    size = 64 if tiny else _MATRIX[device.partition(":")[0]]
    rates = [
        measure.in_child(matrix_rate, threads=options.threads, precision=precision, device=device, size=size)
        for precision in dict.fromkeys(setting["precision"] for setting in settings)
    ]
    rate = {row["precision"]: row["tflops_a_second"] for row in rates}
    rows = []
    for setting in settings:
        print(f"{setting['encoder']} {setting['shape']} batch {setting['batch']} {setting['precision']}", flush=True)
        row = measure.in_child(
            throughput, threads=options.threads, **setting, device=device, matrix_rate=rate[setting["precision"]]
        )
        rows.append({"what": "pretraining step", **row})
    measure.report("training", [*rates, *rows], device=device, out=options.out)


if __name__ == "__main__":
    main()
