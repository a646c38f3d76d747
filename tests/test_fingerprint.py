"""Fingerprints change with what they stand for, and with nothing else."""

import shutil

import pytest
import torch

from selip_core import fingerprint


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of four modules: a imports b in a function, b imports c as a name; d stands alone."""
    folder = tmp_path / "selip_core"
    folder.mkdir()
    texts = {
        "a": "def f():\n    from selip_core.b import g\n",
        "b": "from selip_core import c\n",
        "c": "X = 1\n",
        "d": "Y = 1\n",
    }
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(fingerprint, "_PACKAGE", folder)
    return folder


def test_the_digest_of_weights_sees_every_bit_of_every_dtype(tiny_model):
    seen = {fingerprint.weights_digest(tiny_model), fingerprint.weights_digest(tiny_model.bfloat16())}
    with torch.no_grad():
        tiny_model.log_logit_scale.mul_(1.01)
    assert len(seen | {fingerprint.weights_digest(tiny_model)}) == 3


@pytest.mark.parametrize("module", ["a", "b", "c"])
def test_code_fingerprint_follows_imports(package, module):
    before = fingerprint.code_fingerprint("a")
    with open(package / f"{module}.py", "a", encoding="utf-8") as file:
        file.write("Z = 2\n")
    assert fingerprint.code_fingerprint("a") != before


def test_code_fingerprint_ignores_comments_and_other_modules(package):
    before = fingerprint.code_fingerprint("a")
    (package / "c.py").write_text("# why\nX = 1\n", encoding="utf-8")
    (package / "d.py").write_text("Y = 2\n", encoding="utf-8")
    assert fingerprint.code_fingerprint("a") == before


def test_package_text_follows_every_file(package):
    before = fingerprint.package_text()
    (package / "d.py").write_text("Y = 2\n", encoding="utf-8")
    assert fingerprint.package_text() != before


def test_pretraining_depends_on_its_loss_and_not_on_figures(tmp_path, monkeypatch):
    shutil.copytree(fingerprint._PACKAGE, tmp_path / "selip_core")
    monkeypatch.setattr(fingerprint, "_PACKAGE", tmp_path / "selip_core")
    before = fingerprint.code_fingerprint("training")
    for name, changes in {"figures": False, "losses": True}.items():
        path = tmp_path / "selip_core" / f"{name}.py"
        path.write_text(path.read_text(encoding="utf-8") + "\nX = 1\n", encoding="utf-8")
        assert (fingerprint.code_fingerprint("training") != before) is changes
