"""Throw-away notebooks in a project of their own, which take the pipeline about a second each."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PARAMETERS = 'profile = "demo"\nseed = 0\ncohort = "embedded"\ndevice = "auto"'
GIVEN = {"profile": "smoke", "seed": 0, "cohort": "embedded", "device": "cpu"}
SMOKE = ["--profile", "smoke", "--device", "cpu"]
# What start_run and finish leave, without importing torch: each throw-away notebook then takes about a second.
QUICK_START = """
from selip_core.pipeline import paths
from selip_core.pipeline import records
from selip_core._utils import files
inputs = records.run_inputs("{name}", profile=profile, seed=seed, cohort=cohort)
folder = paths.results_dir(profile, "{name}")
upstream = files.read_json(paths.results_dir(profile, "{upstream}") / "run.json") if "{upstream}" else None
record = dict(inputs=inputs, by_pipeline=True, device="cpu", peak_memory_mb=1, peak_memory_children_mb=1, seed=seed,
              upstream=dict([("{upstream}", upstream["run_id"])]) if upstream else dict(), data_source="a test")
files.write_json(folder / "run.json", dict(record, finished=False))
"""
QUICK_FINISH = """
import uuid
metric = dict(value=0.5, low=0.4, high=0.6, n=3, unit="", headline=True)
files.write_json(folder / "metrics.json", dict(metrics={"top 10": metric}))
files.write_json(folder / "run.json", dict(record, finished=True, run_id=uuid.uuid4().hex))
"""


def write_notebook(folder, name, body="1 + 1", *, upstream="", parameters=PARAMETERS, finish=QUICK_FINISH, tagged=True):
    tags = {"tags": ["parameters"]} if tagged else {}
    cells = [
        new_markdown_cell(f"# {name}"),
        new_code_cell(parameters, metadata=tags),
        new_code_cell(QUICK_START.replace("{name}", name).replace("{upstream}", upstream)),
        new_code_cell(body),
        new_code_cell(finish),
    ]
    path = folder / "notebooks" / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=cells), path)
    return path


def states(out):
    """Return the words after each notebook: skipped, running (why), done."""
    return [line.split("  ", 1)[1].strip() for line in out.splitlines() if line.startswith("[")]
