"""The exponents are those of the measurements, and the committed ones can be drawn."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pytest

from benchmarks import embedded_cohort, growth, measure
from tests.benchmarks.test_measures import MACHINE, here


def test_the_exponent_of_a_power_is_found():
    sizes = np.array([10.0, 20, 80])
    assert growth.exponent(sizes, 3 * sizes**1.5) == pytest.approx(1.5)


def test_a_cost_takes_its_own_rows_by_size(tmp_path):
    rows = [{"what": "pretraining step", "encoder": "small", "variant": variant, "shape": shape, "batch": batch,
             "seconds_a_step": seconds}
            for variant, shape, batch, seconds in (
                ("float32", "16×48×40", 32, 4.0), ("float32", "16×48×40", 8, 1.0), ("bfloat16", "16×48×40", 8, 9.0),
                ("float32", "16×96×80", 8, 5.0), ("float32", "16×48×40", 64, None))]  # fmt: skip
    (tmp_path / "training_cpu.json").write_text(json.dumps({"machine": MACHINE, "rows": rows}), encoding="utf-8")
    batch, voxels = (cost for cost in growth.COSTS if cost.benchmark == "training")
    assert [part.tolist() for part in growth.measured(batch, tmp_path)] == [[8, 32], [1, 4]]
    assert [part.tolist() for part in growth.measured(voxels, tmp_path)] == [[30720, 122880], [1, 5]]


def test_the_cohort_is_timed(tmp_path, monkeypatch):
    monkeypatch.setattr(measure, "in_child", here)
    embedded_cohort.main(["--tiny", "--out", str(tmp_path)])
    written = json.loads((tmp_path / "embedded_cohort_cpu.json").read_text(encoding="utf-8"))
    assert [row["patients"] for row in written["rows"]] == [1, 2, 3]
    assert all(row["seconds"] > 0 and row["mb_a_patient"] > 0 for row in written["rows"])


def test_the_committed_measurements_are_drawn_and_in_the_table():
    rows = growth.rows()
    assert [row["cost"] for row in rows] == [cost.name for cost in growth.COSTS]
    assert all(row["points"] >= 3 and 0.2 < row["exponent"] < 3 for row in rows)
    figure = growth.figure()
    assert [axis.get_title().split("exponent ")[1] for axis in figure.axes] == [f"{r['exponent']:.2f}" for r in rows]
    plt.close(figure)
