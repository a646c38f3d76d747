"""What a cohort of a size costs, worked out from what was measured; docs/scaling.md states how."""

import json
from collections.abc import Callable
from pathlib import Path

STUDIES = (10_000, 100_000, 1_000_000)
SERIES_A_STUDY = 5
GRID = (24, 256, 256)
EPOCHS = 20
CORES, GPUS = 16, 8
"""Assumed: processors that ingest and preprocess, and GPUs that train, beside the columns for one of each."""
ASSUMED_TFLOPS = 100
"""Assumed: what a GPU sustains in bfloat16, in TFLOP/s, where none was measured."""
EMBEDDING = 512
COLUMNS = {
    "studies": "studies", "stage": "stage", "one": "on one core or GPU", "many": f"on {CORES} cores, {GPUS} GPUs",
    "memory_gb": "memory (GB)", "disk_gb": "disk (GB)", "basis": "speed",
}  # fmt: skip


class Measured:
    """The rows of the benchmarks of one device; what only the CPU does is read from the CPU's.

    Parameters
    ----------
    results : Path
        Folder of the JSON files.
    device : {"cpu", "cuda"}
        Whose pretraining step counts.
    """

    def __init__(self, results: Path, device: str):
        self.ingest = _row(results, "ingest_cpu", lambda row: True)
        fine = "×".join(map(str, GRID))
        self.preprocessing = _row(
            results, "embedding_cpu", lambda row: row["what"].startswith("preprocessing") and row["shape"] == fine
        )
        self.search = _row(results, "embedding_cpu", lambda row: row["what"] == "search in words")
        self.fewer, self.corpus = _rows(
            results, "similarity_cpu",
            lambda row: row["what"].endswith("of each") and (row["corpus"], row["matching"]) == ("embedded", "mean"),
        )[-2:]  # fmt: skip
        self.operations = _row(results, f"training_{device}", lambda row: row["what"] == "operations of a pair")
        steps = _rows(results, f"training_{device}", lambda row: row["what"] == "pretraining step")
        large = [row for row in steps if row["encoder"] == "resnet50" and row["seconds_a_step"]]
        self.released = max(large, key=lambda row: row["tflops_a_second"])
        self.small = next((row for row in steps if row["encoder"] == "small"), None)
        self.on_cuda = device == "cuda"


def rows(results: Path, device: str) -> list[dict]:
    """Return a row for every stage of every size of cohort, with the columns of `COLUMNS`.

    Raises
    ------
    FileNotFoundError
        If a benchmark that a number comes from has not been run.
    """
    measured = Measured(results, device)
    return [{"studies": studies, **row} for studies in STUDIES for row in _stages(studies * SERIES_A_STUDY, measured)]


def _stages(series: int, of: Measured) -> list[dict]:
    voxels = GRID[0] * GRID[1] * GRID[2]
    worker_gb = of.preprocessing["peak_memory_mb"] / 2**10
    features_gb = series * EMBEDDING * 4 / 2**30
    a_report = (of.corpus["peak_memory_mb"] - of.fewer["peak_memory_mb"]) / (of.corpus["reports"] - of.fewer["reports"])
    checkpoints = 7 * 4 * of.operations["parameters"]  # weights and two moments in the newest two, weights in the best
    tflop, forward = of.operations["tflop_a_pair"], of.operations["tflop_image_forward"]
    ingest = series / (of.ingest["series_a_second"] / of.ingest["processes"])
    preprocess = series / of.preprocessing["series_a_second"]
    pairs = EPOCHS * series
    gpu = of.released["tflops_a_second"] if of.on_cuda else ASSUMED_TFLOPS
    train, encode = pairs * tflop / gpu, series * forward / gpu
    said = "GPU measured" if of.on_cuda else f"GPU assumed: {ASSUMED_TFLOPS} TFLOP/s"
    gpu_gb = (of.released.get("peak_cuda_memory_mb") or 0) / 2**10
    stages = [
        _stage("ingest", ingest, ingest / CORES, CORES * worker_gb,
               series * of.ingest["cohort_mb_a_series"] / 2**10, "measured"),
        _stage("preprocessing", preprocess, preprocess / CORES, CORES * worker_gb, series * voxels * 2 / 2**30,
               "measured"),
        _stage("similarity, preparation", of.corpus["prepare_seconds"] * series / of.corpus["reports"], None,
               (of.corpus["peak_memory_mb"] + a_report * (series - of.corpus["reports"])) / 2**10, None, "measured"),
        _stage(f"pretraining, {EPOCHS} epochs", train, train / GPUS, gpu_gb or None, checkpoints / 2**30, said),
        _stage("embedding, from files", max(preprocess, encode), max(preprocess / CORES, encode / GPUS),
               CORES * worker_gb + 2 * features_gb, features_gb, f"reading measured, {said}"),
        _stage("search, a query", of.search["seconds"] * series / of.search["series"], None, 2 * features_gb, None,
               "measured"),
    ]  # fmt: skip
    if not of.on_cuda:
        slow = pairs * tflop / of.released["tflops_a_second"]
        scaled = f"measured at {of.released['shape']}, {of.released['threads']} threads; scaled"
        stages[4:4] = [
            _stage("the same on this CPU", slow, None, None, None, scaled),
            _stage("the small model on this CPU", pairs / of.small["volumes_a_second"], None,
                   of.small["peak_memory_mb"] / 2**10, None, f"measured at {of.small['shape']}"),
        ]  # fmt: skip
    return stages


def _stage(stage: str, one: float, many: float | None, memory: float | None, disk: float | None, basis: str) -> dict:
    return {
        "stage": stage, "one": duration(one), "many": None if many is None else duration(many),
        "memory_gb": memory, "disk_gb": disk, "basis": basis,
    }  # fmt: skip


def duration(seconds: float) -> str:
    """Return a time in hours, with days where it is more than two; in seconds where it is less than half a minute."""
    if seconds < 30:
        return f"{seconds:.2g} s"
    hours = seconds / 3600
    said = f"{hours:,.0f} h" if hours >= 100 else f"{hours:.2g} h"
    return f"{said} ({hours / 24:,.0f} days)" if hours > 48 else said


def _rows(results: Path, name: str, wanted: Callable[[dict], bool]) -> list[dict]:
    found = json.loads((results / f"{name}.json").read_text(encoding="utf-8"))["rows"]
    return [row for row in found if wanted(row)]


def _row(results: Path, name: str, wanted: Callable[[dict], bool]) -> dict:
    return _rows(results, name, wanted)[0]
