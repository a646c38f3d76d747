import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from selip_core.errors import SelipError
from selip_core.pretraining.checkpoints import load_checkpoint, save_checkpoint
from tests.helpers.killed_run import CHANGES
from tests.helpers.places import ROOT, TESTS
from tests.helpers.small_runs import fresh_model, run


def save(folder, step):
    return save_checkpoint(folder, {"a": torch.full((2,), float(step))}, {"step": step})


def step_of(folder):
    tensors, state = load_checkpoint(folder)
    assert torch.equal(tensors["a"], torch.full((2,), float(state["step"])))
    return state["step"]


def test_the_newest_two_are_kept(tmp_path):
    for step in (1, 2, 3):
        save(tmp_path, step)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["last", "previous"]
    assert step_of(tmp_path) == 3
    shutil.rmtree(tmp_path / "last")
    assert step_of(tmp_path) == 2


def test_an_interrupted_checkpoint_leaves_the_old_one(tmp_path, monkeypatch):
    save(tmp_path, 1)
    full = lambda *a: (_ for _ in ()).throw(OSError("no space left"))  # noqa: E731
    monkeypatch.setattr("selip_core.pretraining.checkpoints.save_file", full)
    with pytest.raises(SelipError, match="no space left.*free some space"):
        save(tmp_path, 2)
    assert not list(tmp_path.glob(".last.partial"))
    assert step_of(tmp_path) == 1


@pytest.mark.parametrize("renames", [0, 1, 2])
def test_a_writer_killed_between_renames_leaves_a_whole_checkpoint(tmp_path, monkeypatch, renames):
    save(tmp_path, 1)
    save(tmp_path, 2)
    original, done = Path.rename, []

    def killed(self, target):
        if len(done) == renames:
            raise KeyboardInterrupt
        done.append(target)
        return original(self, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "rename", killed)
        save(tmp_path, 3)
    assert step_of(tmp_path) == 2
    save(tmp_path, 3)
    assert step_of(tmp_path) == 3 and sorted(p.name for p in tmp_path.iterdir()) == ["last", "previous"]


@pytest.mark.parametrize("file", ["state.json", "state.safetensors"])
def test_previous_is_used_where_last_cannot_be_read(tmp_path, capsys, file):
    save(tmp_path, 1)
    (save(tmp_path, 2) / file).write_bytes(b"half")
    assert step_of(tmp_path) == 1
    said = capsys.readouterr().out
    assert "last cannot be read" in said and "continuing from previous, step 1" in said


def test_checkpoints_that_cannot_be_read_are_named(tmp_path):
    for step in (1, 2):
        save(tmp_path, step)
    for name in ("last", "previous"):
        (tmp_path / name / "state.safetensors").write_bytes(b"half")
    with pytest.raises(SelipError, match="last cannot be read.*previous cannot be read.*delete .* to start over"):
        load_checkpoint(tmp_path)


def test_a_broken_checkpoint_costs_the_steps_since_the_one_before(tmp_path, capsys):
    whole, _ = run(tmp_path / "whole")
    run(tmp_path / "cut")
    (tmp_path / "cut" / "last" / "state.safetensors").write_bytes(b"half")
    resumed, done = run(tmp_path / "cut", model=fresh_model(seed=99))
    assert "continuing from previous, step 8" in capsys.readouterr().out
    assert done.steps["step"].tolist() == list(range(1, 13))
    assert all(torch.equal(value, resumed.state_dict()[name]) for name, value in whole.state_dict().items())


@pytest.mark.skipif(os.name != "posix", reason="no kill -9")
@pytest.mark.slow
def test_a_run_killed_at_a_random_moment_ends_with_the_weights_of_the_uninterrupted_one(tmp_path):
    moment = random.SystemRandom()  # another one each time; a failure says which
    step, wait = moment.randrange(3, 25), moment.uniform(0, 0.05)
    folder = tmp_path / "cut"
    process = subprocess.Popen(
        [sys.executable, TESTS / "helpers" / "killed_run.py", folder], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    try:
        begun = next(int(line) for line in process.stdout if int(line) == step)
        time.sleep(wait)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as in the killed run: sums of other order differ in the last bit
    try:
        whole, _ = run(tmp_path / "whole", **CHANGES)
        _, state = load_checkpoint(folder)
        resumed, done = run(folder, model=fresh_model(seed=99), **CHANGES)
    finally:
        torch.set_num_threads(threads)
    assert begun - 4 <= state["step"] < 40, f"killed {wait:.3f} s into step {step}"
    assert done.steps["step"].tolist() == list(range(1, 41))
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), f"{name}; killed {wait:.3f} s into step {step}"
