"""What the suite adds to the work of its notebooks: imports, options, and run_all.sh's own time.

python -m benchmarks.startup [--tiny]
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from benchmarks import measure
from selip_core._utils.files import read_json, write_json

ROOT = Path(__file__).parents[1]
NOTEBOOKS = 9
PROFILE = "smoke"
_CELLS = (
    'profile = "smoke"\nseed = 0\ncohort = "embedded"\ndevice = "auto"',
    "from selip_core.pipeline.run import start_run\n\n"
    'run = start_run("{name}", profile=profile, seed=seed, cohort=cohort, device=device)  # after "{before}"',
    "run.finish()",
)
"""A notebook that starts and finishes a run, as all do, and works on nothing; after the one before, not beside it."""


def seconds_of(command: list[str], repeats: int, root: Path = ROOT) -> float:
    """Return the shortest wall time of a command: other work only makes it longer."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SELIP_ROOT": str(root)}
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
        taken.append(time.perf_counter() - started)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return min(taken)


def starting(repeats: int) -> list[dict]:
    """Time a bare Python, the import of the package, and the options of run_all.sh where its .venv is ready."""
    commands = {
        "python": [sys.executable, "-c", "pass"],
        "import selip_core": [sys.executable, "-c", "import selip_core"],
        "run_all.sh --help": ["bash", str(ROOT / "run_all.sh"), "--help"],
    }
    if not (ROOT / ".venv" / "selip.stamp").exists():  # it would install the packages first
        del commands["run_all.sh --help"]
    return [{"what": what, "seconds": seconds_of(command, repeats)} for what, command in commands.items()]


def running(notebooks: int) -> list[dict]:
    """Time run_all.sh over notebooks that work on nothing, and once more with all of them up to date."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _write_notebooks(root, notebooks)
        total = seconds_of(pipeline(), 1, root)
        executed = [json.loads(path.read_text(encoding="utf-8")) for path in root.glob("results/*/*/executed.ipynb")]
        again = seconds_of(pipeline(), 1, root)
    times = [kernel_and_cells(notebook) for notebook in executed]
    kernels, cells = (sum(part) for part in zip(*times, strict=True))
    own = total - kernels - cells
    row = {"what": "run_all.sh, notebooks of no work", "notebooks": notebooks, "seconds": total, "in_cells": cells,
           "kernel_starts": kernels, "own_seconds": own, "own_seconds_a_notebook": own / notebooks}  # fmt: skip
    return [row, {"what": "the same, all up to date", "notebooks": notebooks, "seconds": again, "own_seconds": again}]


def skipping(repeats: int) -> list[dict]:
    """Time run_all.sh where a whole smoke run of the suite stands; without one there is no row."""
    runs = sorted(path.parent for path in (ROOT / "results" / PROFILE).glob("*/executed.ipynb"))
    if len(runs) < NOTEBOOKS:
        return []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copytree(ROOT / "notebooks", root / "notebooks")
        for run in runs:
            _copy_as_current(run, root / "results" / PROFILE / run.name)
        seconds = seconds_of(pipeline(), repeats, root)
    return [{"what": "run_all.sh, the smoke run up to date", "notebooks": len(runs), "seconds": seconds,
             "own_seconds": seconds}]  # fmt: skip


def pipeline() -> list[str]:
    """Return the command that run_all.sh ends in, for the profile that is timed."""
    return [sys.executable, "-m", "selip_core.pipeline", "--profile", PROFILE]


def kernel_and_cells(notebook: dict) -> tuple[float, float]:
    """Return the seconds that an executed notebook waited for its kernel, and those that its cells took."""
    cells = [cell["metadata"]["papermill"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    started, first = (datetime.fromisoformat(about["start_time"]) for about in (notebook["metadata"]["papermill"],
                                                                                cells[0]))  # fmt: skip
    return (first - started).total_seconds(), sum(cell["duration"] for cell in cells)


def _write_notebooks(root: Path, notebooks: int) -> None:
    for number in range(1, notebooks + 1):
        name = f"{number:02d}_nothing"
        text = [cell.replace("{name}", name).replace("{before}", f"{number - 1:02d}_nothing") for cell in _CELLS]
        cells = [{"cell_type": "code", "id": f"cell-{i}", "metadata": {"tags": ["parameters"]} if i == 0 else {},
                  "execution_count": None, "outputs": [], "source": source}
                 for i, source in enumerate(text)]  # fmt: skip
        write_json(root / "notebooks" / f"{name}.ipynb",
                   {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})  # fmt: skip


def _copy_as_current(run: Path, copy: Path) -> None:
    """Copy what the report is made of, as a run of the present code, so that it is skipped."""
    from selip_core.pipeline.records import run_inputs

    copy.mkdir(parents=True)
    for name in ("executed.ipynb", "metrics.json"):
        shutil.copy2(run / name, copy / name)
    record = read_json(run / "run.json") or {}
    brats = {"brats": "embedded"} if "brats" in record["inputs"] else {}
    inputs = run_inputs(run.name, profile=PROFILE, seed=0, cohort="embedded", **brats)
    write_json(copy / "run.json", {**record, "inputs": inputs, "upstream": {}, "by_pipeline": True, "finished": True})


def main(words: list[str] | None = None) -> None:
    options = measure.parser(__doc__.splitlines()[0]).parse_args(words)
    repeats, notebooks = (1, 1) if options.tiny else (3, NOTEBOOKS)
    rows = starting(repeats)
    if importlib.util.find_spec("papermill"):  # a CUDA machine may do without notebooks
        rows += running(notebooks) + skipping(repeats)
    measure.report("startup", rows, device=options.device, out=options.out)


if __name__ == "__main__":
    main()
