"""Trainings side by side: as if one after the other, with the threads shared out, and quick to interrupt."""

import os
import signal
import subprocess
import sys
import time

import pytest
import threadpoolctl
import torch

from selip_core._utils.side_by_side import LEAST_STEPS, is_beside_others, side_by_side
from tests.helpers.places import ROOT

CPU = torch.device("cpu")


@pytest.fixture
def two_threads(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)


def where(item):
    import scipy.linalg  # noqa: F401 - its BLAS is another one than numpy's, and is loaded when a job asks for it

    of_blas = {pool["num_threads"] for pool in threadpoolctl.threadpool_info()}
    return item, os.getpid(), torch.get_num_threads(), is_beside_others(), of_blas


def test_long_work_goes_to_processes_that_share_the_threads(two_threads, monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")  # as many as a machine of two has by itself
    found = list(side_by_side(where, range(5), steps=LEAST_STEPS, device=CPU, task="a task"))
    assert [item for item, *_ in found] == list(range(5))
    assert os.getpid() not in {pid for _, pid, *_ in found}
    assert {(threads, beside) for _, _, threads, beside, _ in found} == {(1, True)}
    # two processes of two threads of BLAS each took six times as long
    assert [of_blas for *_, of_blas in found] == [{1}] * 5


@pytest.mark.parametrize(
    ("steps", "device", "threads"), [(LEAST_STEPS - 1, "cpu", 2), (LEAST_STEPS, "cuda", 2), (LEAST_STEPS, "cpu", 1)]
)
def test_short_work_a_gpu_and_a_single_thread_stay_in_this_process(monkeypatch, steps, device, threads):
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    found = list(side_by_side(where, range(3), steps=steps, device=torch.device(device), task="a task"))
    assert {(pid, beside) for _, pid, _, beside, _ in found} == {(os.getpid(), False)}


def test_an_interrupt_does_not_wait_for_a_training(tmp_path):
    script = tmp_path / "long.py"
    script.write_text(
        "import time, torch\nfrom pathlib import Path\nfrom selip_core._utils.side_by_side import side_by_side\n"
        "def train(name):\n    Path(name).touch()\n    time.sleep(60)\n"
        "if __name__ == '__main__':\n    torch.set_num_threads(2)\n"
        "    list(side_by_side(train, ['a', 'b'], steps=10**6, device=torch.device('cpu'), task='a task'))\n",
        encoding="utf-8",
    )  # fmt: skip
    process = subprocess.Popen([sys.executable, script], start_new_session=True, stderr=subprocess.DEVNULL,
                               cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
    until = time.monotonic() + 120
    while not all((tmp_path / name).exists() for name in "ab"):
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=20) != 0
