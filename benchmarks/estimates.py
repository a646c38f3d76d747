"""What a cohort of a size costs, worked out from what was measured; docs/scaling.md states how."""

import json
from collections.abc import Callable
from pathlib import Path

from benchmarks.machine import slowed
from selip_core.config import get_settings
from selip_core.pretraining.methods import PRETRAINED

PROFILE = "paper"
STUDIES = (10_000, 100_000, 1_000_000)
SERIES_A_STUDY = 5
EPOCHS = 20
"""Of the row for a run that grows with the cohort, beside the steps of the profile, which do not."""
CORES, GPUS = 16, 8
"""Assumed: processors that ingest and preprocess, and GPUs that train, beside the columns for one of each."""
ASSUMED_TFLOPS = 100
"""Assumed: what a GPU sustains in bfloat16, in TFLOP/s, where none was measured."""
MB, GB = 1e6, 1e9
MIB = 2**20
"""The MB of the other tables' memory, in bytes."""
COLUMNS = {
    "studies": "studies", "stage": "stage", "one": "on one core or GPU", "many": f"on {CORES} cores, {GPUS} GPUs",
    "read_mb_s": f"{GPUS} GPUs read (MB/s)", "memory_gb": "memory (GB)", "disk_gb": "disk (GB)", "basis": "speed",
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
        read = Benchmarks(results)
        fine = "×".join(map(str, get_settings(PROFILE).preprocessing.shape))
        self.ingest = read.rows("ingest_cpu")[0]
        self.preprocessing, *_ = read.rows(
            "embedding_cpu", lambda row: row["what"].startswith("preprocessing") and row["shape"] == fine
        )
        self.search = read.rows("embedding_cpu", lambda row: row["what"].startswith("search in words"))[-1]
        self.fewer, self.corpus = read.rows(
            "similarity_cpu",
            lambda row: row["what"].endswith("of each") and (row["corpus"], row["matching"]) == ("embedded", "mean"),
        )[-2:]  # fmt: skip
        training = f"training_{device}"
        self.operations, *_ = read.rows(training, lambda row: row["what"] == "operations of a pair")
        steps = read.rows(training, lambda row: row["what"] == "pretraining step" and row["seconds_a_step"])
        large = [row for row in steps if row["encoder"] == "resnet50"]
        large = [row for row in large if row["shape"] == fine] or large
        self.released = max(large, key=lambda row: row["tflops_a_second"], default=None)
        self.small = next((row for row in steps if row["encoder"] == "small"), None)
        self.gpu = self.released if device == "cuda" else None
        self.slow = read.slow


class Benchmarks:
    """The JSON files of a folder; `slow` are the benchmarks, among those read, that other work slowed down."""

    def __init__(self, results: Path):
        self.results, self.slow = results, set()

    def rows(self, name: str, wanted: Callable[[dict], object] = bool) -> list[dict]:
        found = json.loads((self.results / f"{name}.json").read_text(encoding="utf-8"))
        if slowed(found["machine"]):
            self.slow.add(name.partition("_")[0])
        return [row for row in found["rows"] if wanted(row)]


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
    return [*_preparation(series, of), *_pretraining(series, of), *_use(series, of)]


def _preparation(series: int, of: Measured) -> list[dict]:
    workers_gb = CORES * of.preprocessing["peak_memory_mb"] * MIB / GB
    a_report = (of.corpus["peak_memory_mb"] - of.fewer["peak_memory_mb"]) / (of.corpus["reports"] - of.fewer["reports"])
    corpus_gb = (of.corpus["peak_memory_mb"] + a_report * (series - of.corpus["reports"])) * MIB / GB
    ingest = series / (of.ingest["series_a_second"] / of.ingest["processes"])
    preprocess = series / of.preprocessing["series_a_second"]
    prepare = of.corpus["prepare_seconds"] * series / of.corpus["reports"]
    return [
        _stage("ingest", ingest, ingest / CORES, memory=workers_gb,
               disk=series * of.ingest["cohort_mb_a_series"] * MIB / GB,
               basis=_measured(of, "ingest", extra="; memory that of preprocessing")),
        _stage("preprocessing", preprocess, preprocess / CORES, memory=workers_gb, disk=series * _volume_mb() * MB / GB,
               basis=_measured(of, "embedding")),
        _stage("similarity, preparation", prepare, memory=corpus_gb, basis=_measured(of, "similarity")),
    ]  # fmt: skip


def _pretraining(series: int, of: Measured) -> list[dict]:
    settings = get_settings(PROFILE)
    steps, batch, cohort = settings.pretraining.steps, settings.pretraining.batch_size, settings.cohort
    trained = series * (1 - cohort.validation_fraction - cohort.test_fraction)
    runs = len(PRETRAINED) * settings.n_seeds
    wanted = round(EPOCHS * trained / batch)
    tflop = of.operations["tflop_a_pair"]
    rate, said = _gpu(of)
    memory = of.gpu["peak_cuda_memory_mb"] * MIB / GB if of.gpu else None
    checkpoints = 7 * 4 * of.operations["parameters"] / GB  # weights and two moments in the newest two, weights in best

    def stage(what: str, pairs: float, disk: float) -> dict:
        return _stage(what, pairs * tflop / rate, pairs * tflop / rate / GPUS, memory=memory, disk=disk, basis=said,
                      read_mb_s=GPUS * rate / tflop * _volume_mb())  # fmt: skip

    pairs = steps * batch
    named = f"a run of {steps:,} steps ({pairs / trained:.2g} epochs)"
    stages = [
        stage(f"pretraining, {named}", pairs, checkpoints),
        stage(f"pretraining, the {runs} runs of the profile", runs * pairs, runs * checkpoints),
        stage(f"pretraining, a run of {EPOCHS} epochs: `pretraining.steps` {wanted:,}", wanted * batch, checkpoints),
    ]
    if of.gpu is None and of.released:
        basis = f" at {of.released['shape']}, {of.released['threads']} threads, scaled"
        stages.append(_stage(f"{named} on this CPU", pairs * tflop / of.released["tflops_a_second"],
                             basis=_measured(of, "training", extra=basis)))  # fmt: skip
    if of.gpu is None and of.small:
        stages.append(_stage("as many pairs of the small model on this CPU", pairs / of.small["volumes_a_second"],
                             memory=of.small["peak_memory_mb"] * MIB / GB,
                             basis=_measured(of, "training", extra=f" at {of.small['shape']}")))  # fmt: skip
    return stages


def _use(series: int, of: Measured) -> list[dict]:
    features_gb = series * get_settings(PROFILE).pretraining.embedding_size * 4 / GB
    workers_gb = CORES * of.preprocessing["peak_memory_mb"] * MIB / GB
    read = series / of.preprocessing["series_a_second"]
    rate, said = _gpu(of)
    encode = series * of.operations["tflop_image_forward"] / rate
    return [
        _stage("embedding, from files", max(read, encode), max(read / CORES, encode / GPUS),
               memory=workers_gb + 2 * features_gb, disk=features_gb,
               basis=f"reading {_measured(of, 'embedding')}, {said}"),
        _stage("search, a query", of.search["seconds"] * series / of.search["series"], memory=2 * features_gb,
               basis=_measured(of, "embedding")),
    ]  # fmt: skip


def _gpu(of: Measured) -> tuple[float, str]:
    """Return the TFLOP/s of a GPU, and where they come from."""
    if of.gpu is None:
        return ASSUMED_TFLOPS, f"GPU assumed: {ASSUMED_TFLOPS} TFLOP/s"
    return of.gpu["tflops_a_second"], f"GPU {_measured(of, 'training')} at {of.gpu['shape']}, {of.gpu['variant']}"


def _measured(of: Measured, benchmark: str, extra: str = "") -> str:
    return f"measured{extra}{'; other work slowed it down' if benchmark in of.slow else ''}"


def _volume_mb() -> float:
    """Return the size of a float16 volume, as training reads it."""
    depth, height, width = get_settings(PROFILE).preprocessing.shape
    return 2 * depth * height * width / MB


def _stage(stage: str, one: float, many: float | None = None, **more: float | str | None) -> dict:
    found = {"read_mb_s": None, "memory_gb": more.pop("memory", None), "disk_gb": more.pop("disk", None), **more}
    return {"stage": stage, "one": duration(one), "many": None if many is None else duration(many), **found}


def duration(seconds: float) -> str:
    """Return a time in hours, with days where it is more than two; in seconds where it is less than half a minute."""
    if seconds < 30:
        return f"{seconds:.2g} s"
    hours = seconds / 3600
    said = f"{hours:,.0f} h" if hours >= 100 else f"{hours:.2g} h"
    return f"{said} ({hours / 24:,.0f} days)" if hours > 48 else said
