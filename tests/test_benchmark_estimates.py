import json

import pytest

from benchmarks import estimates


def write(folder, name, *rows):
    (folder / f"{name}.json").write_text(json.dumps({"rows": rows}), encoding="utf-8")


@pytest.fixture
def measured(tmp_path):
    """Round numbers of every benchmark that the estimates read."""
    fine, coarse = {"shape": "24×256×256"}, {"shape": "16×48×40"}
    speed = {"what": "preprocessing of x", "peak_memory_mb": 512}
    write(tmp_path, "ingest_cpu", {"series_a_second": 20, "processes": 2, "cohort_mb_a_series": 1})
    write(tmp_path, "embedding_cpu", {**speed, **coarse, "series_a_second": 99},
          {**speed, **fine, "series_a_second": 5},
          {"what": "search in words", "series": 10_000, "seconds": 0.1})  # fmt: skip
    corpus = {"what": "10 neighbours of each", "corpus": "embedded", "matching": "mean"}
    write(tmp_path, "similarity_cpu", {**corpus, "reports": 20_000, "peak_memory_mb": 400, "prepare_seconds": 1},
          {**corpus, "reports": 100_000, "peak_memory_mb": 480, "prepare_seconds": 2})  # fmt: skip
    count = {"what": "operations of a pair", "tflop_a_pair": 0.5, "tflop_image_forward": 0.2, "parameters": 2**28}
    step = {"what": "pretraining step", "seconds_a_step": 1, "shape": "x", "threads": 2, "peak_memory_mb": 1024}
    write(tmp_path, "training_cpu", count,
          {**step, "encoder": "small", "tflops_a_second": 0.1, "volumes_a_second": 100},
          {**step, "encoder": "resnet50", "tflops_a_second": 0.05, "volumes_a_second": 0.1})  # fmt: skip
    write(tmp_path, "training_cuda", count,
          {**step, "encoder": "resnet50", "tflops_a_second": 200, "peak_cuda_memory_mb": 40960},
          {**step, "encoder": "resnet50", "tflops_a_second": None, "seconds_a_step": None})  # fmt: skip
    return tmp_path


def test_an_estimate_is_what_was_measured_times_the_series(measured):
    of = {row["stage"]: row for row in estimates.rows(measured, "cpu") if row["studies"] == 10_000}
    assert of["ingest"]["one"] == estimates.duration(50_000 / 10) == "1.4 h"
    assert of["ingest"]["many"] == "0.087 h" and of["ingest"]["memory_gb"] == 8
    assert of["preprocessing"]["one"] == "2.8 h" and of["preprocessing"]["disk_gb"] == pytest.approx(50_000 * 3 / 1024)
    assert of["similarity, preparation"]["one"] == "1 s"
    assert of["similarity, preparation"]["memory_gb"] == pytest.approx((480 - 50) / 1024)
    trained = of["pretraining, 20 epochs"]
    assert trained["one"] == estimates.duration(20 * 50_000 * 0.5 / 100) and "assumed" in trained["basis"]
    assert trained["disk_gb"] == 7 and trained["memory_gb"] is None
    assert of["the same on this CPU"]["one"] == estimates.duration(20 * 50_000 * 0.5 / 0.05)
    assert of["the small model on this CPU"]["one"] == "2.8 h"
    assert of["embedding, from files"]["one"] == "2.8 h" and of["search, a query"]["one"] == "0.5 s"


def test_an_estimate_of_a_measured_gpu_takes_its_rate_and_assumes_none(measured):
    found = [row for row in estimates.rows(measured, "cuda") if row["studies"] == 1_000_000]
    trained = next(row for row in found if row["stage"].startswith("pretraining"))
    assert trained["one"] == estimates.duration(20 * 5_000_000 * 0.5 / 200) and trained["memory_gb"] == 40
    assert not any("assumed" in row["basis"] or "this CPU" in row["stage"] for row in found)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.123, "0.12 s"), (60, "0.017 h"), (7200, "2 h"), (360_000, "100 h (4 days)")]
)
def test_a_duration_is_said_in_fitting_units(seconds, said):
    assert estimates.duration(seconds) == said
