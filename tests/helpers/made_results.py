"""A made folder of results: what the notebooks of one whole run leave, as far as the results page reads it."""

from pathlib import Path

import pandas as pd
from PIL import Image, PngImagePlugin

from selip_core._utils.files import write_json, write_text
from selip_core.downstream import answer
from selip_core.downstream.ablation_tables import SCORES
from selip_core.downstream.answer import METHODS
from selip_core.downstream.learning_curve_tables import CURVES
from selip_core.downstream.study_tables import STUDY
from selip_core.downstream.summary import DIFFERENCES
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
    """Write a whole run, with an answer, differences, retrieval by study, learning curves, variants and a figure."""
    for notebook in NOTEBOOKS:
        write_run(results, notebook)
    summary, ablation = results / "09_summary", results / "08_ablation"
    nan, about = float("nan"), {"data_source": "a made cohort"}
    _write(summary / "tables" / "answer.csv", answer.COLUMNS, [
        {"outcome": "findings recall@10", "method": m, "value": 0.4, "low": 0.35, "high": 0.45, "n": 90, **about}
        for m in METHODS
    ])  # fmt: skip
    _write(summary / "tables" / "differences.csv", DIFFERENCES, [
        {"group": "image to text", "share": 1.0, "outcome": o, "comparison": "SeLIP − CLIP", "difference": -0.05,
         "low": low, "high": -0.01, "p": p, "test": "sign flips", "p_holm": 4 * p, "p_planned": planned,
         "significant": planned == 0.02, "n": 90, **about}
        for o, low, p, planned in (("findings recall@10", -0.09, 0.02, 0.02), ("a few", nan, nan, nan))
    ])  # fmt: skip
    _write(ablation / "tables" / "learning_curves.csv", [*CURVES, "data_source"], [
        {"method": m, "fraction": f, "training_patients": 800 * f, "measure": "findings recall@10", "value": f / 2,
         "low": f / 2 - 0.05, "high": f / 2 + 0.05, "labels": nan, "seeds": 3, "queries": 90, "patients": 40,
         "note": "", **about}
        for f in (0.25, 1.0) for m in ("constant answer", "CLIP", "SeLIP")
    ])  # fmt: skip
    _write(ablation / "tables" / "scores.csv", [*SCORES, "data_source"], [
        {"variant": v, "measure": "findings recall@10", "value": 0.31234567, "low": 0.29, "high": 0.33, "difference": d,
         "difference_low": d - 0.02, "difference_high": d + 0.02, "p": abs(d), "test": "sign flips", "p_holm": abs(d),
         "patients": 40, "seeds": seeds, "note": "", **about}
        for v, d, seeds in (("SeLIP", nan, 3), ("syntax only", -0.03, 1))
    ])  # fmt: skip
    _write(results / "05_image_text_retrieval" / "tables" / "study.csv", [*STUDY, "data_source"], [
        {"direction": "study to report", "measure": "findings recall@10", "method": m, "fusion": way, "series": "",
         "value": v, "low": v - 0.05, "high": v + 0.05, "queries": 40, "patients": 40, "note": "", **about}
        for m, way, v in (("constant answer", "constant answer", 0.1), ("scratch", "mean of series", 0.05),
                          ("SeLIP", "learned fusion", 0.5), ("SeLIP", "best single series", 0.3))
    ])  # fmt: skip
    write_text(summary / "answer.md", "The numbers refute it.\n\nThe models read the image.\n")
    write_text(summary / "claims.md", "Data: a made cohort.\n\n**A claim**. Left open.\n")
    about = PngImagePlugin.PngInfo()
    about.add_text("Title", "A caption.")
    about.add_text("Source", "Data: a made cohort")
    (summary / "figures").mkdir()
    Image.new("RGB", (60, 40), "white").save(summary / "figures" / "answer.png", pnginfo=about)
    return results


def _write(path: Path, columns: list[str], rows: list[dict]) -> None:
    """Write a table that has the columns which the notebooks write, no more and no fewer."""
    assert set(rows[0]) == set(columns), f"{path.name}: {set(rows[0]) ^ set(columns)}"
    write_text(path, pd.DataFrame(rows, columns=columns).to_csv(index=False))
