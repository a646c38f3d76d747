"""Pretraining: volumes a second, peak memory, and the share of the device's measured matrix rate.

python -m benchmarks.training [--device cuda] [--tiny]
python -m benchmarks.training --device cuda --encoder resnet50 --text bert-base --shape 24,256,256 --batch 64 \\
    --variant "bfloat16 + channels-last + compile"
"""

import argparse
import shutil
import tempfile
from itertools import product
from pathlib import Path

import numpy as np

from benchmarks import measure
from benchmarks.models import flops_a_pair, model_and_pairs, operations
from selip_core._utils.parallel import processors

VARIANTS = (
    "float32", "bfloat16", "bfloat16 + channels-last", "bfloat16 + channels-last + compile",
    "bfloat16 + channels-last + checkpointing",
)  # fmt: skip
"""What is measured of the device's first setting; any other sum of `WAYS` can be asked for with ``--variant``."""

PRECISIONS = ("float32", "bfloat16", "float16")

WAYS: dict[str, dict] = {
    "channels-last": {"channels_last": True}, "compile": {"compile": True}, "checkpointing": {"checkpointing": True},
}  # fmt: skip
"""Ways to compute a step, by the name that a variant calls them; ``chunks of N`` is another: cached features."""

_SMALL = {"encoder": "small", "text": "small", "shape": (16, 48, 40)}
_RELEASED = {"encoder": "resnet50", "text": "bert-base", "shape": (24, 256, 256)}
_NOTHING = {"seconds_a_step": None, "volumes_a_second": None}
_TINY = {"encoder": "small", "text": "small", "shape": (6, 16, 16)}
_MATRIX = {"cpu": 1024, "cuda": 8192}
_LIMIT_S = {"cpu": 90, "cuda": 600}
"""Choice: how long a row of steps may take, its compilation included; what needs longer is a row that says so."""


def default_setting(device: str, *, tiny: bool) -> dict:
    """Return encoder, text, shape and batch of the device's first row: the released model on CUDA, a small one else."""
    if tiny:
        return {**_TINY, "batch": 4, "steps": 2}
    if device.startswith("cuda"):
        return {**_RELEASED, "batch": 64, "steps": 10}
    return {**_SMALL, "batch": 32, "steps": 5}


def default_rows(device: str, *, tiny: bool) -> list[dict]:
    """Return what is measured where nothing is asked for: variants, then growth with batch and with volume size."""
    first = default_setting(device, tiny=tiny)
    if tiny:
        return [{**first, "variant": variant} for variant in ("float32", "bfloat16 + channels-last + chunks of 2")]
    if device.startswith("cuda"):
        more = ("bfloat16 + channels-last + compile + checkpointing", "bfloat16 + channels-last + chunks of 16")
        rows = [{**first, "variant": variant} for variant in (*VARIANTS, *more)]
        batches, shapes, at, variant = (8, 16, 32, 128, 256), ((24, 128, 128), (24, 192, 192)), 64, "bfloat16"
    else:
        rows = [{**first, "variant": variant} for variant in (*VARIANTS, "float32 + chunks of 8")]
        batches, shapes, at, variant = (8, 16, 64), ((16, 96, 80), (32, 96, 80)), 8, "float32"
    rows += [{**first, "batch": batch, "variant": variant} for batch in batches]
    rows += [{**first, "shape": shape, "batch": at, "variant": variant} for shape in shapes]
    if not device.startswith("cuda"):  # two steps say enough where one takes half a minute
        large = {**_RELEASED, "shape": (24, 128, 128), "batch": 4, "steps": 2, "threads": processors()}
        rows += [{**large, "variant": f"float32{way}"} for way in ("", " + chunks of 2", " + checkpointing")]
    return rows


def settings_of(variant: str) -> dict:
    """Return the settings of pretraining that a variant names, as ``bfloat16 + channels-last + chunks of 8``.

    Raises
    ------
    ValueError
        If a part is neither a precision (the first) nor one of `WAYS` nor ``chunks of N``.
    """
    precision, *ways = variant.split(" + ")
    if precision not in PRECISIONS:
        raise ValueError(f"variant {variant!r}: {precision!r} is none of {', '.join(PRECISIONS)}")
    found: dict = {"precision": precision}
    for way in ways:
        kind, _, size = way.rpartition(" of ")
        if way not in WAYS and not (kind == "chunks" and size.isdecimal() and int(size)):
            raise ValueError(f"variant {variant!r}: {way!r} is none of {', '.join(WAYS)}, chunks of N")
        found |= WAYS.get(way) or {"chunk_size": int(size)}
    return found


def throughput(
    *,
    encoder: str,
    text: str,
    shape: tuple[int, int, int],
    batch: int,
    variant: str,
    steps: int,
    device: str,
    matrix_rate: float | None = None,
    tflop_a_pair: float | None = None,
) -> dict:
    """Time steps of `selip_core.pretraining.loop.pretrain` on volumes of noise.

    Parameters
    ----------
    encoder : {"small", "resnet50"}
    text : {"small", "bert-base"}
        The released text encoder's size, its weights random.
    shape : (D, H, W)
    batch : int
    variant : str
        See `settings_of`.
    steps : int
        At least 2; the first is not counted.
    device : str
    matrix_rate : float, optional
        Of the device at this precision, in TFLOP/s; gives the share of it that the steps reach. Operations are those
        of the model: what checkpointing or cached features compute a second time does not count.
    tflop_a_pair : float, optional
        Counted where left out.

    Returns
    -------
    dict
        With ``seconds_a_step`` (median) and ``volumes_a_second``. Where a batch does not fit the device's memory or
        cannot be compiled here, they are None and ``note`` says so.
    """
    import torch

    setting = _said(encoder, text, shape, batch, variant)
    compiled = "compile" in variant.split(" + ")
    if compiled and (lacking := _no_compiler(device)):
        return {**setting, **_NOTHING, "note": lacking}
    with tempfile.TemporaryDirectory() as folder:
        model, pairs = model_and_pairs(encoder, text, shape, batch, device, Path(folder))
        try:
            tflop_a_pair = tflop_a_pair or flops_a_pair(model, pairs, batch) / 1e12
            seconds = seconds_a_step(model, pairs, batch, variant, steps, Path(folder) / "run")
        except torch.OutOfMemoryError:
            return {**setting, **_NOTHING, "note": "does not fit the memory"}
        except Exception as error:  # what a compiler meets on a machine is of many types; the other rows go on
            if not compiled:
                raise
            return {**setting, **_NOTHING, "note": f"torch.compile fails here: {str(error).strip().splitlines()[0]}"}
    rate = tflop_a_pair * batch / seconds
    return {
        **setting, "seconds_a_step": seconds, "volumes_a_second": batch / seconds, "tflop_a_pair": tflop_a_pair,
        "tflops_a_second": rate, "share_of_matrix_rate": rate / matrix_rate if matrix_rate else None,
    }  # fmt: skip


def _said(encoder: str, text: str, shape: tuple[int, int, int], batch: int, variant: str) -> dict:
    """Return a setting as its row names it."""
    return {"encoder": encoder, "text": text, "shape": "×".join(map(str, shape)), "batch": batch, "variant": variant}


def _timed(setting: dict, *, device: str, **known: float | None) -> dict:
    """Return the row of `throughput` in a process of its own; one that says so where it takes too long."""
    limit = _LIMIT_S[device.partition(":")[0]]
    try:
        return measure.in_child(throughput, limit_s=limit, **setting, device=device, **known)
    except TimeoutError:
        keys = ("encoder", "text", "shape", "batch", "variant")
        return {**_said(*(setting[key] for key in keys)), **_NOTHING, "threads": setting["threads"],
                "note": f"given up after {limit} s"}  # fmt: skip


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


def _no_compiler(device: str) -> str:
    """Return what torch.compile lacks on this machine, empty where it lacks nothing."""
    language, names = ("C", ("cc", "gcc", "clang")) if device.startswith("cuda") else ("C++", ("c++", "g++", "clang++"))
    if any(shutil.which(name) for name in names):
        return ""
    return f"torch.compile needs a {language} compiler on {device}: there is none here ({', '.join(names)})"


def seconds_a_step(model, pairs, batch: int, variant: str, steps: int, directory: Path) -> float:
    from selip_core.config import PretrainingSettings
    from selip_core.pretraining.loop import pretrain

    settings = PretrainingSettings(
        batch_size=batch, steps=steps, warmup_steps=0, validate_every=steps, **settings_of(variant)
    )
    both = {"train": pairs, "validation": pairs.take(np.arange(4))}
    run = pretrain(model, both, settings, directory, progress=False)
    return float(run.steps["seconds"][1:].median())


def _shape(word: str) -> tuple[int, ...]:
    parts = word.split(",")
    if len(parts) != 3:
        raise argparse.ArgumentTypeError(f"{word!r} is no volume: give D,H,W")
    return tuple(map(measure.at_least(1), parts))


def _variant(word: str) -> str:
    try:
        settings_of(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return word


def _precision_and_threads(setting: dict) -> tuple[str, int]:
    return settings_of(setting["variant"])["precision"], setting["threads"]


def _asked(options) -> list[dict]:
    """Return the settings that the command line asks for: those of `default_rows` where it asks for none."""
    first = default_setting(options.device, tiny=options.tiny)
    asked = {key: getattr(options, key) for key in ("encoder", "text", "shape", "batch", "variant", "steps")}
    if not any(asked.values()):
        return default_rows(options.device, tiny=options.tiny)
    first |= {key: asked[key] for key in ("encoder", "text", "steps") if asked[key]}
    shapes, batches = asked["shape"] or [first["shape"]], asked["batch"] or [first["batch"]]
    return [
        {**first, "shape": shape, "batch": batch, "variant": variant}
        for shape, batch, variant in product(shapes, batches, asked["variant"] or VARIANTS)
    ]


def main(words: list[str] | None = None) -> None:
    parser = measure.parser(__doc__.splitlines()[0])
    parser.add_argument("--encoder", choices=("small", "resnet50"))
    parser.add_argument("--text", choices=("small", "bert-base"))
    parser.add_argument("--shape", type=_shape, nargs="+", help="D,H,W, one or several")
    parser.add_argument("--batch", type=measure.at_least(2), nargs="+")
    parser.add_argument(
        "--variant", type=_variant, nargs="+", help=f"one or several, as {VARIANTS[-1]!r} or 'float32 + chunks of 8'"
    )
    parser.add_argument("--steps", type=measure.at_least(2), help="2 or more: the first is not counted")
    options = parser.parse_args(words)
    settings = [{"threads": options.threads, **setting} for setting in _asked(options)]
    size = 64 if options.tiny else _MATRIX[options.device.partition(":")[0]]
    rows, rates, counted = [], {}, {}
    for precision, threads in dict.fromkeys(map(_precision_and_threads, settings)):
        row = measure.in_child(matrix_rate, threads=threads, precision=precision, size=size, device=options.device)
        rates[precision, threads] = row["tflops_a_second"]
        rows.append(row)
    large = {**_TINY, "batch": 4} if options.tiny else {**_RELEASED, "batch": 64}
    rows.append(measure.in_child(operations, threads=options.threads, **large))
    for setting in settings:
        print(f"{setting['encoder']} {setting['shape']} batch {setting['batch']} {setting['variant']}", flush=True)
        size = tuple(setting[key] for key in ("encoder", "text", "shape", "batch"))
        rate = rates[_precision_and_threads(setting)]
        row = _timed(setting, device=options.device, matrix_rate=rate, tflop_a_pair=counted.get(size))
        counted[size] = row.get("tflop_a_pair") or counted.get(size)  # the same in every variant
        rows.append({"what": "pretraining step", **row})
    measure.report("training", rows, device=options.device, out=options.out)


if __name__ == "__main__":
    main()
