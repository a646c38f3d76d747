import json

import pytest

from benchmarks import estimates
from selip_core.config import get_settings
from selip_core.pretraining.methods import PRETRAINED


def write(folder, name, *rows, load=1.0):
    about = {"load": load, "cores": 2}
    (folder / f"{name}.json").write_text(json.dumps({"machine": about, "rows": rows}), encoding="utf-8")


COUNT = {"what": "operations of a pair", "tflop_a_pair": 0.5, "tflop_image_forward": 0.2, "parameters": 2**28}
STEP = {"what": "pretraining step", "seconds_a_step": 1, "shape": "x", "threads": 2, "peak_memory_mb": 1024,
        "variant": "float32"}  # fmt: skip
SEARCHES = [{"what": f"search in words, {how}", "series": 10_000, "seconds": s} for how, s in (("a", 9), ("b", 0.1))]


@pytest.fixture
def measured(tmp_path):
    """Round numbers of every benchmark that the estimates read."""
    fine, coarse = {"shape": "24×256×256"}, {"shape": "16×48×40"}
    speed = {"what": "preprocessing of x", "peak_memory_mb": 512}
    write(tmp_path, "ingest_cpu", {"series_a_second": 20, "processes": 2, "cohort_mb_a_series": 1})
    write(tmp_path, "embedding_cpu", {**speed, **coarse, "series_a_second": 99},
          {**speed, **fine, "series_a_second": 5}, *SEARCHES)  # fmt: skip
    corpus = {"what": "10 neighbours of each", "corpus": "embedded", "matching": "mean"}
    write(tmp_path, "similarity_cpu", {**corpus, "reports": 20_000, "peak_memory_mb": 400, "prepare_seconds": 1},
          {**corpus, "reports": 100_000, "peak_memory_mb": 480, "prepare_seconds": 2})  # fmt: skip
    write(tmp_path, "training_cpu", COUNT,
          {**STEP, "encoder": "small", "tflops_a_second": 0.1, "volumes_a_second": 100},
          {**STEP, "encoder": "resnet50", "tflops_a_second": 0.05, "volumes_a_second": 0.1})  # fmt: skip
    cuda = {**STEP, **fine, "encoder": "resnet50"}
    write(tmp_path, "training_cuda", COUNT, {**cuda, "tflops_a_second": 200, "peak_cuda_memory_mb": 40960},
          {**cuda, "tflops_a_second": None, "seconds_a_step": None},
          {**cuda, "shape": "24×128×128", "tflops_a_second": 300, "peak_cuda_memory_mb": 1})  # fmt: skip
    return tmp_path


def of_size(folder, device, studies):
    """Return the estimates of a size; those of pretraining in their order, under "run", "runs" and "epochs"."""
    rows = [row for row in estimates.rows(folder, device) if row["studies"] == studies]
    trained = [row for row in rows if row["stage"].startswith("pretraining")]
    return {row["stage"]: row for row in rows} | dict(zip(("run", "runs", "epochs"), trained, strict=True))


def test_an_estimate_is_what_was_measured_times_the_series(measured):
    of = of_size(measured, "cpu", 10_000)
    assert of["ingest"]["one"] == estimates.duration(50_000 / 10) == "1.4 h"
    assert of["ingest"]["many"] == "0.087 h" and of["ingest"]["memory_gb"] == pytest.approx(8 * 2**30 / 1e9)
    assert "memory that of preprocessing" in of["ingest"]["basis"]
    assert of["preprocessing"]["one"] == "2.8 h"
    assert of["preprocessing"]["disk_gb"] == pytest.approx(50_000 * 3 * 2**20 / 1e9)
    assert of["similarity, preparation"]["one"] == "1 s"
    assert of["similarity, preparation"]["memory_gb"] == pytest.approx((480 - 50) * 2**20 / 1e9)
    assert of["embedding, from files"]["one"] == "2.8 h" and of["search, a query"]["one"] == "0.5 s"


def test_pretraining_is_estimated_for_what_the_command_trains(measured):
    steps, batch = (getattr(get_settings("paper").pretraining, name) for name in ("steps", "batch_size"))
    for studies in (10_000, 1_000_000):
        of = of_size(measured, "cpu", studies)
        assert of["run"]["one"] == estimates.duration(steps * batch * 0.5 / 100)  # of any cohort
        assert of["runs"]["one"] == estimates.duration(3 * len(PRETRAINED) * steps * batch * 0.5 / 100)
        trained = studies * 5 * 0.68
        assert f"{steps:,} steps ({steps * batch / trained:.2g} epochs)" in of["run"]["stage"]
        assert of["epochs"]["one"] == estimates.duration(20 * trained * 0.5 / 100)
        assert of["epochs"]["stage"].endswith(f"`pretraining.steps` {round(20 * trained / batch):,}")
        assert "assumed" in of["run"]["basis"] and of["run"]["memory_gb"] is None
        assert of["run"]["disk_gb"] == pytest.approx(7 * 2**30 / 1e9)
        assert of["as many pairs of the small model on this CPU"]["one"] == estimates.duration(steps * batch / 100)


def test_eight_gpus_read_as_many_volumes_as_they_train(measured):
    volumes_a_second = 8 * 100 / 0.5
    assert of_size(measured, "cpu", 10_000)["run"]["read_mb_s"] == pytest.approx(volumes_a_second * 3 * 2**20 / 1e6)


def test_an_estimate_of_a_measured_gpu_takes_its_rate_at_the_volumes_of_the_profile(measured):
    of = of_size(measured, "cuda", 1_000_000)
    assert of["epochs"]["one"] == estimates.duration(20 * 3_400_000 * 0.5 / 200)
    assert of["epochs"]["memory_gb"] == pytest.approx(40 * 2**30 / 1e9)
    assert of["run"]["basis"] == "GPU measured at 24×256×256, float32"
    assert not any("assumed" in row["basis"] or "this CPU" in row["stage"] for row in of.values())


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_without_a_step_that_ran_a_gpu_is_assumed(measured, device):
    write(measured, f"training_{device}", COUNT, {**STEP, "encoder": "resnet50", "seconds_a_step": None})
    of = of_size(measured, device, 10_000)
    assert "GPU assumed" in of["run"]["basis"] and not any("this CPU" in stage for stage in of)


def test_an_estimate_from_a_run_that_other_work_slowed_down_says_so(measured):
    write(measured, "ingest_cpu", {"series_a_second": 20, "processes": 2, "cohort_mb_a_series": 1}, load=9.0)
    of = of_size(measured, "cpu", 10_000)
    assert "other work slowed it down" in of["ingest"]["basis"]
    assert of["preprocessing"]["basis"] == "measured"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.123, "0.12 s"), (60, "0.017 h"), (7200, "2 h"), (360_000, "100 h (4 days)")]
)
def test_a_duration_is_said_in_fitting_units(seconds, said):
    assert estimates.duration(seconds) == said
