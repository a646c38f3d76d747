"""The untrained model of a seed: made once, and anew only where what it is made from has changed."""

import shutil

import numpy as np
import pytest
import torch

from selip_core._utils import hashing
from selip_core.config import get_settings
from selip_core.pretraining.start import starting_model, take_templates_of, template_statistics
from tests.helpers.data import SHAPE
from tests.helpers.small_runs import tiny_pairs


def test_the_starting_model_is_made_once_and_is_the_same_for_a_seed(tmp_path):
    settings = get_settings(
        "smoke", text_encoder={"warm_start_steps": 2}, image_encoder={"width": 8}, preprocessing={"shape": SHAPE}
    )
    make = lambda folder, **extra: starting_model(  # noqa: E731
        settings, training=tiny_pairs(), seed=3, directory=tmp_path / folder, extra=extra, progress=False
    )
    first, again, twin = make("a", data="x"), make("a", data="x"), make("b", data="x")
    for name, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]) and torch.equal(value, twin.state_dict()[name])
    assert make("a", data="y").config["data"] == "y"


@pytest.mark.parametrize("templates", [True, False])
def test_the_templates_are_those_of_the_training_volumes(tmp_path, templates):
    settings = get_settings(
        "smoke", text_encoder={"warm_start_steps": 0}, image_encoder={"width": 8, "templates": templates},
        preprocessing={"shape": SHAPE},
    )  # fmt: skip
    fingerprints = []
    for brighter in (0, 1):
        pairs = tiny_pairs()
        pairs.volumes[:] += brighter
        model = starting_model(
            settings, training=pairs, seed=3, directory=tmp_path / str(brighter), extra={}, progress=False
        )
        fingerprints.append(model.config["start_fingerprint"])
        if templates:
            expected = pairs.volumes.astype("float64").mean(0)
            expected = (expected + expected[..., ::-1]) / 2
            assert torch.allclose(model.image_encoder.templates.mean.double(), torch.from_numpy(expected), atol=1e-5)
    assert model.config["image_encoder"]["templates"] == (["T1"] if templates else [])
    assert (fingerprints[0] != fingerprints[1]) == templates  # without them no volume plays a part


def test_what_is_acquired_on_suspicion_has_no_template():
    pairs = tiny_pairs(36)
    pairs.sequences[:12], pairs.sequences[12:24], pairs.sequences[24:] = ["T1"] * 12, ["T1ce"] * 12, ["SWI"] * 12
    found = template_statistics(pairs)
    assert list(found) == ["SWI", "T1"]
    expected = pairs.volumes[:12, 0].astype("float64").mean(0)
    assert found["T1"][0] == pytest.approx((expected + expected[..., ::-1]) / 2, abs=1e-5)


def test_a_share_keeps_the_template_of_a_sequence_that_it_has_too_few_volumes_of(tmp_path):
    settings = get_settings(
        "smoke", text_encoder={"warm_start_steps": 0}, image_encoder={"width": 8}, preprocessing={"shape": SHAPE}
    )
    pairs = tiny_pairs(36)
    pairs.sequences[:18] = ["T2"] * 18
    model = starting_model(settings, training=pairs, seed=3, directory=tmp_path, extra={}, progress=False)
    before, fingerprint = model.image_encoder.templates.mean.clone(), model.config["start_fingerprint"]
    share = pairs.take(np.arange(14, 30))  # 4 of T2, 12 of T1
    take_templates_of(model, share)
    assert model.image_encoder.templates.names == ("T1", "T2")
    assert torch.equal(model.image_encoder.templates.mean[1], before[1])
    expected = torch.from_numpy(template_statistics(share)["T1"][0])
    assert torch.equal(model.image_encoder.templates.mean[0, 0], expected) and not torch.equal(expected, before[0, 0])
    assert model.config["start_fingerprint"] != fingerprint


def start(directory, warm_start_steps):
    settings = get_settings(
        "smoke", text_encoder={"warm_start_steps": warm_start_steps}, image_encoder={"width": 8},
        preprocessing={"shape": SHAPE},
    )  # fmt: skip
    model = starting_model(settings, training=tiny_pairs(), seed=3, directory=directory, extra={}, progress=False)
    return model.config["start_fingerprint"], (directory / "model.safetensors").stat().st_mtime_ns


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package of which the fingerprints are taken."""
    shutil.copytree(hashing._PACKAGE, tmp_path / "selip_core", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(hashing, "_PACKAGE", tmp_path / "selip_core")
    return tmp_path / "selip_core"


@pytest.mark.parametrize(
    ("warm_start_steps", "edited", "anew"),
    [(0, "reports/lexicons/zh.yaml", False), (2, "reports/lexicons/zh.yaml", True), (0, "encoders/text.py", True),
     (0, "pretraining/untrained.py", True), (2, "pretraining/untrained.py", True),
     (0, "pretraining/warm_start.py", False), (2, "pretraining/warm_start.py", True), (2, "losses.py", False)],
)  # fmt: skip
def test_a_start_hangs_on_the_words_of_the_lexicon_only_where_it_is_warm(
    package, tmp_path, warm_start_steps, edited, anew
):
    first = start(tmp_path / "start", warm_start_steps)
    with open(package / edited, "a", encoding="utf-8") as file:
        file.write("\nX_Y_Z: 1\n" if edited.endswith(".yaml") else "\nX_Y_Z = 1\n")
    again = start(tmp_path / "start", warm_start_steps)
    assert ((again[0] != first[0]), (again[1] != first[1])) == (anew, anew)


def test_the_paper_profile_has_no_warm_start():
    """So that a radiologist's edit of zh.yaml, which README invites to, puts none of its runs aside."""
    steps = {profile: get_settings(profile).text_encoder.warm_start_steps for profile in ("smoke", "demo", "paper")}
    assert steps["paper"] == 0 < min(steps["smoke"], steps["demo"])
