import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from selip_core import pretrain
from selip_core.config import get_settings
from selip_core.errors import SelipError
from selip_core.pipeline.inputs import model_origin, pretraining_pairs
from tests.helpers.data import SHAPE
from tests.helpers.places import ROOT
from tests.helpers.small_runs import tiny_pairs


def small(profile, **overrides):
    changes = {"steps": 4, "validate_every": 2, "batch_size": 8, "flip": False, **overrides.get("pretraining", {})}
    return get_settings(profile, pretraining=changes, preprocessing={"shape": SHAPE},
                        text_encoder={"warm_start_steps": 0, "max_tokens": 32})  # fmt: skip


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose two earlier notebooks have run."""
    cache = SimpleNamespace(preprocessing_fingerprint="p", cohort_fingerprint="c")
    pairs = {"train": tiny_pairs(), "validation": tiny_pairs(seed=1)}
    monkeypatch.setenv("SELIP_ROOT", str(tmp_path))
    monkeypatch.setattr(pretrain, "get_settings", small)
    monkeypatch.setattr(pretrain, "finished_upstream", lambda name, **_: (tmp_path / name, {}))
    monkeypatch.setattr("selip_core.pipeline.inputs.pretraining_pairs", lambda curation, findings: (cache, pairs))
    return tmp_path


def test_a_run_goes_where_the_notebook_looks_and_is_trained_once(project):
    done = pretrain.train_run(pretrain.parse(["--profile", "smoke", "--device", "cpu", "--chunk-size", "3"]))
    models = project / "results" / "smoke" / "04_pretraining" / "models"
    assert done.directory == models / "SeLIP_seed0" and done.settings.chunk_size == 3
    assert (models / "SeLIP_seed0" / "best" / "model.safetensors").exists()
    assert (models / "start_seed0" / "config.json").exists()
    written = (models / "SeLIP_seed0" / "last" / "state.json").stat().st_mtime_ns
    again = pretrain.train_run(pretrain.parse(["--profile", "smoke", "--device", "cpu"]))  # other chunks, the same run
    assert (models / "SeLIP_seed0" / "last" / "state.json").stat().st_mtime_ns == written
    assert again.steps.equals(done.steps)


def test_the_weight_of_the_soft_targets_is_the_methods(project):
    options = ["--profile", "smoke", "--device", "cpu", "--method"]
    assert pretrain.train_run(pretrain.parse([*options, "CLIP"])).settings.soft_target_weight == 0
    assert pretrain.train_run(pretrain.parse([*options, "SeLIP"])).settings.soft_target_weight == 1


LAUNCHED = {"ACCELERATE_USE_CPU": "True", "ACCELERATE_MIXED_PRECISION": "no"}
"""What ``accelerate launch --cpu`` leaves in the environment of the process that it starts."""


def clear(monkeypatch):
    for name in (*LAUNCHED, "MASTER_PORT", "MASTER_ADDR", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)


def test_a_launcher_that_starts_one_process_of_several_is_an_error(project, monkeypatch):
    clear(monkeypatch)
    for name, value in {**LAUNCHED, "MASTER_PORT": "29500"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SelipError, match="asked for several processes.* --multi_gpu .*torchrun.* leave accelerate"):
        pretrain.train_run(pretrain.parse(["--profile", "smoke", "--device", "cpu"]))
    assert not (project / "results").exists()


@pytest.mark.parametrize(
    "given", [LAUNCHED, {"MASTER_PORT": "29500"}, {"ACCELERATE_USE_CPU": "True", "MASTER_PORT": "29500"},
              {**LAUNCHED, "ACCELERATE_USE_CPU": "False", "MASTER_PORT": "29500"}],
    ids=["of one process", "a port of the cluster's", "the user's own variables", "on a GPU"],
)  # fmt: skip
def test_a_run_that_is_meant_to_be_alone_is_not_stopped(project, monkeypatch, given):
    clear(monkeypatch)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    pretrain.train_run(pretrain.parse(["--profile", "smoke", "--device", "cpu"]))
    assert (project / "results/smoke/04_pretraining/models/SeLIP_seed0/best").is_dir()


@pytest.mark.slow
def test_accelerate_launch_still_says_so_in_the_environment(tmp_path):
    """What `pretrain` knows of it is nowhere promised."""
    script = tmp_path / "told.py"
    script.write_text("from selip_core import pretrain\nprint(pretrain._several_were_asked_for())\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MASTER", "ACCELERATE"))}
    for count, several in (("1", "False"), ("2", "True")):
        launch = ["-m", "accelerate.commands.launch", "--cpu", "--num_machines", "1", "--num_processes", count]
        given = [*launch, "--mixed_precision", "no", "--dynamo_backend", "no", script]
        told = subprocess.run(
            [sys.executable, *given], capture_output=True, text=True, timeout=120,
            env={**environment, "PYTHONPATH": str(ROOT), "HF_HOME": str(tmp_path)},
        )  # fmt: skip
        assert told.stdout.split() == [several], told.stderr


def test_a_repeat_that_the_profile_does_not_have_is_an_error(project):
    with pytest.raises(SelipError, match=r"--repeat 1: profile smoke has 1 seed\(s\)"):
        pretrain.train_run(pretrain.parse(["--profile", "smoke", "--repeat", "1"]))


def test_every_way_of_computing_a_step_is_an_option():
    options = pretrain.parse(
        ["--chunk-size", "2", "--channels-last", "--compile", "--checkpointing", "--prefetch", "1"]
    )
    assert (options.chunk_size, options.channels_last, options.prefetch) == (2, True, 1)
    assert options.compile and options.checkpointing
    assert not hasattr(pretrain.parse([]), "compile")  # what is not given is the profile's


def test_pairs_are_those_of_the_split(tmp_path, monkeypatch):
    index = pd.DataFrame({"row": [0, 1, 2], "patient_id": ["A", "B", "C"], "study_id": ["1", "2", "3"],
                          "sequence": ["T1"] * 3})  # fmt: skip
    cache = SimpleNamespace(volumes=None, index=index, preprocessing_fingerprint="p", cohort_fingerprint="c")
    monkeypatch.setattr("selip_core.pipeline.inputs.open_cache", lambda folder: cache)
    split = {"patient_id": ["A", "B", "C"], "split": ["train", "validation", "test"]}
    pd.DataFrame(split).to_csv(tmp_path / "splits.csv", index=False)
    sentences = [f"在脑桥表现为{look}信号" for look in "长短等"]
    said = {"study_id": ["1", "2", "3"], "sequence": ["T1"] * 3, "sentence": sentences}
    pd.DataFrame(said).to_csv(tmp_path / "sentences.csv", index=False)
    found, pairs = pretraining_pairs(tmp_path, tmp_path)
    assert {name: part.texts for name, part in pairs.items()} == {
        "train": ["在脑桥表现为长信号"], "validation": ["在脑桥表现为短信号"],
    }  # fmt: skip
    assert model_origin(found, get_settings("smoke"), "a test")["cohort_fingerprint"] == "c"


def test_what_cannot_be_trained_on_is_told_before_the_warm_start(project, monkeypatch):
    def told_too_late(*_, **__):
        pytest.fail("warmed up before it was told")

    monkeypatch.setattr("selip_core.pretraining.start.starting_model", told_too_late)
    one = tiny_pairs().take(np.array([0]))
    pairs = {"train": one, "validation": one}
    monkeypatch.setattr("selip_core.pipeline.inputs.pretraining_pairs", lambda *_: (None, pairs))
    with pytest.raises(SelipError, match=r"the training patients have 1 distinct sentence\(s\)"):
        pretrain.train_run(pretrain.parse(["--profile", "smoke", "--device", "cpu"]))
    assert pretrain.main(["--profile", "smoke", "--chunk-size", "0"]) == 2


@pytest.mark.parametrize(
    ("splits", "said"),
    [(["train", "train"], "no validation patient has"), (["test", "validation"], "no training patient has")],
)
def test_a_side_without_a_pair_is_told_where_pairs_are_read(tmp_path, monkeypatch, splits, said):
    index = pd.DataFrame({"row": [0, 1], "patient_id": ["A", "B"], "study_id": ["1", "2"], "sequence": ["T1"] * 2})
    cache = SimpleNamespace(volumes=None, index=index)
    monkeypatch.setattr("selip_core.pipeline.inputs.open_cache", lambda folder: cache)
    pd.DataFrame({"patient_id": ["A", "B"], "split": splits}).to_csv(tmp_path / "splits.csv", index=False)
    text = {"study_id": ["1", "2"], "sequence": ["T1"] * 2, "sentence": ["在脑桥表现为长信号", "在脑桥表现为短信号"]}
    pd.DataFrame(text).to_csv(tmp_path / "sentences.csv", index=False)
    with pytest.raises(SelipError, match=said):
        pretraining_pairs(tmp_path, tmp_path)
