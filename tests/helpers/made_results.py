"""A made folder of results: what the notebooks of one whole run leave, as far as the results page reads it."""

from pathlib import Path

import pandas as pd
from PIL import Image, PngImagePlugin

from selip_core._utils.files import write_json, write_text
from selip_core.downstream.answer import METHODS
from tests.helpers.places import ROOT

NOTEBOOKS = [path.stem for path in sorted((ROOT / "notebooks").glob("0*.ipynb"))]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def write_run(results: Path, notebook: str, **changes) -> None:
    """Write ``run.json`` of a notebook; the summary reads all others."""
    upstream = {name: f"run of {name}" for name in NOTEBOOKS if name != notebook} if notebook == "09_summary" else {}
    record = {
        "notebook": notebook, "finished": True, "run_id": f"run of {notebook}", "profile": "study", "seed": 0,
        "cohort": "embedded", "data_source": "a made cohort", "settings": {"n_seeds": 3}, "upstream": upstream,
        "git": COMMIT, "device": "cpu", "device_name": "x86_64", "versions": {"python": "3.11", "torch": "2.13"},
        "written_at": "2025-06-01T10:00:00+00:00", "duration_s": 720.0, "peak_memory_mb": 1024.0,
        "peak_memory_children_mb": 512.0,
    }  # fmt: skip
    write_json(results / notebook / "run.json", {**record, **changes})


def make_results(results: Path) -> Path:
    """Write a whole run, with an answer, differences, learning curves, variants and a figure."""
    for notebook in NOTEBOOKS:
        write_run(results, notebook)
    summary, ablation = results / "09_summary", results / "08_ablation"
    tables = {
        summary / "tables" / "answer.csv": [
            {"outcome": "findings recall@10", "method": m, "value": 0.4, "low": 0.35, "high": 0.45, "n": 90}
            for m in METHODS
        ],
        summary / "tables" / "differences.csv": [
            {"group": "image to text", "share": 1.0, "outcome": o, "comparison": "SeLIP − CLIP", "difference": -0.05,
             "low": low, "high": -0.01, "p": p, "test": "sign flips", "p_holm": p, "significant": p == 0.01, "n": 90}
            for o, low, p in (("findings recall@10", -0.09, 0.01), ("a few", None, None))
        ],
        ablation / "tables" / "learning_curves.csv": [
            {"method": m, "fraction": f, "training_patients": 800 * f, "measure": "findings recall@10", "value": f / 2,
             "low": f / 2 - 0.05, "high": f / 2 + 0.05, "seeds": 3}
            for f in (0.25, 1.0) for m in ("constant answer", "CLIP", "SeLIP")
        ],
        ablation / "tables" / "scores.csv": [{"variant": "syntax only", "score": "recall", "value": 0.31234567}],
    }  # fmt: skip
    for path, rows in tables.items():
        write_text(path, pd.DataFrame(rows).assign(data_source="a made cohort").to_csv(index=False))
    write_text(summary / "answer.md", "The numbers refute it.\n\nThe models read the image.\n")
    write_text(summary / "claims.md", "Data: a made cohort.\n\n**A claim**. Left open.\n")
    about = PngImagePlugin.PngInfo()
    about.add_text("Title", "A caption.")
    about.add_text("Source", "Data: a made cohort")
    (summary / "figures").mkdir()
    Image.new("RGB", (60, 40), "white").save(summary / "figures" / "answer.png", pnginfo=about)
    return results
