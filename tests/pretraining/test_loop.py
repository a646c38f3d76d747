import dataclasses
import json
import shutil

import numpy as np
import pytest
import torch

from selip_core.encoders.model import SelipModel
from selip_core.errors import SelipError
from selip_core.pretraining.loop import Pretraining, plateau_exit, pretrain
from selip_core.pretraining.validation import sample_of_pairs, validate
from tests.helpers.small_runs import fresh_model, run, tiny_pairs, tiny_settings


@pytest.mark.parametrize("weight", [pytest.param(0.0, marks=pytest.mark.slow), 1.0])
def test_both_methods_learn_a_task_that_is_plain_to_see(tmp_path, weight, device):
    rates = {"learning_rate_image": 1e-3, "learning_rate_text": 1e-3}  # at 3e-3 rounding decides how far they come
    _, done = run(tmp_path, weight, device=device, steps=250, validate_every=250, **rates)
    assert done.validations["recall_at_10"].iloc[-1] > 0.9
    assert done.validations["mean_reciprocal_rank"].iloc[-1] > 0.6
    assert done.steps["clip"].tail(10).mean() < 0.65 * np.log(8)


@pytest.mark.parametrize("stop", [4, 7, 11])
def test_a_killed_run_ends_with_the_weights_of_the_uninterrupted_one(tmp_path, monkeypatch, stop):
    whole, _ = run(tmp_path / "whole", augment=True)

    original = Pretraining._train_step

    def killed(self, *args):
        if self.step == stop:
            raise KeyboardInterrupt
        return original(self, *args)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("selip_core.pretraining.loop.Pretraining._train_step", killed)
        run(tmp_path / "cut", augment=True)
    torch.rand(7)  # whatever a new kernel has done to the global generator must not matter
    resumed, done = run(tmp_path / "cut", model=fresh_model(seed=99), augment=True)
    assert len(done.steps) == 12 and done.steps["step"].tolist() == list(range(1, 13))
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_a_finished_run_is_not_trained_again(tmp_path, device):
    first, _ = run(tmp_path, device=device)
    again, done = run(tmp_path, model=fresh_model(seed=5), device=device)
    assert torch.equal(first.image_projection.weight, again.image_projection.weight)
    assert len(done.steps) == 12


@pytest.mark.parametrize("change", ["text", "setting", "weight", "seed", "code", "cohort"])
def test_a_checkpoint_of_another_run_is_put_aside(tmp_path, monkeypatch, capsys, change):
    run(tmp_path / "m")
    pairs, model, seed = tiny_pairs(), fresh_model(), 0
    changes = {"setting": {"learning_rate_image": 1e-3}, "weight": {"soft_target_weight": 0.5}}.get(change, {})
    if change == "text":
        pairs = dataclasses.replace(pairs, findings=[*pairs.findings[:-1], pairs.findings[0]])
    elif change == "seed":
        seed = 1
    elif change == "code":
        monkeypatch.setattr("selip_core.pretraining.loop.code_fingerprint", lambda *names: "other")
    elif change == "cohort":
        model.config["cohort_fingerprint"] = "other"
    old = (tmp_path / "m" / "last" / "state.json").read_text()
    both = {"train": pairs, "validation": pairs}
    done = pretrain(model, both, tiny_settings(**changes), tmp_path / "m", seed=seed, progress=False)
    assert len(done.steps) == 12 and "starting from nothing" in capsys.readouterr().out
    assert (tmp_path / "m.previous-1" / "last" / "state.json").read_text() == old


def test_a_finished_run_outlives_any_number_of_changes(tmp_path, monkeypatch):
    run(tmp_path / "m")
    finished = (tmp_path / "m" / "last" / "state.json").read_text()
    for code in ("second", "third", "fourth"):
        monkeypatch.setattr("selip_core.pretraining.loop.code_fingerprint", lambda *names, code=code: code)
        run(tmp_path / "m", steps=4)
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["m", "m.previous-1", "m.previous-2", "m.previous-3"]
    assert (tmp_path / "m.previous-1" / "last" / "state.json").read_text() == finished


def test_clip_and_selip_differ_only_by_the_soft_targets(tmp_path):
    clip, first = run(tmp_path / "clip", 0.0)
    selip, second = run(tmp_path / "selip", 1.0)
    assert first.steps["clip"].iloc[0] == second.steps["clip"].iloc[0]
    assert not torch.equal(clip.image_projection.weight, selip.image_projection.weight)


def test_the_best_model_is_kept_and_loads(tmp_path, device):
    _, done = run(tmp_path, device=device)
    best = SelipModel.from_pretrained(tmp_path / "best", device=device)
    pairs = tiny_pairs()
    score = validate(best, pairs, sample_of_pairs(pairs, 8), 8)["mean_reciprocal_rank"]
    assert score == pytest.approx(done.validations["mean_reciprocal_rank"].max(), abs=1e-6)


def test_a_run_is_continued_on_another_device(tmp_path, device):
    """What a checkpoint holds lies on no device; the optimiser's moments go where its weights are."""
    run(tmp_path, steps=12)
    shutil.rmtree(tmp_path / "last")  # what is left is the checkpoint of step 8
    _, done = run(tmp_path, model=fresh_model(seed=9), device=device, steps=12)
    assert done.steps["step"].tolist() == list(range(1, 13))
    state = done.optimizer.state.values()
    assert state and all(moments["exp_avg"].device.type == device for moments in state)


@pytest.mark.parametrize("trained", [True, False])
def test_the_temperature_trains_or_is_fixed(tmp_path, trained, device):
    model, _ = run(tmp_path, device=device, train_logit_scale=trained)
    assert (model.logit_scale.item() != pytest.approx(1 / 0.07, rel=1e-6)) is trained


def test_mirrored_pairs_carry_the_mirrored_text(tmp_path, device):
    pairs = tiny_pairs()
    settings = tiny_settings(flip=True, augment=False)
    made = Pretraining(fresh_model().to(device), {"train": pairs, "validation": pairs}, settings, tmp_path)
    rows, flips = np.arange(8), np.arange(8) % 2 == 1
    volumes, ids = made._batch(rows, flips, made._load((rows, flips)))
    for row, flipped, volume, i in zip(rows, flips, volumes, ids, strict=True):
        raw = pairs.load(np.array([row]))[0]
        assert volume.device.type == device
        assert torch.equal(volume.cpu(), raw.flip(-1) if flipped else raw)
        text = pairs.texts[row]
        expected = text.translate(str.maketrans("左右", "右左")) if flipped else text
        assert made.texts[i] == expected


def test_a_loss_that_is_not_finite_stops_with_a_message(tmp_path):
    pairs = tiny_pairs()
    broken = dataclasses.replace(pairs, volumes=np.full_like(pairs.volumes, np.nan))
    with pytest.raises(SelipError, match="not finite at step 0"):
        pretrain(fresh_model(), {"train": broken, "validation": pairs}, tiny_settings(), tmp_path, progress=False)


def test_plateau_exit_is_the_first_step_clearly_under_chance():
    losses = np.full(100, np.log(32))
    assert plateau_exit(losses, 32) is None
    losses[50:] = 0.5 * np.log(32)
    assert plateau_exit(losses, 32) == 53  # 3 of 25 values at half: mean 0.94 ln(batch)


def test_a_checkpoint_says_how_it_was_computed_and_the_steps_how_long_they_took(tmp_path):
    _, done = run(tmp_path, chunk_size=3)
    state = json.loads((tmp_path / "last" / "state.json").read_text())
    assert state["execution"]["chunk_size"] == 3 and state["processes"] == 1
    assert (done.steps["seconds"] > 0).all() and done.steps.columns[-1] == "seconds"
    again, done = run(tmp_path, model=fresh_model(seed=5), chunk_size=None)  # computed otherwise, the same run
    assert done.steps["step"].tolist() == list(range(1, 13))
