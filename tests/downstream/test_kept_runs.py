"""What downstream trainings keep for the case that their notebook is interrupted."""

from pathlib import Path

import numpy as np
import pytest
import torch

from selip_core.downstream.kept_runs import KeptRuns, keep, read_kept
from selip_core.downstream.training import Budget, trained_runs

BUDGET = Budget(steps=1, batch_size=1, learning_rate=0.1)
RUNS = [(seed, Path("models") / name, np.arange(n)) for name in ("CLIP", "SeLIP") for seed in (0, 1) for n in (2, 5)]


class Trainer:
    """Stands for a training: says what it was asked for, and ends the notebook at the nth."""

    def __init__(self, interrupted_at=None):
        self.done, self.interrupted_at = [], interrupted_at

    def __call__(self, run):
        if len(self.done) == self.interrupted_at:
            raise KeyboardInterrupt
        self.done.append(run)
        seed, folder, picked = run
        return np.array([seed, len(folder.name), len(picked)], float)


def train(trainer, folder, *, budget=BUDGET, task="tumour", runs=RUNS):
    kept = None if folder is None else KeptRuns(folder)
    return trained_runs(trainer, runs, budget, task=task, device=torch.device("cpu"), kept=kept)


def test_an_interrupted_notebook_trains_what_is_left_and_finds_the_same(tmp_path, capsys):
    with pytest.raises(KeyboardInterrupt):
        train(Trainer(interrupted_at=3), tmp_path)
    again, alone = Trainer(), Trainer()
    found, expected = train(again, tmp_path), train(alone, None)
    assert np.array_equal(found, expected) and len(again.done) == len(RUNS) - 3
    assert [run[:2] for run in again.done] == [run[:2] for run in RUNS[3:]]
    assert "tumour: 3 of 8 trainings were finished before the notebook was interrupted" in capsys.readouterr().out
    last = Trainer()
    assert np.array_equal(train(last, tmp_path), expected) and not last.done


@pytest.mark.parametrize(
    "other",
    [{"task": "infarct"}, {"budget": Budget(steps=2, batch_size=1, learning_rate=0.1)},
     {"runs": [(seed, folder, picked + 1) for seed, folder, picked in RUNS]},
     {"runs": [(seed, "other" / folder, picked) for seed, folder, picked in RUNS]}],
    ids=["task", "budget", "patients", "models"],
)  # fmt: skip
def test_another_training_is_not_found(tmp_path, other):
    train(Trainer(), tmp_path)
    trainer = Trainer()
    train(trainer, tmp_path, **other)
    assert len(trainer.done) == len(RUNS)


def test_the_same_training_twice_in_a_notebook_is_two(tmp_path):
    def notebook(trainer):
        kept, found = KeptRuns(tmp_path), []
        for _ in range(2):
            found += trained_runs(trainer, RUNS, BUDGET, task="tumour", device=torch.device("cpu"), kept=kept)
        return found

    first, second = Trainer(), Trainer()
    assert np.array_equal(notebook(first), notebook(second)) and len(first.done) == 2 * len(RUNS) and not second.done


def test_a_model_that_was_trained_anew_in_the_same_folder_is_another(tmp_path):
    (tmp_path / "CLIP").mkdir()
    for weights in (b"first", b"second"):
        (tmp_path / "CLIP" / "model.safetensors").write_bytes(weights)
        trainer = Trainer()
        train(trainer, tmp_path / "kept", runs=[(0, tmp_path / "CLIP", np.arange(3))])
        assert len(trainer.done) == 1


DAMAGES = {
    "empty": lambda data: b"",
    "its head alone": lambda data: data[:40],
    "without its end": lambda data: data[:-30],
    "a byte of the middle": lambda data: data[: len(data) // 2] + b"\xff\x00\xff" + data[len(data) // 2 + 3 :],
    "zeros at the end": lambda data: data[: len(data) // 2] + bytes(len(data) - len(data) // 2),
}


@pytest.mark.parametrize("damaged", DAMAGES.values(), ids=DAMAGES)
def test_half_a_result_is_none(tmp_path, damaged):
    place, result = tmp_path / "a.npz", np.random.default_rng(0).random((30, 20)) < 0.5
    keep(place, result)
    assert np.array_equal(read_kept(place), result) and read_kept(place).dtype == bool
    place.write_bytes(damaged(place.read_bytes()))
    assert read_kept(place) is None


def test_what_cannot_be_kept_is_told_and_ends_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.warns(UserWarning, match="a finished training is not kept .* cannot write"):
        found = train(Trainer(), tmp_path / "file")
    assert np.array_equal(found, train(Trainer(), None))
