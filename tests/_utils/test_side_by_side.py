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

CPU = torch.device("cpu")


@pytest.fixture
def two_threads(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)


def where(item):
    return item, os.getpid(), torch.get_num_threads(), is_beside_others()


def blas_threads(item):
    import scipy.linalg  # noqa: F401 - its BLAS is another one than numpy's, and is loaded when a job asks for it

    return {pool["num_threads"] for pool in threadpoolctl.threadpool_info()}


def test_long_work_goes_to_processes_that_share_the_threads(two_threads):
    found = list(side_by_side(where, range(5), steps=LEAST_STEPS, device=CPU, task="a task"))
    assert [item for item, *_ in found] == list(range(5))
    assert os.getpid() not in {pid for _, pid, _, _ in found}
    assert {(threads, beside) for *_, threads, beside in found} == {(1, True)}


def test_libraries_that_have_threads_of_their_own_share_them_too(two_threads, monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")  # as many as a machine of two has by itself
    found = list(side_by_side(blas_threads, range(2), steps=LEAST_STEPS, device=CPU, task="a task"))
    assert found == [{1}, {1}]  # two processes of two threads each took six times as long


@pytest.mark.parametrize(
    ("steps", "device", "threads"), [(LEAST_STEPS - 1, "cpu", 2), (LEAST_STEPS, "cuda", 2), (LEAST_STEPS, "cpu", 1)]
)
def test_short_work_a_gpu_and_a_single_thread_stay_in_this_process(monkeypatch, steps, device, threads):
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    found = list(side_by_side(where, range(3), steps=steps, device=torch.device(device), task="a task"))
    assert {(pid, beside) for _, pid, _, beside in found} == {(os.getpid(), False)}


def test_an_interrupt_does_not_wait_for_a_training(tmp_path):
    script = tmp_path / "long.py"
    script.write_text(
        "import time, torch\nfrom selip_core._utils.side_by_side import side_by_side\n"
        "if __name__ == '__main__':\n    torch.set_num_threads(2)\n    print('begun', flush=True)\n"
        "    list(side_by_side(time.sleep, [60, 60], steps=10**6, device=torch.device('cpu'), task='a task'))\n",
        encoding="utf-8",
    )  # fmt: skip
    process = subprocess.Popen([sys.executable, script], start_new_session=True, text=True, stderr=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.getcwd()})  # fmt: skip
    process.stdout.readline()
    time.sleep(8)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=20) != 0
