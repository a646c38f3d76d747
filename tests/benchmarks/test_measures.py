import json
import os
import subprocess
import sys
import time

import pytest
import torch

from benchmarks import (
    embedding,
    largest_batch,
    loader,
    machine,
    measure,
    models,
    released_step,
    retrieval,
    similarity,
    tables,
    training,
)
from tests.helpers.places import ROOT

MACHINE = {"cpu": "A CPU", "cores": 2, "memory_gb": 8.0, "load": 1.0, "cuda_device": None, "torch": "2",
           "date": "today", "commit": "abc"}  # fmt: skip
MODULES = [embedding, largest_batch, loader, released_step, retrieval, similarity, training]


def here(job, *, threads, limit_s=None, **arguments):
    """Run a job in this process: the tests ask whether the commands run, not how fast."""
    return {**job(**arguments), "threads": threads, "peak_memory_mb": measure.peak_memory_mb()}


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__.split(".")[1])
def test_a_benchmark_runs_at_a_tiny_size_and_writes_json(module, device, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(measure, "in_child", here)
    module.main(["--tiny", "--device", device, "--out", str(tmp_path)])
    name = module.__name__.split(".")[1]
    written = json.loads((tmp_path / f"{name}_{device}.json").read_text(encoding="utf-8"))
    assert written["benchmark"] == name
    assert {"cpu", "cores", "memory_gb", "load", "os", "python", "torch", "commit", "date"} <= set(written["machine"])
    assert all(row["threads"] == 1 for row in written["rows"])
    assert measure.markdown(written["rows"]) in capsys.readouterr().out


def test_the_released_way_and_ours_give_the_same_similarity_and_features(tmp_path):
    """Padding changes no feature, and the loops give the similarity that the engine gives: only the time differs."""
    texts = ["在左侧额叶表现为高信号", "在右侧小脑表现为片状稍高信号影，在左侧额叶表现为高信号"]
    found = {}
    for way, prepare in released_step._PREPARED.items():
        model, pairs = models.model_and_pairs("small", "small", (6, 16, 16), 2, "cpu", tmp_path / way)
        folder = tmp_path / f"files of {way}"
        folder.mkdir()
        _, similarity, _ = prepare(model, pairs, texts, (6, 16, 16), folder, "cpu")
        found[way] = similarity(texts), model.eval().encode_text(texts)
    (loops, padded), (engine, ours) = (found[way] for way in released_step.WAYS)
    assert torch.allclose(loops, engine, atol=1e-6) and torch.allclose(padded, ours, atol=1e-5)


def held(megabytes):
    block = bytearray(megabytes * 2**20)
    return {"sum": sum(block[:: 2**20])}


@pytest.mark.slow
def test_a_child_reports_what_it_held_and_not_what_its_parent_held():
    small, large = (measure.in_child(held, threads=1, megabytes=mb) for mb in (1, 200))
    assert 150 < large["peak_memory_mb"] - small["peak_memory_mb"] < 250
    assert large["sum"] == 0 and large["threads"] == 1


def slow(seconds):
    time.sleep(seconds)
    return {}


def dies():
    os._exit(3)


def fails(message):
    raise ValueError(message)


@pytest.mark.slow
def test_a_child_that_takes_too_long_or_dies_or_fails_is_an_error():
    with pytest.raises(TimeoutError, match="slow took longer than 1 s"):
        measure.in_child(slow, threads=1, limit_s=1, seconds=60)
    with pytest.raises(RuntimeError, match=r"dies ended without a result \(exit code 3\)"):
        measure.in_child(dies, threads=1)
    with pytest.raises(ValueError, match="no volumes"):
        measure.in_child(fails, threads=1, message="no volumes")


def test_a_step_that_takes_too_long_is_a_row_that_says_so(monkeypatch):
    def late(job, **_):
        raise TimeoutError

    monkeypatch.setattr(measure, "in_child", late)
    setting = {**training.default_setting("cpu", tiny=True), "variant": "float32", "threads": 1}
    row = training._timed(setting, device="cpu")
    assert row["seconds_a_step"] is None and row["note"] == "given up after 90 s" and row["shape"] == "6×16×16"


@pytest.mark.parametrize(("load", "marked"), [(2.5, False), (2.6, True), (None, False)])
def test_a_run_on_a_busy_machine_is_marked(load, marked, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(measure, "describe", lambda device: {**MACHINE, "cores": 2})
    monkeypatch.setattr(measure, "load_now", lambda: None)
    rows = [{"gallery": 10, "load": load and load - 1}, {"gallery": 20, "load": load and load + 1}, {"gallery": 30}]
    path = measure.report("retrieval", rows, device="cpu", out=tmp_path)
    about = json.loads(path.read_text(encoding="utf-8"))["machine"]
    assert about["load"] == load and about["slowed"] is marked
    page = tables.filled("<!-- table: retrieval, cpu -->\n<!-- end of table -->", tmp_path)
    assert ("Other work slowed it down." in page) is marked


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--steps", "1"], "'1' is no whole number of 2 or more"),
        (["--threads", "0"], "'0' is no whole number of 1 or more"),
        (["--shape", "1,2"], "'1,2' is no volume: give D,H,W"),
        (["--shape", "1,2,x"], "'x' is no whole number"),
        (["--variant", "float64"], "'float64' is none of float32, bfloat16, float16"),
        (["--variant", "float32 + chunks of 0"], "chunks of N"),
        (["--device", "gpu"], "'gpu' is none of cpu, cuda, cuda:N"),
        (["--device", "cuda:99"], "torch sees"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_measured(words, said, capsys):
    with pytest.raises(SystemExit, match="2"):
        training.main(words)
    assert said in capsys.readouterr().err


def test_a_batch_that_does_not_fit_is_a_row_that_says_so(monkeypatch):
    import torch

    def too_large(*_):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(training, "seconds_a_step", too_large)
    setting = training.default_setting("cpu", tiny=True)
    row = training.throughput(**setting, variant="float32", device="cpu")
    assert row["volumes_a_second"] is None
    assert "memory" in row["note"]


def test_a_variant_is_a_precision_and_ways_to_compute():
    assert training.settings_of("float32") == {"precision": "float32"}
    found = training.settings_of("bfloat16 + channels-last + compile + checkpointing + chunks of 8")
    assert found == {
        "precision": "bfloat16", "channels_last": True, "compile": True, "checkpointing": True, "chunk_size": 8,
    }  # fmt: skip
    with pytest.raises(ValueError, match="'chunks of few' is none of"):
        training.settings_of("float32 + chunks of few")


@pytest.mark.parametrize("found", [None, "/usr/bin/cc"])
def test_a_step_that_cannot_be_compiled_is_a_row_that_says_so(found, monkeypatch):
    def fails(*_):
        raise RuntimeError("no backend\nand more")

    monkeypatch.setattr(training.shutil, "which", lambda name: found)
    monkeypatch.setattr(training, "seconds_a_step", fails)
    row = training.throughput(**training.default_setting("cpu", tiny=True), variant="float32 + compile", device="cpu")
    assert row["volumes_a_second"] is None
    assert row["note"] == ("torch.compile fails here: no backend" if found else training._no_compiler("cpu"))
    with pytest.raises(RuntimeError, match="no backend"):
        training.throughput(**training.default_setting("cpu", tiny=True), variant="float32", device="cpu")


@pytest.mark.parametrize(
    ("fits", "most", "expected"), [(100, 1024, 96), (3, 1024, 3), (0, 1024, 0), (5000, 1024, 1024), (1024, 600, 600)]
)
@pytest.mark.parametrize("card", [False, True])
def test_the_largest_batch_is_found_to_an_eighth(fits, most, expected, card):
    tried = []

    def took_of(batch):
        tried.append(batch)
        return None if card and batch > fits else 2 * batch

    found, took = largest_batch.largest(took_of, None if card else 2 * fits, first=32, most=most)
    assert found == expected and took == 2 * expected
    assert len(tried) == len(set(tried)) < 12 and max(tried) <= most


def test_operations_are_counted_without_computing_as_they_are_with(tmp_path):
    size = {"encoder": "small", "text": "small", "shape": (6, 16, 16), "batch": 4}
    counted = models.operations(**size)
    model, pairs = models.model_and_pairs(**size, device="cpu", folder=tmp_path)
    assert counted["tflop_a_pair"] == pytest.approx(models.flops_a_pair(model, pairs, 4) / 1e12)
    assert counted["parameters"] == sum(p.numel() for p in model.parameters())
    assert 0 < 2 * counted["tflop_image_forward"] < counted["tflop_a_pair"]


def test_flops_of_a_pair_are_those_of_the_layers_by_hand(tmp_path):
    import numpy as np
    import torch

    class Linear(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(8, 4)

        def encode_image(self, volumes):
            return self.layer(volumes)

        def encode_text(self, texts):
            return self.layer(torch.ones(len(texts), 8))

    class Ones:
        texts = ["a", "b", "c"]

        def load(self, picked):
            return torch.ones(len(np.asarray(picked)), 8)

    forward_and_weights = 2 * (2 * 8 * 4)  # no gradient is asked of the input
    assert models.flops_a_pair(Linear(), Ones(), 3) == 2 * forward_and_weights


def test_markdown_shows_numbers_and_leaves_gaps_empty():
    rows = [{"a": 20000, "b": 0.012345}, {"a": 12345.6, "c": "x"}]
    lines = ["| a | b | c |", "| --- | --- | --- |", "| 20,000 | 0.0123 |  |", "| 12,346 |  | x |"]
    assert measure.markdown(rows).split("\n") == lines


def test_missing_packages_are_named_with_the_command_that_brings_them(monkeypatch):
    monkeypatch.setattr(machine, "needed_packages", lambda: ["json", "no-such-package", "scikit-learn"])
    assert machine.missing_packages() == ["no-such-package"]


def test_what_is_needed_is_what_the_benchmarks_and_the_tests_of_each_device_import():
    needed = machine.needed_packages()
    wanted = {"torch", "transformers", "monai", "nibabel", "jieba", "nilearn", "pytest", "pyyaml", "lazy-loader"}
    assert wanted <= set(needed)
    assert not {"papermill", "jupyterlab", "IPython", "pydicom", "openpyxl", "ipyniivue", "os"} & set(needed)
    assert "test_measures.py" in [path.name for path in machine.device_tests()]


def test_a_package_that_only_a_function_imports_is_needed_too(tmp_path, monkeypatch):
    for folder in ("benchmarks", "tests", "selip_core"):
        (tmp_path / folder).mkdir()
    (tmp_path / "benchmarks" / "a.py").write_text("from selip_core import b\n")
    (tmp_path / "tests" / "conftest.py").write_text("import os\n")
    (tmp_path / "tests" / "test_c.py").write_text("import sklearn\ndef test_x(a, device):\n    pass\n")
    (tmp_path / "tests" / "test_d.py").write_text("import xlrd\ndef test_device(a):\n    pass\n")
    lines = ["def f():", "    from monai.nets import g", "def main():", "    import IPython"]
    (tmp_path / "selip_core" / "b.py").write_text("\n".join(lines))
    monkeypatch.setattr(machine, "ROOT", tmp_path)
    assert machine.needed_packages() == ["monai", "pytest", "scikit-learn"]


def test_run_sh_says_which_options_it_takes():
    run = subprocess.run(["bash", ROOT / "benchmarks/run.sh", "--help"], capture_output=True, text=True)
    assert run.returncode == 0 and "--python" in run.stdout


def test_run_sh_names_what_a_python_lacks(tmp_path):
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -I "$@"\n')
    bare.chmod(0o755)
    command = ["bash", ROOT / "benchmarks/run.sh"]
    run = subprocess.run([*command, "--python=./python"], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode != 0
    assert all(name in run.stderr for name in ("monai", "nibabel", "jieba", "nilearn", "wheels"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--device", "gpu"], "--device gpu is none of cpu, cuda, cuda:N"),
        (["--python", "./no/python"], "there is no program ./no/python"),
        (["--python"], "--python needs a value"),
    ],
)
def test_run_sh_says_what_it_cannot_take(words, said):
    run = subprocess.run(["bash", ROOT / "benchmarks/run.sh", *words], capture_output=True, text=True)
    assert run.returncode == 2 and said in run.stderr


def test_run_sh_tests_the_second_cuda_device_too(tmp_path):
    fake = tmp_path / "python"
    fake.write_text('#!/bin/sh\necho "called $*"\n')
    fake.chmod(0o755)
    command = ["bash", ROOT / "benchmarks/run.sh", "--tiny", "--device=cuda:1", "--python", "./python"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "== tests on CUDA" in run.stdout and "-m benchmarks.training --device cuda:1" in run.stdout
    assert "benchmarks.ingest" not in run.stdout


def test_tables_of_a_page_are_written_from_the_json(tmp_path):
    rows = [{"gallery": 1000, "queries": 5, "seconds": 0.25}]
    written = {"benchmark": "retrieval", "machine": MACHINE, "rows": rows}
    (tmp_path / "retrieval_cpu.json").write_text(json.dumps(written), encoding="utf-8")
    page = "before\n<!-- table: retrieval, cpu -->\nold\n<!-- end of table -->\nafter\n"
    once = tables.filled(page, tmp_path)
    assert "| 1,000 | 5 | 0.25 |" in once and "A CPU, 2 cores" in once and "old" not in once
    assert once.startswith("before\n") and once.endswith("\nafter\n")
    assert tables.filled(once, tmp_path) == once
