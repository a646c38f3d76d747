import os
import socket
import subprocess
import sys

import numpy as np
import pytest
import torch

from selip_core.errors import SelipError
from selip_core.pretraining.augmentation import augment
from selip_core.pretraining.distributed import ALONE, Processes, joined_processes
from tests.helpers.places import ROOT, TESTS
from tests.helpers.small_batches import BATCH, assert_equal, batch, batch_normed, gradients, tiny
from tests.helpers.small_runs import fresh_model, run
from tests.helpers.two_processes import CASES, CHANGES


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Return what two gloo processes found, as torchrun would start them."""
    folder = tmp_path_factory.mktemp("two")
    common = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    search = {"PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    started = [
        subprocess.Popen(
            [sys.executable, TESTS / "helpers" / "two_processes.py", folder],
            env={**os.environ, **common, **search, "RANK": str(i), "LOCAL_RANK": str(i), "OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE, text=True,
        )
        for i in range(2)
    ]  # fmt: skip
    try:
        errors = [process.communicate(timeout=120)[1] for process in started]
    finally:
        for process in started:
            process.kill()
    assert [process.returncode for process in started] == [0, 0], "\n".join(errors)
    return [torch.load(folder / f"{i}.pt") for i in range(2)], folder


@pytest.mark.parametrize("case", CASES)
def test_two_processes_give_the_gradient_of_the_full_batch(two, case):
    (first, second), _ = two
    expected, _ = gradients(tiny(), None, case[1])
    assert_equal(first[str(case)], expected)
    assert all(torch.equal(first[str(case)][name], value) for name, value in second[str(case)].items())


def test_weights_of_two_processes_stay_equal_and_follow_the_single_one(two, tmp_path):
    (first, second), folder = two
    alone, done = run(tmp_path / "alone", model=fresh_model(seed=0), **CHANGES)
    for name, value in alone.state_dict().items():
        assert torch.equal(first["weights"][name], second["weights"][name]), name
        assert torch.allclose(first["weights"][name], value, atol=1e-3), name  # Adam turns rounding into whole steps
    assert first["losses"] == pytest.approx(done.steps["loss"].tolist(), abs=1e-4)
    assert first["validations"] == second["validations"]
    assert first["validations"] == pytest.approx(done.validations["loss"].tolist(), abs=1e-4)


def test_a_run_of_two_processes_is_continued_by_two_bit_for_bit_and_read_by_one(two):
    (first, second), folder = two
    alone, done = run(folder / "run", model=fresh_model(seed=9), **CHANGES)
    assert len(done.steps) == 4
    for name, value in alone.state_dict().items():
        assert torch.equal(first["weights"][name], value)
        assert torch.equal(first["resumed"][name], value) and torch.equal(second["resumed"][name], value)


@pytest.mark.slow
def test_accelerate_launch_trains_the_same_weights(two, tmp_path):
    search = str(ROOT)
    given = ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no", "--num_processes", "2",
             "--multi_gpu", "--main_process_port", free_port()]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "accelerate.commands.launch", *given, TESTS / "helpers" / "two_processes.py", tmp_path],
        env={**os.environ, "PYTHONPATH": search, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1",
             "HF_HOME": str(tmp_path)},
        stderr=subprocess.PIPE, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for index, other in enumerate(two[0]):
        weights = torch.load(tmp_path / f"{index}.pt")["weights"]
        assert all(torch.equal(weights[name], value) for name, value in other["weights"].items())


@pytest.mark.parametrize("given", [{}, {"ACCELERATE_USE_CPU": "True", "MASTER_PORT": "29517"}, {"WORLD_SIZE": "1"},
                                   {"WORLD_SIZE": ""}])  # fmt: skip
def test_one_process_is_alone(monkeypatch, given):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert joined_processes("cpu") == ALONE


@pytest.mark.parametrize("given", [{"WORLD_SIZE": "4"}, {"WORLD_SIZE": "2", "RANK": "0"}, {"WORLD_SIZE": "x"}])
def test_a_world_that_nobody_started_is_named_and_not_waited_for(monkeypatch, given):
    for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SelipError, match=rf"WORLD_SIZE={given['WORLD_SIZE']} is set, but .*unset WORLD_SIZE"):
        joined_processes("cpu")


def test_running_statistics_of_batch_norm_are_averaged_over_processes(two):
    (first, second), _ = two
    volumes, _ = batch()
    found = []
    for index in range(2):
        encoder = batch_normed().image_encoder.train()
        encoder(volumes[Processes(index, 2).share(BATCH)])
        found.append(encoder.net[1].running_mean)
    assert torch.equal(first["statistics"], second["statistics"])
    assert torch.allclose(first["statistics"], (found[0] + found[1]) / 2, atol=1e-7)


@pytest.mark.parametrize(("size", "count"), [(8, 2), (7, 2), (10, 4), (3, 3)])
def test_shares_make_up_the_batch(size, count):
    shares = [np.arange(size)[Processes(i, count).share(size)] for i in range(count)]
    assert np.concatenate(shares).tolist() == list(range(size))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert np.arange(size)[ALONE.share(size)].tolist() == list(range(size))


def test_fewer_pairs_than_processes_is_an_error():
    with pytest.raises(SelipError, match="a batch of 2 cannot be shared by 3 processes"):
        Processes(0, 3).share(2)


def test_a_share_is_augmented_as_in_the_whole_batch():
    volumes = torch.rand(9, 1, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    whole = augment(volumes, torch.Generator().manual_seed(5))
    share = slice(4, 7)
    part = augment(volumes[share], torch.Generator().manual_seed(5), share=share, batch_size=9)
    assert torch.allclose(part, whole[share], atol=1e-6) and not torch.equal(part, volumes[share])
