import json

import pytest

from benchmarks import startup, tables


def test_kernel_and_cells_are_told_apart():
    def cell(kind, start, duration):
        return {"cell_type": kind, "metadata": {"papermill": {"start_time": start, "duration": duration}}}

    cells = [cell("markdown", None, None), cell("code", "2026-01-01T10:00:01.5", 2.0), cell("code", "unused", 0.25)]
    notebook = {"metadata": {"papermill": {"start_time": "2026-01-01T10:00:00"}}, "cells": cells}
    assert startup.kernel_and_cells(notebook) == (1.5, 2.25)


@pytest.mark.slow
def test_start_up_is_timed_and_its_table_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(startup, "skipping", lambda repeats: [])
    startup.main(["--tiny", "--out", str(tmp_path)])
    rows = {row["what"]: row for row in json.loads((tmp_path / "startup_cpu.json").read_text(encoding="utf-8"))["rows"]}
    whole = rows["run_all.sh, notebooks of no work"]
    parts = whole["in_cells"] + whole["kernel_starts"] + whole["own_seconds"]
    assert parts == pytest.approx(whole["seconds"], rel=1e-2) and whole["notebooks"] == 1
    assert "in_cells" not in rows["the same, all up to date"]
    page = tables.filled("<!-- table: startup, cpu -->\n<!-- end of table -->", tmp_path)
    assert "| import selip_core |" in page and "imports and start of a run (s)" in page
