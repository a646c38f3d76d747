"""Several pretraining runs: each trained once, a share by its own patients alone, side by side as one by one."""

from dataclasses import replace

import pandas as pd
import pytest
import torch

from selip_core._utils import side_by_side
from selip_core.config import get_settings
from selip_core.encoders.model import SelipModel
from selip_core.errors import SelipError
from selip_core.pretraining.methods import VARIANTS, run_folder
from selip_core.pretraining.runs import Plan, run_plan, run_plans, run_table, share_of, shares_that_train
from selip_core.pretraining.start import starting_model
from tests.helpers.data import SHAPE
from tests.helpers.small_runs import fresh_model, tiny_pairs, tiny_settings


def plan(folder, variant, fraction=1.0):
    settings = VARIANTS[variant].settings(tiny_settings())
    return Plan(variant, 4, fraction, settings, run_folder(folder / "own", variant, 4))


def test_a_run_is_trained_once_and_variants_differ(tmp_path):
    start = fresh_model().save_pretrained(tmp_path / "start")
    pairs, cpu = tiny_pairs(), torch.device("cpu")
    made = {name: plan(tmp_path, name) for name in ("SeLIP", "label smoothing")}
    steps, validations = run_plan(made["SeLIP"], start, pairs, pairs, device=cpu)
    smooth, _ = run_plan(made["label smoothing"], start, pairs, pairs, device=cpu)
    assert steps["clip"].iloc[0] == smooth["clip"].iloc[0] and steps["clip"].iloc[-1] != smooth["clip"].iloc[-1]
    assert set(validations["variant"]) == {"SeLIP"} and {"loss", "train_loss"} <= set(validations)
    assert (validations["training_patients"] == 48).all() and (steps["batch_size"] == 8).all()
    written = (made["SeLIP"].directory / "last" / "state.json").stat().st_mtime_ns
    again, _ = run_plan(made["SeLIP"], start, pairs, pairs, device=cpu)
    pd.testing.assert_frame_equal(steps, again)
    assert (made["SeLIP"].directory / "last" / "state.json").stat().st_mtime_ns == written
    shared = replace(made["SeLIP"], shared=True)
    pd.testing.assert_frame_equal(steps, run_plan(shared, start, pairs, pairs, device=cpu)[0])
    with pytest.raises(SelipError, match="run 04_pretraining again"):
        other = replace(shared, settings=tiny_settings(learning_rate_image=1e-3))
        run_plan(other, start, pairs, pairs, device=cpu)
    assert (made["SeLIP"].directory / "last" / "state.json").stat().st_mtime_ns == written


def started(folder, pairs):
    settings = get_settings(
        "smoke", text_encoder={"warm_start_steps": 0}, image_encoder={"width": 8}, preprocessing={"shape": SHAPE}
    )
    starting_model(settings, training=pairs, seed=4, directory=folder, extra={}, progress=False)
    return folder


def test_a_volume_of_a_patient_outside_the_share_plays_no_part_in_its_run(tmp_path):
    own = plan(tmp_path, "CLIP", fraction=0.5)
    pairs, validation, runs = tiny_pairs(), tiny_pairs(16, seed=1), []
    inside = set(share_of(pairs, own.fraction, own.seed).patients)
    outside = [i for i, patient in enumerate(pairs.patients) if patient not in inside]
    for name in ("clean", "spoiled"):
        if name == "spoiled":
            pairs.volumes[outside] += 5
        start = started(tmp_path / name, pairs)
        own = replace(own, directory=tmp_path / f"run of {name}")
        steps, _ = run_plan(own, start, pairs, validation, device=torch.device("cpu"))
        runs.append((SelipModel.from_pretrained(start), SelipModel.from_pretrained(own.directory / "best"), steps))
    starts, models, steps = zip(*runs, strict=True)
    assert not torch.equal(*(m.image_encoder.templates.mean for m in starts))
    assert all(torch.equal(value, models[1].state_dict()[name]) for name, value in models[0].state_dict().items())
    assert steps[0]["loss"].equals(steps[1]["loss"])
    assert models[0].config["start_fingerprint"] != starts[0].config["start_fingerprint"]


def test_a_share_without_two_sentences_to_tell_apart_is_left_out_for_all(tmp_path):
    pairs = tiny_pairs()
    assert shares_that_train(pairs, (0.5,), [0], flip=True) == ((0.5,), [])
    normal = replace(pairs, findings=[()] * len(pairs))
    kept, said = shares_that_train(normal, (0.25, 0.5), [0, 1], flip=False)
    assert kept == () and said[0].startswith("0.25 of the training patients have fewer than two sentences")


@pytest.mark.slow
def test_runs_side_by_side_end_as_they_do_one_after_the_other(tmp_path, monkeypatch):
    start, pairs = fresh_model().save_pretrained(tmp_path / "start"), tiny_pairs()
    found = []
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    for least in (10**9, 1):  # all in this process, then in others
        monkeypatch.setattr(side_by_side, "LEAST_STEPS", least)
        plans = [plan(tmp_path / str(least), name) for name in ("CLIP", "SeLIP")]
        steps, validations = run_plans(plans, {4: start}, pairs, pairs, device=torch.device("cpu"))
        found.append((steps.drop(columns="seconds"), validations))
    assert found[0][0]["variant"].tolist() == ["CLIP"] * 12 + ["SeLIP"] * 12
    for one_by_one, beside in zip(*found, strict=True):
        pd.testing.assert_frame_equal(one_by_one, beside, rtol=1e-4)


def test_what_was_kept_early_can_be_seen():
    steps = pd.DataFrame({
        "variant": "CLIP", "seed": [0, 0, 1, 1], "fraction": 0.5, "clip": 1.0, "accuracy": [0.1, 0.9, 0.2, 0.4],
        "logit_scale": [14, 15, 14, 16], "batch_size": 8, "seconds": 30,
    })  # fmt: skip
    validations = pd.DataFrame(
        [("CLIP", s, 0.5, step, 0.1 * step, 0.3 / step) for s in (0, 1) for step in (1, 2)],
        columns=["variant", "seed", "fraction", "step", "recall_at_10", "mean_reciprocal_rank"],
    ).assign(training_patients=50, constant_at_10=0.15, chance_at_10=0.05)
    row = run_table(steps, validations).iloc[1]
    assert (row["seed"], row["steps"], row["kept at"], row["end, logit scale"]) == (1, 2, 1, 16)
    assert (row["kept, MRR"], row["end, MRR"]) == (0.3, 0.15) and row["end, in-batch accuracy"] == pytest.approx(0.3)
    assert (row["kept, recall@10"], row["constant answer"], row["chance"], row["minutes"]) == (0.1, 0.15, 0.05, 1)
