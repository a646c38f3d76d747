"""The tables of docs/scaling.md, written from the JSON of the benchmarks: no number there is typed by hand.

python -m benchmarks.tables            writes them
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

from benchmarks import estimates, growth
from benchmarks.machine import slowed
from benchmarks.measure import RESULTS, markdown

PAGE = Path(__file__).parents[1] / "docs" / "scaling.md"

_MARKED = re.compile(r"(<!-- table: (?P<name>[\w-]+), (?P<device>\w+) -->\n).*?(<!-- end of table -->)", re.DOTALL)

_MEMORY = {"threads": "threads", "peak_memory_mb": "peak memory (MB)"}
_STEP = {
    "encoder": "image", "text": "text", "shape": "volume", "batch": "batch", "variant": "variant",
    "seconds_a_step": "s a step", "volumes_a_second": "volumes/s", "tflops_a_second": "TFLOP/s",
    "share_of_matrix_rate": "share of the matrix rate", **_MEMORY,
    "peak_cuda_memory_mb": "peak memory of the GPU (MB)", "note": "",
}  # fmt: skip
_CORPUS = {
    "what": "", "corpus": "corpus", "reports": "reports", "distinct_reports": "distinct",
    "distinct_findings": "findings", "matching": "matching", "prepare_seconds": "of it preparation (s)",
    "total_seconds": "all (s)",
}  # fmt: skip

TABLES: dict[str, tuple[str, Callable[[dict], bool], dict[str, str]]] = {
    "similarity": (
        "similarity", lambda row: not row["what"].startswith("batch"),
        {**_CORPUS, "times_faster": "times faster than the loop", "times_the_writing": "times the writing", **_MEMORY},
    ),
    "similarity-of-a-batch": (
        "similarity", lambda row: row["what"].startswith("batch"),
        {**_CORPUS, "share_of_a_training_step": "share of a training step", "threads": "threads"},
    ),
    "matrix-rate": (
        "training", lambda row: row["what"].startswith("product"),
        {"what": "", "precision": "precision", "tflops_a_second": "TFLOP/s", "threads": "threads"},
    ),
    "training": ("training", lambda row: row["what"] == "pretraining step", _STEP),
    "released-step": (
        "released_step", lambda row: True,
        {"what": "", "encoder": "image", "text": "text", "shape": "volume", "batch": "batch", "precision": "precision",
         "loading_s": "loading (s)", "similarity_s": "similarity (s)", "image_s": "image forward (s)",
         "text_s": "text forward (s)", "backward_s": "backward (s)", "optimizer_s": "optimiser (s)",
         "seconds_a_step": "s a step", "times_faster": "times faster", **_MEMORY},
    ),
    "embedded-cohort": (
        "embedded_cohort", lambda row: True,
        {"patients": "patients", "seconds": "s", "seconds_a_patient": "s a patient", "mb_a_patient": "MB a patient",
         **_MEMORY},
    ),
    "retrieval": (
        "retrieval", lambda row: True,
        {"gallery": "gallery", "queries": "queries", "embedding": "E", "nearest": "nearest", "seconds": "s",
         "queries_a_second": "queries/s", **_MEMORY},
    ),
    "loader": (
        "loader", lambda row: True,
        {"what": "", "shape": "volume", "batch": "batch", "volumes": "volumes", "file_mb": "file (MB)",
         "volumes_a_second": "volumes/s", "mb_a_second": "MB/s", **_MEMORY},
    ),
    "volume-cache": (
        "volume_cache", lambda row: True,
        {"what": "", "shape": "volume", "volumes": "volumes", "files": "files", "size_gb": "all (GB)", "seconds": "s",
         "seconds_a_file": "s a file", "volumes_a_second": "volumes/s", "mb_a_second": "MB/s", **_MEMORY},
    ),
    "startup": (
        "startup", lambda row: True,
        {"what": "", "notebooks": "notebooks", "seconds": "all (s)",
         "in_cells": "of it imports and start of a run (s)", "kernel_starts": "of it starting kernels (s)",
         "own_seconds": "the rest (s)", "own_seconds_a_notebook": "the rest, a notebook (s)"},
    ),
    "largest-batch": (
        "largest_batch", lambda row: True,
        {"encoder": "image", "text": "text", "shape": "volume", "variant": "variant", "bound": "may take",
         "largest_batch": "largest batch", "took_mb": "takes (MB)"},
    ),
    "preprocessing": (
        "embedding", lambda row: row["what"].startswith("preprocessing"),
        {"what": "", "shape": "to", "series": "series", "raw_mb_a_series": "file (MB)",
         "series_a_second": "series/s a process", **_MEMORY},
    ),
    "embedding": (
        "embedding", lambda row: row["what"].startswith("embedding"),
        {"what": "", "shape": "volume", "batch": "batch", "series": "series", "processes": "processes that read",
         "series_a_second": "series/s", **_MEMORY},
    ),
    "search": (
        "embedding", lambda row: row["what"].startswith("search"),
        {"what": "", "series": "series", "first_seconds": "first query (s)", "seconds": "a further one (s)", **_MEMORY},
    ),
    "ingest": (
        "ingest", lambda row: True,
        {"what": "", "studies": "studies", "series": "series", "files": "DICOM files", "processes": "processes",
         "series_a_second": "series/s", "cohort_mb_a_series": "cohort (MB a series)", **_MEMORY},
    ),
}  # fmt: skip
"""By name: the benchmark, which of its rows, and the columns with their headings."""


def filled(page: str, results: Path = RESULTS) -> str:
    """Return a page with its tables written from the JSON files in `results`.

    A table stands between ``<!-- table: NAME, DEVICE -->`` and ``<!-- end of table -->``, NAME one of `TABLES`, or
    ``estimates`` or ``growth``, which are worked out from several.

    Raises
    ------
    FileNotFoundError
        If a benchmark that a table is of has not been run on that device.
    """
    return _MARKED.sub(lambda found: f"{found[1]}{_table(found['name'], found['device'], results)}\n{found[4]}", page)


def _table(name: str, device: str, results: Path) -> str:
    if name == "estimates":
        return markdown(estimates.rows(results, device), estimates.COLUMNS)
    if name == "growth":
        return markdown(growth.rows(results, device), growth.COLUMNS)
    benchmark, wanted, columns = TABLES[name]
    measured = json.loads((results / f"{benchmark}_{device}.json").read_text(encoding="utf-8"))
    rows = [row for row in measured["rows"] if wanted(row)]
    columns = {key: heading for key, heading in columns.items() if any(row.get(key) is not None for row in rows)}
    return f"{markdown(rows, columns)}\n\n{_machine(measured['machine'])}"


def _machine(about: dict) -> str:
    """Return one line on what a table was measured with."""
    where = f"{about['cpu']}, {about['cores']} cores, {about['memory_gb']} GB, load {about['load']}"
    cuda = f"; {about['cuda_device']}" if about["cuda_device"] else ""
    note = " Other work slowed it down." if slowed(about) else ""
    return f"*{where}{cuda}; torch {about['torch']}; {about['date']}; commit {about['commit']}.{note}*"


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"written: {PAGE.relative_to(PAGE.parents[1])}")
